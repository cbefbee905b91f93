//! Deflate, step by step, so that it is known exactly where the data ends.

use flate2::{Decompress, FlushDecompress, Status};

use crate::limits::Budget;
use crate::stream::{Fault, Feed, LOOK_AHEAD, Stream};

/// The state of one deflate stream.
pub struct Deflate {
    raw: Decompress,
    /// How many compressed bytes may still be read, where the container says so.
    left: Option<u64>,
    checksum: crc32fast::Hasher,
    done: bool,
    failed: Option<&'static str>,
}

/// What one deflate stream turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inflated {
    pub consumed: u64,
    pub produced: u64,
    pub crc32: u32,
}

impl Deflate {
    /// A stream of at most `left` compressed bytes.
    pub(crate) fn new(left: Option<u64>) -> Self {
        let raw = Decompress::new(false);
        Self {
            raw,
            left,
            checksum: crc32fast::Hasher::new(),
            done: false,
            failed: None,
        }
    }

    /// Unpacks some of what `parent` holds; 0 at the end. Damage is final.
    pub(crate) fn pull(
        &mut self,
        parent: &mut Stream<'_>,
        budget: &Budget,
        buffer: &mut [u8],
    ) -> Result<usize, Fault> {
        if let Some(code) = self.failed {
            return Err(Fault::Damaged(code));
        }
        while !self.done {
            let produced = self.step(parent, buffer).inspect_err(|fault| {
                if let Fault::Damaged(code) = fault {
                    self.failed = Some(code);
                }
            })?;
            if produced > 0 {
                budget.count_unpacked(produced as u64)?;
                return Ok(produced);
            }
        }
        Ok(0)
    }

    /// What the stream was; none when it failed or was not read to its end.
    pub(crate) fn finish(self) -> Option<Inflated> {
        (self.done && self.failed.is_none()).then(|| Inflated {
            consumed: self.raw.total_in(),
            produced: self.raw.total_out(),
            crc32: self.checksum.finalize(),
        })
    }

    /// Number of compressed bytes read so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.raw.total_in()
    }

    fn step(&mut self, parent: &mut Stream<'_>, buffer: &mut [u8]) -> Result<usize, Fault> {
        let available = parent.chunk()?;
        let allowed = self.left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        let input = &available[..available.len().min(allowed)];
        let starved = input.is_empty();
        let (total_in, total_out) = (self.raw.total_in(), self.raw.total_out());
        let status = self.raw.decompress(input, buffer, FlushDecompress::None);
        let consumed = self.raw.total_in() - total_in;
        let produced = usize::try_from(self.raw.total_out() - total_out).unwrap_or(buffer.len());
        parent.consume(usize::try_from(consumed).unwrap_or(LOOK_AHEAD));
        self.left = self.left.map(|left| left - consumed);
        match status {
            Ok(Status::StreamEnd) => self.done = true,
            Ok(_) if consumed == 0 && produced == 0 && starved => {
                return Err(Fault::Damaged("deflate-truncated"));
            }
            Ok(_) if consumed == 0 && produced == 0 => {
                return Err(Fault::Damaged("deflate-damaged"));
            }
            Ok(_) => {}
            Err(_) => return Err(Fault::Damaged("deflate-damaged")),
        }
        self.checksum.update(&buffer[..produced]);
        Ok(produced)
    }
}

/// One deflate stream inside a parent stream, as a feed.
pub struct Inflate<'p, 's, 'b> {
    parent: &'p mut Stream<'s>,
    budget: &'b Budget,
    pub(crate) deflate: Deflate,
}

impl<'p, 's, 'b> Inflate<'p, 's, 'b> {
    pub(crate) fn new(parent: &'p mut Stream<'s>, budget: &'b Budget, left: Option<u64>) -> Self {
        Self {
            parent,
            budget,
            deflate: Deflate::new(left),
        }
    }
}

impl Feed for Inflate<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.deflate.pull(self.parent, self.budget, buffer)
    }
}
