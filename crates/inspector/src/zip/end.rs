//! The central directory and the end records.

use std::collections::BTreeMap;

use super::extra::Extra;
use super::local::{Record, name_key};
use super::{TRUNCATED, double, flag, quad, signature, word};
use crate::names;
use crate::report::{Category, Engine, Level, Outcome};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};

/// Unix file types in the external attributes.
const TYPE_MASK: u32 = 0o170_000;
const SYMLINK: u32 = 0o120_000;
const DEVICES: [u32; 4] = [0o020_000, 0o060_000, 0o010_000, 0o140_000];

/// What the central directory turned out to be.
struct Directory {
    entries: u64,
    /// What is added to all offsets: archives behind a program count from its start or their own.
    base: u64,
    start: u64,
    length: u64,
}

/// Reads the central directory, which must repeat `records` (by offset), and everything after
/// it, to the last byte.
pub fn read(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    mut records: BTreeMap<u64, Record>,
) -> Result<(), Fault> {
    let start = stream.position();
    let mut entries = 0;
    let base = base(stream.peek(46)?, place, &records);
    while stream.peek(4)? == signature::CENTRAL {
        entry(walk, place, stream, &mut records, base)?;
        entries += 1;
        walk.budget().check_time()?;
    }
    if !records.is_empty() {
        return Err(Fault::Ambiguous("zip-local-only-member"));
    }
    let length = stream.position() - start;
    end_records(
        stream,
        &Directory {
            entries,
            base,
            start: start + base,
            length,
        },
    )
}

/// From where the first entry counts its offset; the others must do the same.
fn base(first: &[u8], place: &Place, records: &BTreeMap<u64, Record>) -> u64 {
    let offset = first.get(42..46).map(|_| double(first, 42));
    match offset {
        Some(offset) if records.contains_key(&u64::from(offset)) => 0,
        Some(offset) if u64::from(offset) == place.base => place.base,
        _ => 0,
    }
}

fn entry(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    records: &mut BTreeMap<u64, Record>,
    base: u64,
) -> Result<(), Fault> {
    let fixed = stream.array::<46>(TRUNCATED)?;
    let name = stream.bytes(usize::from(word(&fixed, 28)), TRUNCATED)?;
    let extra = Extra::parse(&stream.bytes(usize::from(word(&fixed, 30)), TRUNCATED)?)?;
    stream.skip(u64::from(word(&fixed, 32)), TRUNCATED)?;
    let narrow = [double(&fixed, 24), double(&fixed, 20), double(&fixed, 42)];
    let [unpacked, packed, offset] = extra.widen(narrow)?;
    let central = Record {
        flags: word(&fixed, 8) & flag::MATTER,
        method: word(&fixed, 10),
        crc32: double(&fixed, 16),
        packed,
        unpacked,
        name: name_key(&name),
        aes: extra.aes,
    };
    let offset = offset.checked_sub(base);
    let Some(local) = offset.and_then(|offset| records.remove(&offset)) else {
        return Err(Fault::Ambiguous("zip-central-only-member"));
    };
    if local != central {
        return Err(Fault::Ambiguous("zip-central-local-mismatch"));
    }
    if word(&fixed, 34) != 0 {
        return Err(Fault::Damaged("zip-split"));
    }
    let name = String::from_utf8_lossy(&name);
    judge_attributes(walk, &place.member(&name), fixed[5], double(&fixed, 38));
    if extra.unicode_path.as_deref().is_some_and(names::escapes) {
        walk.find_ambiguous(
            "name-traversal",
            &place.member(&name),
            "in the Unicode name",
        );
    }
    Ok(())
}

/// Links and devices, as Unix programs would make them.
fn judge_attributes(walk: &mut Walk<'_>, member: &Place, made_by: u8, attributes: u32) {
    const UNIX: u8 = 3;
    const DARWIN: u8 = 19;
    if made_by != UNIX && made_by != DARWIN {
        return;
    }
    let file_type = (attributes >> 16) & TYPE_MASK;
    if file_type == SYMLINK {
        let outcome = Outcome::Suspicious {
            level: Level::Medium,
        };
        walk.find(Engine::Container, outcome, "link-member", member, "");
    }
    if DEVICES.contains(&file_type) {
        let outcome = Outcome::PolicyHit {
            category: Category::DeceptiveName,
        };
        walk.find(Engine::Container, outcome, "device-member", member, "");
    }
}

fn end_records(stream: &mut Stream<'_>, directory: &Directory) -> Result<(), Fault> {
    let wide = stream.peek(4)? == signature::END_64;
    if wide {
        end_64(stream, directory)?;
    }
    let end = stream.array::<22>("zip-missing-end")?;
    if end[..4] != signature::END {
        return Err(Fault::Ambiguous("zip-ambiguous-gap"));
    }
    // All ones mean "see the ZIP64 record", which was checked; without one they are a value.
    let is_16 =
        |at, value: u64| u64::from(word(&end, at)) == value || wide && word(&end, at) == u16::MAX;
    let is_32 = |at, value: u64| {
        u64::from(double(&end, at)) == value || wide && double(&end, at) == u32::MAX
    };
    if !is_16(4, 0) || !is_16(6, 0) {
        return Err(Fault::Damaged("zip-split"));
    }
    let counts = is_16(8, directory.entries) && is_16(10, directory.entries);
    if !counts || !is_32(12, directory.length) || !is_32(16, directory.start) {
        return Err(Fault::Ambiguous("zip-end-mismatch"));
    }
    comment(stream, &end)
}

/// The ZIP64 end record and its locator.
fn end_64(stream: &mut Stream<'_>, directory: &Directory) -> Result<(), Fault> {
    let position = stream.position() + directory.base;
    let end = stream.array::<56>(TRUNCATED)?;
    let extension = quad(&end, 4)
        .checked_sub(44)
        .ok_or(Fault::Ambiguous("zip-bad-zip64"))?;
    stream.skip(extension, TRUNCATED)?;
    let one_disk = double(&end, 16) == 0 && double(&end, 20) == 0;
    let agree = quad(&end, 24) == directory.entries
        && quad(&end, 32) == directory.entries
        && quad(&end, 40) == directory.length
        && quad(&end, 48) == directory.start;
    if !one_disk || !agree {
        return Err(Fault::Ambiguous("zip-end-mismatch"));
    }
    let locator = stream.array::<20>(TRUNCATED)?;
    let points_back = locator[..4] == signature::LOCATOR_64
        && double(&locator, 4) == 0
        && quad(&locator, 8) == position
        && double(&locator, 16) <= 1;
    if !points_back {
        return Err(Fault::Ambiguous("zip-bad-zip64"));
    }
    Ok(())
}

/// The comment must end the file, and neither it nor the end record may hold what a program
/// that searches backwards would take for an end record.
fn comment(stream: &mut Stream<'_>, end: &[u8; 22]) -> Result<(), Fault> {
    let mut tail = end[4..].to_vec();
    tail.extend(stream.bytes(usize::from(word(end, 20)), TRUNCATED)?);
    let records = [
        signature::END,
        signature::CENTRAL,
        signature::LOCAL,
        signature::LOCATOR_64,
    ];
    if records
        .iter()
        .any(|record| memchr::memmem::find(&tail, record).is_some())
    {
        return Err(Fault::Ambiguous("zip-record-in-comment"));
    }
    if !stream.at_end()? {
        return Err(Fault::Ambiguous("zip-trailing-data"));
    }
    Ok(())
}
