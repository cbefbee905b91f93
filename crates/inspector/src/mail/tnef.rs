//! TNEF, Outlook's `winmail.dat` ([MS-OXTNEF]).

use crate::kinds::Kind;
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
/// Longest name among properties, and how many of them.
const MOST_NAME: usize = 4096;
const MOST_NAMES: usize = 8;
/// Longest block of MAPI properties that is looked into.
const LONGEST_PROPERTIES: u64 = 32 << 20;
/// Before the content of an object property there is the class of its interface.
const CLASS: usize = 16;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let head = stream.array::<6>(TRUNCATED)?;
    if double(&head, 0) != SIGNATURE {
        return Err(Fault::Damaged(DAMAGED));
    }
    let mut attachment = Attachment::default();
    while !stream.at_end()? {
        let head = stream.array::<9>(TRUNCATED)?;
        let (attribute, length) = (double(&head, 1), u64::from(double(&head, 5)));
        match attribute {
            RENDER => {
                attachment = Attachment {
                    number: attachment.number + 1,
                    ..Attachment::default()
                };
                stream.skip(length, TRUNCATED)?;
            }
            TITLE if length <= LONGEST_TITLE => {
                let bytes = stream.bytes(usize::try_from(length).unwrap_or(0), TRUNCATED)?;
                attachment.title = Some(text(&bytes));
            }
            DATA => {
                let member = place.member(&attachment.name());
                walk.check_depth(&member)?;
                let mut window = Window::new(stream, length);
                let kind = walk.object(&member, &mut Stream::new(&mut window, Watch::new()))?;
                window.finish(TRUNCATED)?;
                attachment.data = Some((kind, length));
                attachment.judge_names(walk, place);
            }
            ATTACHMENT | MESSAGE => {
                if length > LONGEST_PROPERTIES {
                    return Err(Fault::Limit(Limit::Memory));
                }
                let _lease = walk.budget().lease(length)?;
                let block = read(stream, length)?;
                let mut body = Attachment::default();
                let of = if attribute == MESSAGE {
                    body.title = Some("body".to_owned());
                    &mut body
                } else {
                    &mut attachment
                };
                if properties(walk, place, of, &block)?.is_none() {
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

/// What is known of the attachment that is being read.
#[derive(Default)]
struct Attachment {
    number: u32,
    title: Option<String>,
    /// Its names among its properties, which come before or behind its content.
    names: Vec<String>,
    data: Option<(&'static Kind, u64)>,
}

impl Attachment {
    fn name(&self) -> String {
        let known = self.title.as_ref().or(self.names.first());
        known.map_or_else(|| format!("attachment-{}", self.number), Clone::clone)
    }

    /// Judges the names that are known by now, once there is content under them.
    fn judge_names(&mut self, walk: &mut Walk<'_>, place: &Place) {
        let Some((kind, size)) = self.data else {
            return;
        };
        let title = self.name();
        for name in self.names.drain(..).filter(|name| *name != title) {
            walk.judge_name(kind, &place.member(&name), size);
        }
    }
}

/// Walks the values of a block of MAPI properties that may hold files or their names; none
/// when the block can't be read to its end.
fn properties(
    walk: &mut Walk<'_>,
    place: &Place,
    attachment: &mut Attachment,
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
        if property.width > 0 {
            let length = property.width.saturating_mul(property.count as usize);
            if reader.take(length).is_none() {
                return Ok(None);
            }
            continue;
        }
        for _ in 0..property.count {
            let Some(bytes) = reader.long() else {
                return Ok(None);
            };
            if value(walk, place, attachment, &property, bytes)?.is_none() {
                return Ok(None);
            }
        }
        walk.budget().check_time()?;
    }
    attachment.judge_names(walk, place);
    Ok(Some(()))
}

fn value(
    walk: &mut Walk<'_>,
    place: &Place,
    attachment: &mut Attachment,
    property: &Property,
    bytes: &[u8],
) -> Result<Option<()>, Fault> {
    let name = attachment.name();
    match property.id {
        0x3701 => {
            let content = if property.kind == 0x000d {
                bytes.get(CLASS..).unwrap_or_default()
            } else {
                bytes
            };
            let kind = object(walk, &place.member(&name), content)?;
            attachment.data = Some((kind, content.len() as u64));
        }
        0x3704 | 0x3707 if bytes.len() <= MOST_NAME && attachment.names.len() < MOST_NAMES => {
            let name = if property.kind == 0x001f {
                wide_text(bytes)
            } else {
                text(bytes)
            };
            attachment.names.push(name);
        }
        0x3704 | 0x3707 => return Ok(None),
        0x1009 => match crate::content::unpack_rtf(bytes, walk.budget())? {
            Some(text) => drop(object(walk, &place.unnamed(&format!("{name}.rtf")), &text)?),
            None => return Ok(None),
        },
        0x1000 => drop(object(walk, &place.unnamed(&format!("{name}.txt")), bytes)?),
        0x1013 => drop(object(
            walk,
            &place.unnamed(&format!("{name}.html")),
            bytes,
        )?),
        _ => {}
    }
    Ok(Some(()))
}

fn object(walk: &mut Walk<'_>, place: &Place, mut content: &[u8]) -> Result<&'static Kind, Fault> {
    walk.check_depth(place)?;
    walk.object(place, &mut Stream::new(&mut content, Watch::new()))
}

/// What stands before the values of a property.
struct Property {
    id: u32,
    kind: u32,
    /// Length of each value; 0 when each says its own.
    width: usize,
    count: u32,
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

    fn property(&mut self) -> Option<Property> {
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
        Some(Property {
            id,
            kind,
            width,
            count,
        })
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

fn wide_text(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter();
    let units = units.map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}
