//! A tree of folders.

use std::collections::BTreeSet;

use super::{DAMAGED, Extent, SECTOR};
use crate::limits::{Budget, Lease};
use crate::report::Limit;
use crate::seek::Seekable;
use crate::stream::Fault;

/// Folders within folders.
const DEEPEST: u32 = 64;
/// Longest folder that is read.
const LONGEST_FOLDER: u64 = 16 << 20;
/// Length of a record without its name.
const RECORD: usize = 33;
const IS_FOLDER: u8 = 2;
const GOES_ON: u8 = 0x80;

/// All files of a tree, in leased memory.
pub struct Tree<'b> {
    pub files: Vec<File>,
    _memory: Lease<'b>,
}

/// One file, of one or more pieces; an empty one has none.
pub struct File {
    pub name: String,
    pub pieces: Vec<Extent>,
}

struct Folder {
    path: String,
    extent: Extent,
    depth: u32,
}

struct Record {
    name: String,
    extent: Extent,
    is_folder: bool,
    /// More data of the record before.
    continues: bool,
}

impl<'b> Tree<'b> {
    /// Reads the tree below `root`; its names are `wide` in Joliet.
    pub(crate) fn read(
        budget: &'b Budget,
        whole: &mut Seekable<'_, '_, '_>,
        root: Extent,
        wide: bool,
    ) -> Result<Self, Fault> {
        let mut memory = budget.lease(0)?;
        let mut files: Vec<File> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![Folder {
            path: String::new(),
            extent: root,
            depth: 0,
        }];
        while let Some(folder) = open.pop() {
            if !seen.insert(folder.extent) {
                continue;
            }
            if folder.depth > DEEPEST {
                return Err(Fault::Limit(Limit::Recursion));
            }
            budget.check_time()?;
            for record in records(budget, whole, folder.extent, wide)? {
                let path = format!("{}{}", folder.path, record.name);
                let entry = size_of::<Folder>() + size_of::<File>() + size_of::<Extent>();
                memory.grow((2 * entry + path.len() + 1) as u64)?;
                if record.is_folder {
                    open.push(Folder {
                        path: format!("{path}/"),
                        extent: record.extent,
                        depth: folder.depth + 1,
                    });
                    continue;
                }
                if !record.continues {
                    let pieces = Vec::new();
                    files.push(File { name: path, pieces });
                }
                if let Some(file) = files.last_mut().filter(|_| record.extent.1 > 0) {
                    file.pieces.push(record.extent);
                }
            }
            if (files.len() + seen.len() + open.len()) as u64 > budget.most_members() {
                return Err(Fault::Limit(Limit::Members));
            }
        }
        Ok(Self {
            files,
            _memory: memory,
        })
    }
}

/// The records of a folder, without itself and its parent.
fn records(
    budget: &Budget,
    whole: &mut Seekable<'_, '_, '_>,
    folder: Extent,
    wide: bool,
) -> Result<Vec<Record>, Fault> {
    if folder.1 > LONGEST_FOLDER {
        return Err(Fault::Limit(Limit::Memory));
    }
    // The bytes, and what is made of them, which is less than four times as much.
    let _lease = budget.lease(5 * folder.1)?;
    let mut bytes = vec![0; usize::try_from(folder.1).unwrap_or(0)];
    whole.fill_at(folder.0, &mut bytes, DAMAGED)?;
    let mut records = Vec::new();
    let mut first = true;
    let mut unfinished: Option<&[u8]> = None;
    for raw in raw_records(&bytes)? {
        let record = record(raw, wide)?;
        let name = raw_name(raw);
        let is_special = record.is_folder && matches!(name, [0 | 1]);
        if std::mem::take(&mut first) && !(is_special && record.extent == folder) {
            return Err(Fault::Damaged(DAMAGED));
        }
        if is_special {
            continue;
        }
        let continues = unfinished.is_some();
        // A program that takes the pieces for files shows each under its own name.
        if unfinished.is_some_and(|before| before != name || record.is_folder) {
            return Err(Fault::Ambiguous("iso-pieces-differ"));
        }
        unfinished = Some(name).filter(|_| raw[25] & GOES_ON != 0);
        records.push(Record {
            continues,
            ..record
        });
    }
    if first || unfinished.is_some() {
        return Err(Fault::Damaged(DAMAGED));
    }
    Ok(records)
}

/// The records as they are written: none crosses the border of a sector, and where no further
/// one fits, zeros fill it.
fn raw_records(bytes: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let (sectors, rest) = bytes.as_chunks::<2048>();
    if !rest.is_empty() {
        return Err(Fault::Damaged(DAMAGED));
    }
    let mut records = Vec::new();
    for sector in sectors {
        let mut rest = sector.as_slice();
        while let Some(length) = rest.first().copied().filter(|length| *length > 0) {
            let split = rest.split_at_checked(usize::from(length));
            let (record, after) = split.ok_or(Fault::Damaged(DAMAGED))?;
            if record.len() <= RECORD || record.len() < RECORD + usize::from(record[32]) {
                return Err(Fault::Damaged(DAMAGED));
            }
            records.push(record);
            rest = after;
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Fault::Ambiguous("iso-hidden-record"));
        }
    }
    Ok(records)
}

fn raw_name(record: &[u8]) -> &[u8] {
    &record[RECORD..RECORD + usize::from(record[32])]
}

fn record(raw: &[u8], wide: bool) -> Result<Record, Fault> {
    if raw[26] != 0 || raw[27] != 0 {
        return Err(Fault::Damaged("iso-interleaved"));
    }
    if memchr::memmem::find(&raw[RECORD..], b"ZF\x10\x01").is_some() {
        return Err(Fault::Damaged("iso-packed-file"));
    }
    Ok(Record {
        name: text(raw_name(raw), wide),
        extent: extent(raw)?,
        is_folder: raw[25] & IS_FOLDER != 0,
        continues: false,
    })
}

/// Where the data of a record is, which must not have extended attributes before it: some
/// programs step over them.
pub fn extent(record: &[u8]) -> Result<Extent, Fault> {
    if record[1] != 0 {
        return Err(Fault::Damaged("iso-extended-attributes"));
    }
    let number = |at: usize| {
        let bytes = [record[at], record[at + 1], record[at + 2], record[at + 3]];
        u64::from(u32::from_le_bytes(bytes))
    };
    Ok((number(2) * SECTOR, number(10)))
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
