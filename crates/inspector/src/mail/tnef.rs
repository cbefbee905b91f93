//! TNEF, Outlook's `winmail.dat` ([MS-OXTNEF]).

use crate::report::{Engine, Limit, Outcome};
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "tnef-truncated";
const DAMAGED: &str = "tnef-damaged";
const SIGNATURE: u32 = 0x223e_9f78;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800f;
const RENDER: u32 = 0x0006_9002;
const ATTACHMENT: u32 = 0x0006_9005;
const MESSAGE: u32 = 0x0006_9003;
/// Longest title that is believed.
const LONGEST_TITLE: u64 = 4096;
/// Longest block of MAPI properties that is looked into.
const LONGEST_PROPERTIES: u64 = 32 << 20;
/// Before the content of an object property there is the class of its interface.
const CLASS: usize = 16;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let head = stream.array::<6>(TRUNCATED)?;
    if double(&head, 0) != SIGNATURE {
        return Err(Fault::Damaged(DAMAGED));
    }
    let mut title = None;
    let mut number = 0;
    while !stream.at_end()? {
        let head = stream.array::<9>(TRUNCATED)?;
        let (attribute, length) = (double(&head, 1), u64::from(double(&head, 5)));
        match attribute {
            RENDER => {
                number += 1;
                title = None;
                stream.skip(length, TRUNCATED)?;
            }
            TITLE if length <= LONGEST_TITLE => {
                let bytes = stream.bytes(usize::try_from(length).unwrap_or(0), TRUNCATED)?;
                title = Some(text(&bytes));
            }
            DATA => {
                let name = title
                    .clone()
                    .unwrap_or_else(|| format!("attachment-{number}"));
                let member = place.member(&name);
                walk.check_depth(&member)?;
                let mut window = Window::new(stream, length);
                walk.object(&member, &mut Stream::new(&mut window, Watch::new()))?;
                window.finish(TRUNCATED)?;
            }
            ATTACHMENT | MESSAGE => {
                if length > LONGEST_PROPERTIES {
                    return Err(Fault::Limit(Limit::Memory));
                }
                let _lease = walk.budget().lease(length)?;
                let block = read(stream, length)?;
                let base = format!("attachment-{number}");
                let name = title.as_deref().unwrap_or(&base);
                let name = if attribute == MESSAGE { "body" } else { name };
                if properties(walk, place, name, &block)?.is_none() {
                    walk.find(Engine::Container, Outcome::Unsupported, DAMAGED, place, "");
                }
            }
            _ => stream.skip(length, TRUNCATED)?,
        }
        stream.skip(2, TRUNCATED)?;
    }
    Ok(())
}

fn read(stream: &mut Stream<'_>, length: u64) -> Result<Vec<u8>, Fault> {
    let mut block = Vec::new();
    let mut left = usize::try_from(length).unwrap_or(usize::MAX);
    while left > 0 {
        let some = stream.chunk()?;
        let count = some.len().min(left);
        if count == 0 {
            return Err(Fault::Damaged(TRUNCATED));
        }
        block.extend_from_slice(&some[..count]);
        stream.consume(count);
        left -= count;
    }
    Ok(block)
}

/// Walks the values of a block of MAPI properties that may hold files; none when the block
/// can't be read to its end.
fn properties(
    walk: &mut Walk<'_>,
    place: &Place,
    name: &str,
    block: &[u8],
) -> Result<Option<()>, Fault> {
    let mut reader = Reader { block, at: 0 };
    let Some(count) = reader.double() else {
        return Ok(None);
    };
    for _ in 0..count {
        let Some(property) = reader.property() else {
            return Ok(None);
        };
        for value in &property.values {
            match property.id {
                0x3701 => {
                    let content = if property.kind == 0x000d {
                        value.get(CLASS..).unwrap_or_default()
                    } else {
                        *value
                    };
                    object(walk, place, name, content)?;
                }
                0x1009 => match crate::content::unpack_rtf(value, walk.budget())? {
                    Some(text) => object(walk, place, &format!("{name}.rtf"), &text)?,
                    None => return Ok(None),
                },
                0x1000 => object(walk, place, &format!("{name}.txt"), value)?,
                0x1013 => object(walk, place, &format!("{name}.html"), value)?,
                _ => {}
            }
        }
        walk.budget().check_time()?;
    }
    Ok(Some(()))
}

fn object(walk: &mut Walk<'_>, place: &Place, name: &str, mut content: &[u8]) -> Result<(), Fault> {
    let member = place.member(name);
    walk.check_depth(&member)?;
    walk.object(&member, &mut Stream::new(&mut content, Watch::new()))
        .map(drop)
}

struct Property<'a> {
    id: u32,
    kind: u32,
    values: Vec<&'a [u8]>,
}

struct Reader<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.block.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    fn double(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| double(bytes, 0))
    }

    /// A value of stated length, filled up to a multiple of four.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.double()?).ok()?;
        let value = self.take(length)?;
        let padding = (4 - length % 4) % 4;
        // The very last one is not always filled up.
        self.at = (self.at + padding).min(self.block.len());
        Some(value)
    }

    fn property(&mut self) -> Option<Property<'a>> {
        let tag = self.double()?;
        let (kind, id) = (tag & 0x0fff, tag >> 16);
        if id >= 0x8000 {
            self.take(16)?;
            if self.double()? == 0 {
                self.take(4)?;
            } else {
                self.long()?;
            }
        }
        let several = tag & 0x1000 != 0;
        let width = match kind {
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => 4,
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
            0x0048 => 16,
            0x000d | 0x001e | 0x001f | 0x0102 => 0,
            _ => return None,
        };
        let count = if several || width == 0 {
            self.double()?
        } else {
            1
        };
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(if width == 0 {
                self.long()?
            } else {
                self.take(width)?
            });
        }
        Some(Property { id, kind, values })
    }
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).map_or_else(
        |_| bytes[..end].iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}
