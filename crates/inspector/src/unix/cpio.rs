//! cpio: the "new" and "portable" ASCII formats and the old binary one (cpio(5)).

use crate::links::{From, Links};
use crate::names;
use crate::report::{Category, Engine, Level, Outcome};
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "cpio-truncated";
const DAMAGED: &str = "cpio-damaged-header";
const LAST: &str = "TRAILER!!!";
/// Longest name that is believed.
const LONGEST_NAME: u64 = 16 << 10;
const TYPE_MASK: u64 = 0o170_000;
const LINK: u64 = 0o120_000;
const DEVICES: [u64; 4] = [0o020_000, 0o060_000, 0o010_000, 0o140_000];

/// One header, and how what follows it is filled up.
struct Header {
    mode: u64,
    name_length: u64,
    size: u64,
    /// Padding after header and name, and after the content.
    name_padding: u64,
    padding: u64,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut links = Links::default();
    loop {
        let header = header(stream)?;
        if header.name_length == 0 || header.name_length > LONGEST_NAME {
            return Err(Fault::Damaged(DAMAGED));
        }
        let length = usize::try_from(header.name_length).unwrap_or(0);
        let name = stream.bytes(length, TRUNCATED)?;
        let name = String::from_utf8_lossy(name.split(|b| *b == 0).next().unwrap_or_default());
        stream.skip(header.name_padding, TRUNCATED)?;
        if name == LAST && header.size == 0 {
            if !follows(stream)? {
                return Ok(());
            }
            continue;
        }
        member(walk, &place.member(&name), stream, &header, &mut links)?;
        stream.skip(header.padding, TRUNCATED)?;
    }
}

/// Whether another archive follows, as in images of early user space; zeros may come before.
fn follows(stream: &mut Stream<'_>) -> Result<bool, Fault> {
    loop {
        let chunk = stream.chunk()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        let zeros = chunk.iter().take_while(|byte| **byte == 0).count();
        stream.consume(zeros);
        if zeros == 0 {
            break;
        }
    }
    match stream.peek(6)? {
        b"070701" | b"070702" | b"070707" => Ok(true),
        _ => Err(Fault::Ambiguous("cpio-trailing-data")),
    }
}

fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    header: &Header,
    links: &mut Links,
) -> Result<(), Fault> {
    walk.check_depth(place)?;
    // Package managers write every path from "./" on; "/" alone at the start is theirs too.
    if names::escapes(place.name.trim_start_matches('/')) {
        walk.find_ambiguous("name-traversal", place, "");
    }
    let file_type = header.mode & TYPE_MASK;
    let target = if file_type == LINK {
        Some(target(stream, header)?)
    } else {
        None
    };
    let stays = match &target {
        Some(target) => links.stays(&place.name, target, From::Folder),
        None => !links.leads_through(&place.name),
    };
    if !stays {
        let level = Level::Medium;
        let outcome = Outcome::Suspicious { level };
        walk.find(Engine::Container, outcome, "link-member", place, "");
    }
    if DEVICES.contains(&file_type) {
        let category = Category::DeceptiveName;
        let outcome = Outcome::PolicyHit { category };
        walk.find(Engine::Container, outcome, "device-member", place, "");
    }
    if header.size == 0 || target.is_some() {
        return walk.budget().count_object(place.depth);
    }
    let mut window = Window::new(stream, header.size);
    walk.object(place, &mut Stream::new(&mut window, Watch::new()))?;
    window.finish(TRUNCATED)?;
    Ok(())
}

/// Where a link leads: its content.
fn target(stream: &mut Stream<'_>, header: &Header) -> Result<String, Fault> {
    if header.size > LONGEST_NAME {
        return Err(Fault::Damaged(DAMAGED));
    }
    let length = usize::try_from(header.size).unwrap_or(0);
    let target = stream.bytes(length, TRUNCATED)?;
    Ok(String::from_utf8_lossy(&target).into_owned())
}

fn header(stream: &mut Stream<'_>) -> Result<Header, Fault> {
    match stream.peek(6)? {
        b"070701" | b"070702" => new_ascii(&stream.array::<110>(TRUNCATED)?),
        b"070707" => portable(&stream.array::<76>(TRUNCATED)?),
        [0xc7, 0x71, ..] => Ok(binary(&stream.array::<26>(TRUNCATED)?)),
        [] => Err(Fault::Damaged(TRUNCATED)),
        _ => Err(Fault::Damaged(DAMAGED)),
    }
}

fn new_ascii(bytes: &[u8; 110]) -> Result<Header, Fault> {
    let field = |index: usize| number(&bytes[6 + index * 8..14 + index * 8], 16);
    let (mode, size, name_length) = (field(1)?, field(6)?, field(11)?);
    let fill = |length: u64| (4 - length % 4) % 4;
    Ok(Header {
        mode,
        name_length,
        size,
        name_padding: fill(110 + name_length),
        padding: fill(size),
    })
}

fn portable(bytes: &[u8; 76]) -> Result<Header, Fault> {
    Ok(Header {
        mode: number(&bytes[18..24], 8)?,
        name_length: number(&bytes[59..65], 8)?,
        size: number(&bytes[65..76], 8)?,
        name_padding: 0,
        padding: 0,
    })
}

/// Words in the order of the machine that wrote them; here only the small-endian kind.
fn binary(bytes: &[u8; 26]) -> Header {
    let word = |at: usize| u64::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (name_length, size) = (word(20), word(22) << 16 | word(24));
    Header {
        mode: word(6),
        name_length,
        size,
        name_padding: name_length % 2,
        padding: size % 2,
    }
}

fn number(field: &[u8], radix: u32) -> Result<u64, Fault> {
    std::str::from_utf8(field)
        .ok()
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u64::from_str_radix(digits, radix).ok())
        .ok_or(Fault::Damaged(DAMAGED))
}
