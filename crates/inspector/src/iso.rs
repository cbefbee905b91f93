//! CD images (ECMA-119, ISO 9660) with Joliet's second tree of names.
//!
//! Both trees are walked; they must show the same data. An image that also carries UDF could
//! show something else again to another system and is not taken for read.

use std::collections::BTreeSet;

use crate::names;
use crate::report::{Engine, Limit, Outcome};
use crate::seek::{Range, Seekable};
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const DAMAGED: &str = "iso-damaged";
const SECTOR: u64 = 2048;
const FIRST: u64 = 16;
/// Descriptors that are looked at.
const MOST_DESCRIPTORS: u64 = 64;
/// Folders within folders.
const DEEPEST: u32 = 64;
/// Longest folder that is read.
const LONGEST_FOLDER: u64 = 16 << 20;
const IS_FOLDER: u8 = 2;
const IS_ASSOCIATED: u8 = 4;
const GOES_ON: u8 = 0x80;

/// Where data lies: its first byte and its length.
type Extent = (u64, u64);

/// The root folders that the image's descriptors name.
#[derive(Default)]
struct Roots {
    plain: Option<Extent>,
    joliet: Option<Extent>,
    udf: bool,
}

/// One file, of one or more pieces.
struct File {
    name: String,
    pieces: Vec<Extent>,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut whole = Seekable::of(walk.budget(), stream)?;
    let roots = roots(&mut whole)?;
    if roots.udf {
        let outcome = Outcome::Unsupported;
        walk.find(Engine::Container, outcome, "iso-udf", place, "");
    }
    let Some(plain) = roots.plain else {
        return if roots.udf {
            Ok(())
        } else {
            Err(Fault::Damaged(DAMAGED))
        };
    };
    let files = tree(walk, &mut whole, plain, false)?;
    let other = match roots.joliet {
        Some(root) => tree(walk, &mut whole, root, true)?,
        None => Vec::new(),
    };
    let data = |files: &[File]| -> BTreeSet<Vec<Extent>> {
        let real = files.iter().map(|file| &file.pieces);
        real.filter(|pieces| pieces.iter().any(|piece| piece.1 > 0))
            .cloned()
            .collect()
    };
    let (ours, theirs) = (data(&files), data(&other));
    if roots.joliet.is_some() && ours != theirs {
        walk.find_ambiguous("iso-trees-differ", place, "");
    }
    // The longer names are the better ones; what only the other tree has comes after.
    let shown = if roots.joliet.is_some() {
        &other
    } else {
        &files
    };
    let known = data(shown);
    let hidden = files.iter().filter(|file| !known.contains(&file.pieces));
    for file in shown
        .iter()
        .chain(hidden.filter(|_| roots.joliet.is_some()))
    {
        read_file(walk, place, &mut whole, file)?;
    }
    Ok(())
}

fn read_file(
    walk: &mut Walk<'_>,
    place: &Place,
    whole: &mut Seekable<'_, '_, '_>,
    file: &File,
) -> Result<(), Fault> {
    let member = place.member(&file.name);
    walk.check_depth(&member)?;
    if names::escapes(&file.name) {
        walk.find_ambiguous("name-traversal", &member, "");
    }
    let mut pieces = Pieces {
        whole,
        rest: &file.pieces,
        at: 0,
    };
    walk.object(&member, &mut Stream::new(&mut pieces, Watch::new()))
        .map(drop)
}

fn roots(whole: &mut Seekable<'_, '_, '_>) -> Result<Roots, Fault> {
    let mut roots = Roots::default();
    let mut ended = false;
    for sector in FIRST..FIRST + MOST_DESCRIPTORS {
        if (sector + 1) * SECTOR > whole.length() {
            break;
        }
        let head = whole.array_at::<190>(sector * SECTOR, DAMAGED)?;
        match &head[1..6] {
            b"CD001" if !ended => match head[0] {
                1 if roots.plain.is_some() => return Err(Fault::Ambiguous("iso-two-volumes")),
                1 => roots.plain = Some(extent(&head[156..])),
                2 if matches!(&head[88..91], b"%/@" | b"%/C" | b"%/E") => {
                    roots.joliet = Some(extent(&head[156..]));
                }
                255 => ended = true,
                _ => {}
            },
            b"BEA01" | b"NSR02" | b"NSR03" | b"TEA01" | b"BOOT2" => roots.udf = true,
            _ if ended => break,
            _ => {}
        }
    }
    Ok(roots)
}

fn extent(record: &[u8]) -> Extent {
    let number = |at: usize| {
        u64::from(u32::from_le_bytes([
            record[at],
            record[at + 1],
            record[at + 2],
            record[at + 3],
        ]))
    };
    (number(2) * SECTOR, number(10))
}

/// All files of a tree.
fn tree(
    walk: &Walk<'_>,
    whole: &mut Seekable<'_, '_, '_>,
    root: Extent,
    wide: bool,
) -> Result<Vec<File>, Fault> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(String::new(), root, 0)];
    while let Some((path, folder, depth)) = open.pop() {
        if !seen.insert(folder.0) {
            continue;
        }
        if depth > DEEPEST {
            return Err(Fault::Limit(Limit::Recursion));
        }
        walk.budget().check_time()?;
        for entry in records(walk, whole, folder, wide)? {
            let path = format!("{path}{}", entry.name);
            if entry.is_folder {
                open.push((format!("{path}/"), entry.extent, depth + 1));
            } else if let Some(file) = files.last_mut().filter(|_| entry.continues) {
                let file: &mut File = file;
                file.pieces.push(entry.extent);
            } else {
                let pieces = vec![entry.extent];
                files.push(File { name: path, pieces });
            }
        }
        if files.len() as u64 > walk.budget().most_members() {
            return Err(Fault::Limit(Limit::Members));
        }
    }
    Ok(files)
}

struct Record {
    name: String,
    extent: Extent,
    is_folder: bool,
    /// More data of the record before.
    continues: bool,
}

fn records(
    walk: &Walk<'_>,
    whole: &mut Seekable<'_, '_, '_>,
    folder: Extent,
    wide: bool,
) -> Result<Vec<Record>, Fault> {
    if folder.1 > LONGEST_FOLDER {
        return Err(Fault::Limit(Limit::Memory));
    }
    let _lease = walk.budget().lease(folder.1)?;
    let mut bytes = vec![0; usize::try_from(folder.1).unwrap_or(0)];
    whole.fill_at(folder.0, &mut bytes, DAMAGED)?;
    let mut records = Vec::new();
    let mut goes_on = false;
    // A record never crosses the border of a sector.
    for sector in bytes.chunks(2048) {
        let mut rest = sector;
        while let Some(length) = rest
            .first()
            .map(|first| usize::from(*first))
            .filter(|n| *n > 0)
        {
            let record = rest.get(..length).filter(|_| length >= 34);
            let record = record.ok_or(Fault::Damaged(DAMAGED))?;
            rest = &rest[length..];
            let raw = record.get(33..33 + usize::from(record[32]));
            let raw = raw.ok_or(Fault::Damaged(DAMAGED))?;
            let flags = record[25];
            if matches!(raw, [0 | 1]) && flags & IS_FOLDER != 0 {
                continue;
            }
            if record[26] != 0 || record[27] != 0 {
                return Err(Fault::Damaged("iso-interleaved"));
            }
            if memchr::memmem::find(&record[33..], b"ZF\x10\x01").is_some() {
                return Err(Fault::Damaged("iso-packed-file"));
            }
            records.push(Record {
                name: text(raw, wide),
                extent: extent(record),
                is_folder: flags & IS_FOLDER != 0,
                continues: std::mem::replace(&mut goes_on, flags & GOES_ON != 0)
                    && flags & IS_ASSOCIATED == 0,
            });
        }
    }
    Ok(records)
}

fn text(raw: &[u8], wide: bool) -> String {
    let name = if wide {
        let units = raw.as_chunks::<2>().0.iter();
        let units: Vec<u16> = units.map(|unit| u16::from_be_bytes(*unit)).collect();
        String::from_utf16_lossy(&units)
    } else {
        raw.iter().copied().map(char::from).collect()
    };
    let plain = name.split_once(';').map_or(name.as_str(), |(name, _)| name);
    plain.strip_suffix('.').unwrap_or(plain).to_owned()
}

/// The pieces of a file, one after another.
struct Pieces<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    rest: &'r [Extent],
    at: u64,
}

impl Feed for Pieces<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while let Some(((start, length), rest)) = self.rest.split_first() {
            if self.at == *length {
                (self.rest, self.at) = (rest, 0);
                continue;
            }
            let mut range = Range::new(self.whole, start + self.at, length - self.at);
            let count = range.pull(buffer)?;
            self.at += count as u64;
            return Ok(count);
        }
        Ok(0)
    }
}
