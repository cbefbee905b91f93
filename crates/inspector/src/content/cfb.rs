//! The file system in a compound file ([MS-CFB]): its storages and streams, read out of order.

use crate::limits::Lease;
use crate::report::Limit;
use crate::seek::Seekable;
use crate::stream::{Fault, Feed};

pub const MAGIC: [u8; 8] = *b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const DAMAGED: &str = "compound-damaged";
/// Sector numbers from here on are marks, not numbers.
const LAST: u32 = 0xffff_fffa;
const END: u32 = 0xffff_fffe;
const NONE: u32 = 0xffff_ffff;
const ENTRY: usize = 128;
const MINI: u64 = 64;
/// Streams shorter than this lie in the mini stream.
const MINI_CUTOFF: u64 = 4096;

/// A storage or a stream.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    /// The storage that it is in; none for the root.
    pub parent: Option<usize>,
    pub is_stream: bool,
    pub size: u64,
    start: u32,
}

/// The sectors that belong together, in order, in leased memory.
struct Chain<'b> {
    sectors: Vec<u32>,
    _memory: Lease<'b>,
}

/// An opened compound file.
pub struct Compound<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    sector: u64,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Chain<'b>,
    /// Reachable from the root, in the order of the directory.
    entries: Vec<Entry>,
    memory: Lease<'b>,
}

impl<'r, 'b, 'p, 's> Compound<'r, 'b, 'p, 's> {
    /// Reads the allocation tables and the directory. `memory` grows by what they take.
    pub(crate) fn open(
        whole: &'r mut Seekable<'b, 'p, 's>,
        memory: Lease<'b>,
    ) -> Result<Self, Fault> {
        let header = whole.array_at::<512>(0, DAMAGED)?;
        let sector = match u16::from_le_bytes([header[30], header[31]]) {
            9 => 512,
            12 => 4096,
            _ => return Err(Fault::Damaged(DAMAGED)),
        };
        if header[..8] != MAGIC {
            return Err(Fault::Damaged(DAMAGED));
        }
        let mut file = Self {
            whole,
            sector,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Chain {
                sectors: Vec::new(),
                _memory: memory.beside(0)?,
            },
            entries: Vec::new(),
            memory,
        };
        file.read_fat(&header)?;
        let mini = file.chain(double(&header, 60))?;
        file.mini_fat = file.numbers(&mini.sectors)?;
        let directory = file.chain(double(&header, 48))?;
        file.read_directory(&directory.sectors)?;
        Ok(file)
    }

    /// Where the last sector ends that the allocation table knows of.
    pub(crate) fn end(&self) -> u64 {
        let used = self.fat.iter().rposition(|next| *next != NONE);
        used.map_or(1, |last| last as u64 + 2) * self.sector
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The names of the storages that an entry is in, from the root on, and its own.
    pub(crate) fn path(&self, index: usize) -> String {
        let mut names = Vec::new();
        let mut at = Some(index);
        while let Some(entry) = at.and_then(|at| self.entries.get(at)) {
            if entry.parent.is_none() || names.len() > 32 {
                break;
            }
            names.push(entry.name.as_str());
            at = entry.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// The content of a stream.
    pub(crate) fn stream(&mut self, index: usize) -> Result<Content<'_, 'r, 'b, 'p, 's>, Fault> {
        let (start, size) = self
            .entries
            .get(index)
            .map(|entry| (entry.start, entry.size))
            .ok_or(Fault::Damaged(DAMAGED))?;
        let mini = size < MINI_CUTOFF;
        let table = if mini { &self.mini_fat } else { &self.fat };
        let start = if size == 0 { END } else { start };
        let chain = follow(table, start, &self.memory)?;
        Ok(Content {
            file: self,
            chain,
            mini,
            at: 0,
            size,
        })
    }

    /// The whole of a short stream.
    pub(crate) fn bytes(&mut self, index: usize, most: u64) -> Result<Vec<u8>, Fault> {
        let size = self.entries.get(index).map_or(0, |entry| entry.size);
        if size > most {
            return Err(Fault::Limit(Limit::Memory));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        let mut content = self.stream(index)?;
        let mut at = 0;
        while at < bytes.len() {
            let count = content.pull(&mut bytes[at..])?;
            if count == 0 {
                return Err(Fault::Damaged(DAMAGED));
            }
            at += count;
        }
        Ok(bytes)
    }

    fn offset(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) * self.sector
    }

    /// The sectors from `start` on.
    fn chain(&self, start: u32) -> Result<Chain<'b>, Fault> {
        follow(&self.fat, start, &self.memory)
    }

    /// The numbers in these sectors.
    fn numbers(&mut self, sectors: &[u32]) -> Result<Vec<u32>, Fault> {
        let length = self.sector * sectors.len() as u64;
        self.memory.grow(length)?;
        let mut numbers = Vec::with_capacity(usize::try_from(length / 4).unwrap_or(0));
        let mut buffer = vec![0; usize::try_from(self.sector).unwrap_or(512)];
        for sector in sectors {
            let offset = self.offset(*sector);
            self.whole.fill_at(offset, &mut buffer, DAMAGED)?;
            let words = buffer.as_chunks::<4>().0.iter();
            numbers.extend(words.map(|word| u32::from_le_bytes(*word)));
        }
        Ok(numbers)
    }

    fn read_fat(&mut self, header: &[u8; 512]) -> Result<(), Fault> {
        // Twice what the file's sectors need; the table itself could name one sector again and
        // again, or lead in circles.
        let most = 109 + 8 * (self.whole.length() / self.sector / self.sector);
        self.memory.grow(2 * 4 * most)?;
        let mut sectors: Vec<u32> = (0..109)
            .map(|index| double(header, 76 + 4 * index))
            .filter(|sector| *sector < LAST)
            .collect();
        let mut next = double(header, 68);
        let mut read = 0;
        while next < LAST {
            let mut numbers = self.numbers(&[next])?;
            next = numbers.pop().unwrap_or(END);
            sectors.extend(numbers.into_iter().filter(|sector| *sector < LAST));
            read += 1;
            if read > most || sectors.len() as u64 > most {
                return Err(Fault::Damaged(DAMAGED));
            }
        }
        self.fat = self.numbers(&sectors)?;
        Ok(())
    }

    fn read_directory(&mut self, sectors: &[u32]) -> Result<(), Fault> {
        let length = self.sector * sectors.len() as u64;
        // As it is written, what is made of it, and the names.
        self.memory.grow(4 * length)?;
        let mut raw = Vec::with_capacity(usize::try_from(length).unwrap_or(0) / ENTRY);
        let mut buffer = vec![0; usize::try_from(self.sector).unwrap_or(512)];
        for sector in sectors {
            let offset = self.offset(*sector);
            self.whole.fill_at(offset, &mut buffer, DAMAGED)?;
            raw.extend(buffer.as_chunks::<ENTRY>().0.iter().copied());
        }
        let root = raw.first().ok_or(Fault::Damaged(DAMAGED))?;
        self.mini_stream = self.chain(double(root, 116))?;
        self.entries.push(entry(root, None, self.sector));
        // Children form a tree of siblings; a damaged one may lead in circles.
        let mut seen = vec![false; raw.len()];
        let mut open = vec![(double(root, 76), 0)];
        while let Some((index, parent)) = open.pop() {
            if index == NONE {
                continue;
            }
            let at = index as usize;
            let (Some(raw), Some(seen)) = (raw.get(at), seen.get_mut(at)) else {
                return Err(Fault::Damaged(DAMAGED));
            };
            if std::mem::replace(seen, true) {
                return Err(Fault::Damaged("compound-loop"));
            }
            let own = self.entries.len();
            self.entries.push(entry(raw, Some(parent), self.sector));
            open.extend([(double(raw, 68), parent), (double(raw, 72), parent)]);
            if raw[66] == 1 {
                open.push((double(raw, 76), own));
            }
        }
        Ok(())
    }
}

fn entry(raw: &[u8; ENTRY], parent: Option<usize>, sector: u64) -> Entry {
    let length = usize::from(u16::from_le_bytes([raw[64], raw[65]])).clamp(2, 64) - 2;
    let units = raw[..length].as_chunks::<2>().0.iter();
    let units: Vec<u16> = units.map(|unit| u16::from_le_bytes(*unit)).collect();
    // Old writers left rubbish in the upper half.
    let high = if sector == 512 { 0 } else { double(raw, 124) };
    Entry {
        name: String::from_utf16_lossy(&units),
        parent,
        is_stream: raw[66] == 2,
        size: u64::from(double(raw, 120)) | u64::from(high) << 32,
        start: double(raw, 116),
    }
}

/// The chain from `start` on; a chain longer than its table is a circle.
fn follow<'b>(table: &[u32], start: u32, memory: &Lease<'b>) -> Result<Chain<'b>, Fault> {
    let mut length = 0;
    let mut next = start;
    while next < LAST {
        length += 1;
        if length > table.len() {
            return Err(Fault::Damaged("compound-loop"));
        }
        next = *table.get(next as usize).ok_or(Fault::Damaged(DAMAGED))?;
    }
    let memory = memory.beside(4 * length as u64)?;
    let mut sectors = Vec::with_capacity(length);
    next = start;
    while let Some(after) = table.get(next as usize).filter(|_| next < LAST) {
        sectors.push(next);
        next = *after;
    }
    Ok(Chain {
        sectors,
        _memory: memory,
    })
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The content of one stream as a feed.
pub struct Content<'c, 'r, 'b, 'p, 's> {
    file: &'c mut Compound<'r, 'b, 'p, 's>,
    chain: Chain<'b>,
    mini: bool,
    at: u64,
    size: u64,
}

impl Content<'_, '_, '_, '_, '_> {
    /// Where the byte at `at` is in the file, and how many follow it there.
    fn locate(&self) -> Option<(u64, u64)> {
        let index = |at: u64, unit: u64| usize::try_from(at / unit).ok();
        if !self.mini {
            let sector = *self.chain.sectors.get(index(self.at, self.file.sector)?)?;
            let within = self.at % self.file.sector;
            return Some((self.file.offset(sector) + within, self.file.sector - within));
        }
        let mini = *self.chain.sectors.get(index(self.at, MINI)?)?;
        let within = self.at % MINI;
        let at = u64::from(mini) * MINI + within;
        let sector = *self
            .file
            .mini_stream
            .sectors
            .get(index(at, self.file.sector)?)?;
        let offset = self.file.offset(sector) + at % self.file.sector;
        Some((offset, MINI - within))
    }
}

impl Feed for Content<'_, '_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let left = self.size - self.at;
        if left == 0 {
            return Ok(0);
        }
        let (offset, here) = self.locate().ok_or(Fault::Damaged(DAMAGED))?;
        let count = usize::try_from(left.min(here)).map_or(buffer.len(), |n| n.min(buffer.len()));
        let count = self.file.whole.read_at(offset, &mut buffer[..count])?;
        if count == 0 {
            return Err(Fault::Damaged(DAMAGED));
        }
        self.at += count as u64;
        Ok(count)
    }
}
