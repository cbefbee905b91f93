//! Between streams of this crate and `std::io` readers of decoders.

use std::io::{self, BufRead, Read};

use crate::limits::Budget;
use crate::stream::{Fault, Feed, Stream};

/// A fault on its way through a decoder that only knows `io::Error`.
#[derive(Debug, thiserror::Error)]
#[error("reading packed content")]
struct Carried(Fault);

/// Hides a fault in an error that a decoder passes on.
pub fn carry(fault: Fault) -> io::Error {
    io::Error::other(Carried(fault))
}

/// What a decoder's error was: a fault from below, or damage called `code`.
///
/// Decoders with error types of their own lose the fault. Nothing is lost with it: limits stay
/// reached and a broken pipe stays broken, so the next step on any level meets them again.
pub fn fault_of(error: io::Error, code: &'static str) -> Fault {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return Fault::Limit(crate::report::Limit::Memory);
    }
    match error.downcast::<Carried>() {
        Ok(Carried(fault)) => fault,
        Err(_) => Fault::Damaged(code),
    }
}

/// A stream as a reader.
pub struct Input<'p, 's>(pub &'p mut Stream<'s>);

impl Read for Input<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.0.chunk().map_err(carry)?;
        let count = chunk.len().min(buffer.len());
        if let (1, [first, ..], [byte, ..]) = (count, &mut *buffer, chunk) {
            *first = *byte;
        } else {
            buffer[..count].copy_from_slice(&chunk[..count]);
        }
        self.0.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.chunk().map_err(carry)
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

/// What a decoder gives, as a feed; counted as unpacked bytes. Damage is final.
pub struct Unpacked<'b, R> {
    reader: R,
    budget: &'b Budget,
    code: &'static str,
    failed: Option<&'static str>,
}

impl<'b, R: Read> Unpacked<'b, R> {
    /// Damage that the decoder meets is called `code`.
    pub(crate) fn new(reader: R, budget: &'b Budget, code: &'static str) -> Self {
        Self {
            reader,
            budget,
            code,
            failed: None,
        }
    }

    /// Whether damage was met.
    pub(crate) fn failed(&self) -> bool {
        self.failed.is_some()
    }
}

impl<R: Read> Feed for Unpacked<'_, R> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if let Some(code) = self.failed {
            return Err(Fault::Damaged(code));
        }
        match self.reader.read(buffer) {
            Ok(count) => {
                self.budget.count_unpacked(count as u64)?;
                Ok(count)
            }
            Err(error) => {
                let fault = fault_of(error, self.code);
                if let Fault::Damaged(code) | Fault::Ambiguous(code) = fault {
                    self.failed = Some(code);
                }
                Err(fault)
            }
        }
    }
}
