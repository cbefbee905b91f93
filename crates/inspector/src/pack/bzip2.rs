//! bzip2: any number of streams behind one another.

use std::io::{self, BufRead, Read};

use bzip2::{Decompress, Status};

use crate::bridge::{Input, carry};

/// Unpacks all streams as one content; ends where no further stream begins.
pub struct Decoder<'p, 's> {
    input: Input<'p, 's>,
    raw: Option<Decompress>,
}

impl<'p, 's> Decoder<'p, 's> {
    pub(crate) fn new(input: Input<'p, 's>) -> Self {
        let raw = Some(Decompress::new(false));
        Self { input, raw }
    }

    /// One step: how much it gave, and whether the stream ended.
    fn step(&mut self, raw: &mut Decompress, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let packed = self.input.fill_buf()?;
        let starved = packed.is_empty();
        let (read, written) = (raw.total_in(), raw.total_out());
        let status = raw
            .decompress(packed, buffer)
            .map_err(|_| io::ErrorKind::InvalidData)?;
        let read = usize::try_from(raw.total_in() - read).unwrap_or(0);
        let written = usize::try_from(raw.total_out() - written).unwrap_or(0);
        self.input.consume(read);
        let ended = status == Status::StreamEnd;
        if starved && written == 0 && !ended {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((written, ended))
    }
}

impl Read for Decoder<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut raw) = self.raw.take() {
            let (count, ended) = self.step(&mut raw, buffer)?;
            if ended {
                let next = self.input.0.peek(4).map_err(carry)?;
                self.raw = next.starts_with(b"BZh").then(|| Decompress::new(false));
            } else {
                self.raw = Some(raw);
            }
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}
