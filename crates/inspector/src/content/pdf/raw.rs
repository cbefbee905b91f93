//! The bytes of one stream as they lie in the file.

use std::io::{self, Read};

use memchr::memmem;

use crate::bridge::carry;
use crate::stream::{Fault, LOOK_AHEAD, Stream};

const END: &[u8] = b"endstream";
/// The end of a line, perhaps some blanks, and the word for the end.
const WITH_BLANKS: usize = 4 + END.len();

/// Reads up to the end of a stream and leaves the word for it unread.
pub struct Raw<'p, 's> {
    stream: &'p mut Stream<'s>,
    /// What is left, when the length is told and true as far as can be seen.
    left: Option<u64>,
    ended: bool,
    /// The file ended first.
    pub(super) cut: bool,
}

impl<'p, 's> Raw<'p, 's> {
    /// A stream of which its dictionary says that it is `length` long, if it does. Readers obey
    /// that if the word for the end is there, and search for the word otherwise.
    pub(super) fn new(stream: &'p mut Stream<'s>, length: Option<u64>) -> Result<Self, Fault> {
        let left = match length {
            Some(length) if is_true(stream, length)? => Some(length),
            _ => None,
        };
        Ok(Self {
            stream,
            left,
            ended: false,
            cut: false,
        })
    }

    /// Reads what nobody read, and says whether the word for the end follows.
    pub(super) fn finish(mut self) -> Result<bool, Fault> {
        let mut buffer = vec![0; 16 << 10];
        while self.pull(&mut buffer)? > 0 {}
        let next = self.stream.peek(WITH_BLANKS)?;
        Ok(!self.cut && next.trim_ascii_start().starts_with(END))
    }

    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let (ready, last) = match self.left {
            Some(left) => {
                let there = self.stream.chunk()?.len();
                let ready = usize::try_from(left).map_or(there, |left| left.min(there));
                (ready, ready as u64 == left || there == 0)
            }
            None => searched(self.stream)?,
        };
        let count = ready.min(buffer.len());
        self.ended = last && count == ready;
        let window = self.stream.peek(count)?;
        buffer[..count].copy_from_slice(&window[..count]);
        self.stream.consume(count);
        if let Some(left) = &mut self.left {
            *left -= count as u64;
        }
        if self.ended && self.stream.at_end()? {
            self.cut = true;
        }
        Ok(count)
    }
}

/// How much can be read before the word for the end or where it may begin, and whether the end is
/// behind that.
fn searched(stream: &mut Stream<'_>) -> Result<(usize, bool), Fault> {
    let window = stream.peek(LOOK_AHEAD)?;
    if let Some(at) = memmem::find(window, END) {
        return Ok((at, true));
    }
    if window.len() < LOOK_AHEAD {
        return Ok((window.len(), true));
    }
    Ok((window.len() - END.len(), false))
}

/// Whether the word for the end follows after `length` bytes; what is too far away is believed
/// until it is there.
fn is_true(stream: &mut Stream<'_>, length: u64) -> Result<bool, Fault> {
    let Ok(length) = usize::try_from(length) else {
        return Ok(false);
    };
    if length.saturating_add(WITH_BLANKS) > LOOK_AHEAD {
        return Ok(true);
    }
    let window = stream.peek(length + WITH_BLANKS)?;
    let behind = window.get(length..).unwrap_or_default();
    Ok(behind.trim_ascii_start().starts_with(END))
}

impl Read for Raw<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pull(buffer).map_err(carry)
    }
}
