//! Content that is read out of order (see `docs/adr/008-inspector-random-access.md`).
//!
//! The file itself may be read a second time, range by range, from the caller. A member has
//! gone by when it was unpacked: it is kept in leased memory. Either way the content has been
//! seen whole, as a stream, before the first look back.

use std::io::{self, Read, Seek, SeekFrom};

use crate::bridge::carry;
use crate::limits::{Budget, Lease};
use crate::stream::{Fault, Feed, Stream};

/// Memory is taken in pieces of this length, so that growing never copies.
const PIECE: usize = 256 << 10;
/// A file up to this size is kept in memory even if it could be read again.
const SMALL: u64 = 4 << 20;

/// Content in memory.
#[derive(Debug, Default)]
pub struct Pieces {
    pieces: Vec<Vec<u8>>,
    length: u64,
}

impl Pieces {
    /// Keeps `bytes` behind what is already there; `take` grants the memory for each piece.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let room = self.pieces.last().map_or(0, |piece| PIECE - piece.len());
            if room == 0 {
                take(PIECE as u64)?;
                self.pieces.push(Vec::with_capacity(PIECE));
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(piece) = self.pieces.last_mut() {
                piece.extend_from_slice(now);
            }
            self.length += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of memory that are in use.
    pub(crate) fn held(&self) -> u64 {
        (self.pieces.len() * PIECE) as u64
    }

    /// Some bytes from `offset` on; 0 at the end.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let Ok(offset) = usize::try_from(offset) else {
            return 0;
        };
        let Some(piece) = self.pieces.get(offset / PIECE) else {
            return 0;
        };
        let from = piece.get(offset % PIECE..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        count
    }
}

/// Whole content in leased memory.
pub struct Spool<'b> {
    pieces: Pieces,
    lease: Lease<'b>,
}

impl<'b> Spool<'b> {
    pub(crate) fn new(budget: &'b Budget) -> Result<Self, Fault> {
        Ok(Self {
            pieces: Pieces::default(),
            lease: budget.lease(0)?,
        })
    }

    /// Keeps `bytes` behind what is already there.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.pieces.push(bytes, |more| self.lease.grow(more))
    }
}

enum Place<'b, 'p, 's> {
    Memory(Spool<'b>),
    Again(&'p mut Stream<'s>),
}

/// Content of known length that can be read anywhere.
pub struct Seekable<'b, 'p, 's> {
    place: Place<'b, 'p, 's>,
    length: u64,
}

impl<'b, 'p, 's> Seekable<'b, 'p, 's> {
    /// Everything that is left of `stream`, which has been read to its end afterwards.
    pub(crate) fn of(budget: &'b Budget, stream: &'p mut Stream<'s>) -> Result<Self, Fault> {
        let whole = stream.position() == 0;
        if let Some(length) = stream.again().filter(|length| whole && *length > SMALL) {
            stream.drain()?;
            let place = Place::Again(stream);
            return Ok(Self { place, length });
        }
        let mut spool = Spool::new(budget)?;
        loop {
            let chunk = stream.chunk()?;
            let count = chunk.len();
            if count == 0 {
                break;
            }
            spool.push(chunk)?;
            stream.consume(count);
            budget.check_time()?;
        }
        let length = spool.pieces.length();
        let place = Place::Memory(spool);
        Ok(Self { place, length })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Some bytes from `offset` on; 0 at the end.
    pub(crate) fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let left = self.length.saturating_sub(offset);
        let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if count == 0 {
            return Ok(0);
        }
        match &mut self.place {
            Place::Memory(spool) => Ok(spool.pieces.read_at(offset, &mut buffer[..count])),
            Place::Again(stream) => stream.read_again(offset, &mut buffer[..count]),
        }
    }

    /// Exactly these bytes, or damage called `code`.
    pub(crate) fn fill_at(
        &mut self,
        offset: u64,
        mut buffer: &mut [u8],
        code: &'static str,
    ) -> Result<(), Fault> {
        let mut at = offset;
        while !buffer.is_empty() {
            let count = self.read_at(at, buffer)?;
            if count == 0 {
                return Err(Fault::Damaged(code));
            }
            at += count as u64;
            buffer = &mut buffer[count..];
        }
        Ok(())
    }

    /// `N` bytes from `offset` on, or damage called `code`.
    pub(crate) fn array_at<const N: usize>(
        &mut self,
        offset: u64,
        code: &'static str,
    ) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        self.fill_at(offset, &mut array, code)?;
        Ok(array)
    }
}

impl<'b> From<Spool<'b>> for Seekable<'b, '_, '_> {
    fn from(spool: Spool<'b>) -> Self {
        let length = spool.pieces.length();
        let place = Place::Memory(spool);
        Self { place, length }
    }
}

/// A part of seekable content as a feed.
pub struct Range<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    at: u64,
    left: u64,
    checksum: crc32fast::Hasher,
}

impl<'r, 'b, 'p, 's> Range<'r, 'b, 'p, 's> {
    pub(crate) fn new(whole: &'r mut Seekable<'b, 'p, 's>, at: u64, length: u64) -> Self {
        Self {
            whole,
            at,
            left: length,
            checksum: crc32fast::Hasher::new(),
        }
    }
}

impl Feed for Range<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        let count = self.whole.read_at(self.at, &mut buffer[..most])?;
        if count == 0 {
            return Err(Fault::Damaged("container-truncated"));
        }
        self.checksum.update(&buffer[..count]);
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Seekable content as a reader with a position; short reads go through a small buffer.
pub struct Cursor<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    at: u64,
    buffer: Box<[u8]>,
    buffered_at: u64,
    buffered: usize,
}

impl<'r, 'b, 'p, 's> Cursor<'r, 'b, 'p, 's> {
    pub(crate) fn new(whole: &'r mut Seekable<'b, 'p, 's>) -> Self {
        Self {
            whole,
            at: 0,
            buffer: vec![0; 64 << 10].into_boxed_slice(),
            buffered_at: 0,
            buffered: 0,
        }
    }
}

impl Read for Cursor<'_, '_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.buffered_at + self.buffered as u64;
        if !(self.buffered_at..end).contains(&self.at) {
            self.buffered = self
                .whole
                .read_at(self.at, &mut self.buffer)
                .map_err(carry)?;
            self.buffered_at = self.at;
        }
        let from = usize::try_from(self.at - self.buffered_at).unwrap_or(self.buffered);
        let some = &self.buffer[from..self.buffered];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Cursor<'_, '_, '_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.whole.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
