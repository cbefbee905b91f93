//! gzip (RFC 1952): any number of members, one after another, as one content.

use crate::inflate::Deflate;
use crate::kinds::{self, Kind};
use crate::limits::Budget;
use crate::pack::unpacked_name;
use crate::report::{Engine, Level, Outcome};
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "gzip-truncated";
const MAGIC: [u8; 2] = [0x1f, 0x8b];
const HEADER_CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// Walks a gzip file; its only member is what all its parts unpack to.
pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
) -> Result<&'static Kind, Fault> {
    let name = header(stream)?;
    let inner = place.member(&name.unwrap_or_else(|| unpacked_name(&place.name)));
    walk.check_depth(&inner)?;
    let budget = walk.budget();
    let deflate = Deflate::new(None);
    let mut members = Members {
        parent: stream,
        budget,
        deflate,
        ended: false,
        failed: None,
    };
    let mut content = Stream::new(&mut members, Watch::new());
    walk.object(&inner, &mut content)?;
    if members.failed.is_none() && !stream.at_end()? {
        walk.find(
            Engine::Container,
            Outcome::Suspicious { level: Level::High },
            "gzip-trailing-data",
            place,
            "",
        );
    }
    Ok(&kinds::GZIP)
}

/// Reads one member's header, and the name in it.
fn header(stream: &mut Stream<'_>) -> Result<Option<String>, Fault> {
    let fixed = stream.array::<10>(TRUNCATED)?;
    let flags = fixed[3];
    if fixed[..2] != MAGIC || fixed[2] != 8 || flags & RESERVED != 0 {
        return Err(Fault::Damaged("gzip-damaged-header"));
    }
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes(stream.array(TRUNCATED)?);
        stream.skip(u64::from(length), TRUNCATED)?;
    }
    let name = if flags & NAME == 0 {
        None
    } else {
        Some(text(stream)?)
    };
    if flags & COMMENT != 0 {
        text(stream)?;
    }
    if flags & HEADER_CHECKSUM != 0 {
        stream.skip(2, TRUNCATED)?;
    }
    Ok(name.filter(|name| !name.is_empty()))
}

/// Zero-terminated text of bounded length; Latin-1 by the standard, UTF-8 in practice.
fn text(stream: &mut Stream<'_>) -> Result<String, Fault> {
    let window = stream.peek(4096)?;
    let length = window
        .iter()
        .position(|byte| *byte == 0)
        .ok_or(Fault::Damaged("gzip-long-text"))?;
    let text = std::str::from_utf8(&window[..length]).map_or_else(
        |_| window[..length].iter().copied().map(char::from).collect(),
        str::to_owned,
    );
    stream.consume(length + 1);
    Ok(text)
}

/// The contents of all members; the first one's header is already read.
struct Members<'p, 's, 'b> {
    parent: &'p mut Stream<'s>,
    budget: &'b Budget,
    deflate: Deflate,
    ended: bool,
    failed: Option<&'static str>,
}

impl Members<'_, '_, '_> {
    /// Checks the trailer of the member that ended and begins the next one, if there is one.
    fn next_member(&mut self) -> Result<(), Fault> {
        let crc32 = u32::from_le_bytes(self.parent.array(TRUNCATED)?);
        let length = u32::from_le_bytes(self.parent.array(TRUNCATED)?);
        let member = std::mem::replace(&mut self.deflate, Deflate::new(None));
        let real = member.finish().ok_or(Fault::Damaged(TRUNCATED))?;
        if crc32 != real.crc32 || u64::from(length) != real.produced & u64::from(u32::MAX) {
            return Err(Fault::Damaged("gzip-wrong-checksum"));
        }
        if self.parent.peek(2)? == MAGIC {
            header(self.parent)?;
        } else {
            self.ended = true;
        }
        Ok(())
    }

    fn pull_member(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while !self.ended {
            let count = self.deflate.pull(self.parent, self.budget, buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.next_member()?;
            self.budget.check_time()?;
        }
        Ok(0)
    }
}

impl Feed for Members<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if let Some(code) = self.failed {
            return Err(Fault::Damaged(code));
        }
        let pulled = self.pull_member(buffer);
        if let Err(Fault::Damaged(code)) = pulled {
            self.failed = Some(code);
        }
        pulled
    }
}
