//! 7z (7zFormat.txt of the LZMA SDK): solid or not, all usual methods, encrypted or not.
//!
//! The archive's table of contents is at its end, so the file is read out of order. Packed
//! streams must fill the space between the two headers exactly; what no member unpacks to is
//! a finding.

mod sealed;

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use crate::bridge::{Unpacked, fault_of};
use crate::names;
use crate::pack::{lzma_model, lzma2_window};
use crate::report::{Engine, Level, Limit, Outcome};
use crate::seek::{Cursor, Seekable};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;
use sealed::Keys;

const DAMAGED: &str = "7z-damaged";
const START: u64 = 32;
/// Longest table of contents, packed or not.
const LONGEST_HEADER: u64 = 32 << 20;
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];
const LZMA: &[u8] = &[0x03, 0x01, 0x01];
const LZMA2: &[u8] = &[0x21];
const PPMD: &[u8] = &[0x03, 0x04, 0x01];
/// Tables and buffers of one decoder beside its window.
const OVERHEAD: u64 = 256 << 10;

/// Where the table of contents is.
struct Start {
    offset: u64,
    size: u64,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut whole = Seekable::of(walk.budget(), stream)?;
    let start = start(&mut whole)?;
    if start.size == 0 {
        // An archive of nothing is its start header.
        return if start.offset == 0 {
            Ok(())
        } else {
            Err(Fault::Ambiguous("7z-unused-data"))
        };
    }
    if start.size > LONGEST_HEADER {
        return Err(Fault::Limit(Limit::Memory));
    }
    let _lease = walk.budget().lease(2 * start.size)?;
    let header = header(&mut whole, &start)?;
    let mut source = Cursor::new(&mut whole);
    let mut keys = Keys::of(walk.passwords());
    let limit = kib(LONGEST_HEADER.min(walk.budget().memory_left()));
    let archive = match Archive::read_with_memory_limit(&mut source, &Password::empty(), limit) {
        Ok(archive) => archive,
        Err(_) if header.first() == Some(&0x17) && contains(&header, AES) => {
            let Some(archive) = keys.open_header(walk.budget(), &mut source, limit)? else {
                walk.find_encrypted("encrypted-7z-header", place);
                return Ok(());
            };
            archive
        }
        Err(error) => return Err(fault(error)),
    };
    check_layout(&archive, &header, &start)?;
    list_without_content(walk, place, &archive)?;
    for block in 0..archive.blocks.len() {
        read_block(walk, place, &archive, block, &mut source, &mut keys)?;
    }
    Ok(())
}

fn start(whole: &mut Seekable<'_, '_, '_>) -> Result<Start, Fault> {
    let fixed = whole.array_at::<32>(0, "7z-truncated")?;
    let number = |at: usize| {
        fixed[at..at + 8]
            .iter()
            .rev()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
    };
    let stated = u32::from_le_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]);
    if crc32fast::hash(&fixed[12..]) != stated {
        // Some programs would now guess where the table of contents is.
        return Err(Fault::Ambiguous("7z-damaged-start"));
    }
    let (offset, size) = (number(12), number(20));
    let end = START
        .checked_add(offset)
        .and_then(|at| at.checked_add(size));
    match end {
        Some(end) if end < whole.length() => Err(Fault::Ambiguous("7z-trailing-data")),
        Some(end) if end == whole.length() => Ok(Start { offset, size }),
        _ => Err(Fault::Damaged("7z-truncated")),
    }
}

fn header(whole: &mut Seekable<'_, '_, '_>, start: &Start) -> Result<Vec<u8>, Fault> {
    let mut header = vec![0; usize::try_from(start.size).unwrap_or(0)];
    whole.fill_at(START + start.offset, &mut header, DAMAGED)?;
    Ok(header)
}

/// Packed streams, and the packed table of contents if there is one, lie back to back.
fn check_layout(archive: &Archive, header: &[u8], start: &Start) -> Result<(), Fault> {
    let sizes = archive.pack_sizes().iter();
    let packed = sizes.fold(archive.pack_pos(), |sum, size| sum.saturating_add(*size));
    let fills = match header.split_first() {
        Some((0x17, info)) => packed_header(info)
            .is_some_and(|(at, size)| at == packed && at.saturating_add(size) == start.offset),
        _ => packed == start.offset,
    };
    if archive.pack_pos() != 0 || !fills {
        return Err(Fault::Ambiguous("7z-gap"));
    }
    Ok(())
}

/// Where the packed table of contents is: `PackInfo`, position, one stream, `Size`, size.
fn packed_header(info: &[u8]) -> Option<(u64, u64)> {
    let rest = info.strip_prefix(&[0x06])?;
    let (at, rest) = number(rest)?;
    let (1, rest) = number(rest)? else {
        return None;
    };
    let (size, _) = number(rest.strip_prefix(&[0x09])?)?;
    Some((at, size))
}

/// A number whose first byte says how many follow.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let more = first.leading_ones().min(8);
    let count = usize::try_from(more).ok()?;
    let (low, rest) = rest.split_at_checked(count)?;
    let value = low
        .iter()
        .rev()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let high = if more >= 7 {
        0
    } else {
        u64::from(*first & ((1 << (7 - more)) - 1)) << (8 * more)
    };
    Some((value | high, rest))
}

/// Directories and empty files, and members that no packed stream belongs to.
fn list_without_content(
    walk: &mut Walk<'_>,
    place: &Place,
    archive: &Archive,
) -> Result<(), Fault> {
    for (index, entry) in archive.files.iter().enumerate() {
        let member = place.member(&entry.name);
        walk.check_depth(&member)?;
        if names::escapes(&entry.name) {
            walk.find_ambiguous("name-traversal", &member, "");
        }
        if is_link(entry) {
            let level = Level::Medium;
            let outcome = Outcome::Suspicious { level };
            walk.find(Engine::Container, outcome, "link-member", &member, "");
        }
        let block = archive
            .stream_map
            .file_block_index
            .get(index)
            .copied()
            .flatten();
        if entry.has_stream && block.is_none() {
            return Err(Fault::Ambiguous("7z-member-without-data"));
        }
        if !entry.has_stream {
            walk.budget().count_object(member.depth)?;
        }
    }
    Ok(())
}

/// p7zip keeps the Unix mode in the upper half of the attributes.
fn is_link(entry: &ArchiveEntry) -> bool {
    let attributes = entry.windows_attributes;
    entry.has_windows_attributes && attributes & 0x8000 != 0 && attributes >> 28 == 0o12
}

fn read_block(
    walk: &mut Walk<'_>,
    place: &Place,
    archive: &Archive,
    index: usize,
    source: &mut Cursor<'_, '_, '_, '_>,
    keys: &mut Keys<'_>,
) -> Result<(), Fault> {
    let coders = &archive.blocks[index].coders;
    let budget = walk.budget();
    let limit = kib(budget.memory_left());
    let none = Password::empty();
    let block = BlockDecoder::new_with_memory_limit(1, limit, index, archive, &none, source);
    let members = block.entries().to_vec();
    if !members.iter().any(|entry| entry.has_stream) {
        return Err(Fault::Ambiguous("7z-unused-data"));
    }
    let windows = coders
        .iter()
        .map(|coder| OVERHEAD + window(coder.encoder_method_id(), coder.properties()))
        .sum();
    let _lease = budget.lease(windows)?;
    let (password, how) = if coders.iter().any(|coder| coder.encoder_method_id() == AES) {
        let Some((password, how)) = keys.open_block(budget, archive, index, source)? else {
            return sealed::list(walk, place, &members);
        };
        (password, Some(how))
    } else {
        (none, None)
    };
    let block = BlockDecoder::new_with_memory_limit(1, limit, index, archive, &password, source);
    let mut stopped = None;
    let read = block.for_each_entries(&mut |entry, reader| {
        let mut content = Unpacked::new(reader, budget, DAMAGED);
        let member = Place {
            opened: how,
            ..place.member(&entry.name)
        };
        let read = walk.object(&member, &mut Stream::new(&mut content, Watch::new()));
        stopped = read.err();
        Ok(stopped.is_none())
    });
    match (stopped, read) {
        (Some(fault), _) => Err(fault),
        (None, Ok(_)) => Ok(()),
        (None, Err(error)) => match fault(error) {
            // One damaged block; others may be whole.
            Fault::Damaged(code) => {
                let outcome = Outcome::Unsupported;
                walk.find(Engine::Container, outcome, code, place, "");
                Ok(())
            }
            other => Err(other),
        },
    }
}

fn window(method: &[u8], properties: &[u8]) -> u64 {
    let stated = || match properties {
        [_, a, b, c, d, ..] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => 0,
    };
    match (method, properties) {
        (LZMA, [first, ..]) => stated() + lzma_model(*first),
        (PPMD, _) => stated(),
        (LZMA2, [size, ..]) => lzma2_window(*size),
        _ => 1 << 20,
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::MaxMemLimited { .. } => Fault::Limit(Limit::Memory),
        Error::Io(error, _) | Error::MaybeBadPassword(error) => fault_of(error, DAMAGED),
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) => {
            Fault::Damaged("7z-method-not-supported")
        }
        _ => Fault::Damaged(DAMAGED),
    }
}

fn kib(bytes: u64) -> usize {
    usize::try_from(bytes >> 10).unwrap_or(usize::MAX)
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find(bytes, mark).is_some()
}
