//! The ZIP of all deliverable files, streamed (PKG-13).
//!
//! The checks have computed every file's length and CRC-32, so the whole archive is laid out before its
//! first byte: it has a length, an entity tag, and any range of it can be served. Members are stored, not
//! deflated. ZIP64 (APPNOTE 6.3.10 §4.3.14, §4.5.3) is used where 32 bits don't suffice.

use std::{collections::HashSet, ops::Range};

use bytes::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use sofie_domain::FileId;

pub(crate) mod locked;
mod records;

/// One file to put in.
#[derive(Clone, Debug)]
pub struct Member {
    /// The file.
    pub id: FileId,
    /// Its name in the archive; made unique and safe by [`Layout::new`].
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its CRC-32.
    pub crc32: u32,
}

/// A piece of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of the archive's own.
    Bytes(Bytes),
    /// A range of a file's content.
    File(FileId, Range<u64>),
}

/// Where everything lies in the archive.
#[derive(Debug)]
pub struct Layout {
    pieces: Vec<(u64, Piece)>,
    len: u64,
}

impl Layout {
    /// Lays an archive out. `at` becomes the time of every member.
    #[must_use]
    pub fn new(mut members: Vec<Member>, at: DateTime<Utc>) -> Self {
        name_safely(&mut members);
        let stamp = DosTime::from(at);
        let mut layout = Self {
            pieces: Vec::new(),
            len: 0,
        };
        let mut directory = Vec::new();
        for member in &members {
            let offset = layout.len;
            let entry = member.into();
            layout.push(Piece::Bytes(records::local_header(&entry, stamp).into()));
            if member.size > 0 {
                layout.push(Piece::File(member.id, 0..member.size));
            }
            records::central_header(&mut directory, &entry, offset, stamp);
        }
        let (start, size) = (layout.len, directory.len() as u64);
        records::end(&mut directory, members.len() as u64, start, size);
        layout.push(Piece::Bytes(directory.into()));
        layout
    }

    /// Returns the length of the archive in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Tells whether the archive has no bytes; even one without members has its end record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the pieces that make up a range of the archive, in order.
    #[must_use]
    pub fn pieces(&self, range: &Range<u64>) -> Vec<Piece> {
        let first = self
            .pieces
            .partition_point(|(at, _)| *at <= range.start)
            .saturating_sub(1);
        self.pieces[first..]
            .iter()
            .take_while(|(at, _)| *at < range.end)
            .filter_map(|(at, piece)| cut(piece, range.start.saturating_sub(*at), range.end - at))
            .collect()
    }

    fn push(&mut self, piece: Piece) {
        let len = length(&piece);
        self.pieces.push((self.len, piece));
        self.len += len;
    }
}

fn length(piece: &Piece) -> u64 {
    match piece {
        Piece::Bytes(bytes) => bytes.len() as u64,
        Piece::File(_, range) => range.end - range.start,
    }
}

/// Cuts the part `from..to` (or up to its end) out of a piece.
fn cut(piece: &Piece, from: u64, to: u64) -> Option<Piece> {
    let to = to.min(length(piece));
    if from >= to {
        return None;
    }
    Some(match piece {
        Piece::Bytes(bytes) => {
            let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
            Piece::Bytes(bytes.slice(index(from)..index(to)))
        }
        Piece::File(id, range) => Piece::File(*id, range.start + from..range.start + to),
    })
}

/// Makes names that every unpacker can use: no two alike without regard to case, no reserved ones.
fn name_safely(members: &mut [Member]) {
    let mut taken = HashSet::new();
    for member in members {
        let parts: Vec<String> = member
            .name
            .split('/')
            .map(sofie_domain::safe_name)
            .collect();
        let path = parts.join("/");
        let mut name = path.clone();
        let mut count = 1;
        while !taken.insert(name.to_lowercase()) {
            count += 1;
            name = numbered(&path, count);
        }
        member.name = name;
    }
}

fn numbered(path: &str, count: u32) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(f, n)| (f, n));
    let slash = if folder.is_empty() { "" } else { "/" };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            format!("{folder}{slash}{stem} ({count}).{extension}")
        }
        _ => format!("{folder}{slash}{name} ({count})"),
    }
}

/// Names the exact bytes of an archive: the members with their order, names, lengths and checksums.
#[must_use]
pub fn etag(members: &[Member]) -> String {
    let mut hasher = crc32fast::Hasher::new();
    let mut second = crc32fast::Hasher::new_with_initial(0x5a17);
    for member in members {
        let line = format!(
            "{}\0{}\0{}\0{:08x}\n",
            member.id, member.name, member.size, member.crc32
        );
        hasher.update(line.as_bytes());
        second.update(line.as_bytes());
    }
    format!("{:08x}{:08x}", hasher.finalize(), second.finalize())
}

/// The MS-DOS time of a member.
#[derive(Clone, Copy, Debug)]
struct DosTime {
    time: u16,
    date: u16,
}

impl From<DateTime<Utc>> for DosTime {
    fn from(at: DateTime<Utc>) -> Self {
        let year = u16::try_from(at.year().clamp(1980, 2107) - 1980).unwrap_or(0);
        let small = |n: u32| u16::try_from(n).unwrap_or(0);
        Self {
            time: small(at.hour()) << 11 | small(at.minute()) << 5 | small(at.second() / 2),
            date: year << 9 | small(at.month()) << 5 | small(at.day()),
        }
    }
}

#[cfg(test)]
mod tests;
