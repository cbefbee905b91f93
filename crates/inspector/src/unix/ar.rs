//! ar: members of 60-byte headers, with the long names of GNU and BSD (System V ABI, ar(5)).

use crate::names;
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "ar-truncated";
const DAMAGED: &str = "ar-damaged-header";
const MAGIC: &[u8; 8] = b"!<arch>\n";
/// Longest table of long names that is read.
const LONGEST_TABLE: u64 = 60 << 10;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    if &stream.array::<8>(TRUNCATED)? != MAGIC {
        return Err(Fault::Damaged(DAMAGED));
    }
    let mut table = Vec::new();
    while !stream.at_end()? {
        let header = stream.array::<60>(TRUNCATED)?;
        if header[58..] != *b"`\n" {
            return Err(Fault::Ambiguous("ar-trailing-data"));
        }
        let size = decimal(&header[48..58]).ok_or(Fault::Damaged(DAMAGED))?;
        let raw = header[..16].trim_ascii_end();
        if raw == b"//" && size <= LONGEST_TABLE {
            let length = usize::try_from(size).unwrap_or(0);
            table = stream.bytes(length, TRUNCATED)?;
        } else {
            let (name, length) = name(raw, size, &table, stream)?;
            member(walk, &place.member(&name), &name, stream, length)?;
        }
        if size % 2 == 1 && !stream.at_end()? {
            stream.skip(1, TRUNCATED)?;
        }
    }
    Ok(())
}

fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    name: &str,
    stream: &mut Stream<'_>,
    length: u64,
) -> Result<(), Fault> {
    walk.check_depth(place)?;
    if names::escapes(name) && name != "/" && name != "/SYM64/" {
        walk.find_ambiguous("name-traversal", place, "");
    }
    let mut window = Window::new(stream, length);
    walk.object(place, &mut Stream::new(&mut window, Watch::new()))?;
    window.finish(TRUNCATED)?;
    Ok(())
}

/// The name of a member and the length of its content, which BSD's long names shorten.
fn name(
    raw: &[u8],
    size: u64,
    table: &[u8],
    stream: &mut Stream<'_>,
) -> Result<(String, u64), Fault> {
    if let Some(length) = raw.strip_prefix(b"#1/").and_then(decimal) {
        let left = size
            .checked_sub(length)
            .filter(|_| length <= LONGEST_TABLE)
            .ok_or(Fault::Damaged(DAMAGED))?;
        let bytes = stream.bytes(usize::try_from(length).unwrap_or(0), TRUNCATED)?;
        return Ok((text(&bytes), left));
    }
    if let Some(at) = raw.strip_prefix(b"/").and_then(decimal) {
        let rest = usize::try_from(at).ok().and_then(|at| table.get(at..));
        let rest = rest.ok_or(Fault::Damaged(DAMAGED))?;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let name = &rest[..end.unwrap_or(rest.len())];
        return Ok((text(name.strip_suffix(b"/").unwrap_or(name)), size));
    }
    let short = match raw {
        b"/" | b"/SYM64/" => raw,
        _ => raw.strip_suffix(b"/").unwrap_or(raw),
    };
    Ok((text(short), size))
}

fn text(name: &[u8]) -> String {
    let end = name.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&name[..end.unwrap_or(name.len())]).into_owned()
}

fn decimal(field: &[u8]) -> Option<u64> {
    std::str::from_utf8(field.trim_ascii_end())
        .ok()
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?
        .parse()
        .ok()
}
