//! LZMA in its wrappings: xz, lzip, and the old file format without one.

use std::io::{self, BufRead, Read};

use lzma_rust2::{Action, LzipStream, LzmaReader, Status, XzReader};

use crate::bridge::{Input, carry, fault_of};
use crate::limits::{Budget, Lease};
use crate::stream::{Fault, Stream};

/// What a decoder needs beside its window.
const OVERHEAD: u64 = 1 << 20;

/// What a decoder of xz takes for the usual windows.
pub const USUAL_XZ: u64 = (8 << 20) + OVERHEAD;

/// What the first block of an xz file takes.
///
/// The block header says it: flags, sizes if any, then filters with their properties
/// (The .xz File Format 1.2.1, section 3.1).
pub fn xz_memory(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    const LZMA2: u8 = 0x21;
    let head = stream.peek(12 + 1024)?;
    let header = head.get(12..).unwrap_or_default();
    let length = header
        .first()
        .map_or(0, |size| (usize::from(*size) + 1) * 4);
    let header = header.get(..length).unwrap_or(header);
    // The filter's number, the length of its properties (1), the window's size.
    let window = header.windows(3).find_map(|triple| match triple {
        [LZMA2, 1, size @ 0..=40] => Some(lzma2_window(*size)),
        _ => None,
    });
    Ok(window.unwrap_or(0) + OVERHEAD)
}

/// The window that an LZMA2 property byte stands for.
pub fn lzma2_window(property: u8) -> u64 {
    if property >= 40 {
        return u64::from(u32::MAX);
    }
    (2 | u64::from(property & 1)) << (property / 2 + 11)
}

/// A reader over all streams of an xz file, checks included, whose windows fit in `memory`.
pub fn xz<'p, 's>(input: Input<'p, 's>, memory: u64) -> impl Read + use<'p, 's> {
    let most = u32::try_from(memory >> 10).unwrap_or(u32::MAX - 1);
    XzReader::new_mem_limit(input, true, most)
}

/// A reader over all members of an lzip file; each says how large its window is.
pub struct Lzip<'p, 's, 'b> {
    input: Input<'p, 's>,
    raw: LzipStream,
    memory: Lease<'b>,
    /// KiB of it.
    leased: u32,
    ended: bool,
}

impl<'p, 's, 'b> Lzip<'p, 's, 'b> {
    pub(crate) fn new(input: Input<'p, 's>, budget: &'b Budget) -> Result<Self, Fault> {
        Ok(Self {
            input,
            raw: LzipStream::new_mem_limit(true, 0),
            memory: budget.lease(0)?,
            leased: 0,
            ended: false,
        })
    }

    /// One step: how much it gave.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let packed = self.input.fill_buf()?;
        let starved = packed.is_empty();
        let action = if starved { Action::Finish } else { Action::Run };
        let before = self.raw.total_in();
        let result = self.raw.process(packed, buffer, action);
        let read = usize::try_from(self.raw.total_in() - before).unwrap_or(0);
        self.input.consume(read);
        let wanted = self.raw.memory_usage().unwrap_or(0);
        match result {
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory && wanted > self.leased => {
                let more = u64::from(wanted - self.leased) << 10;
                self.memory.grow(more).map_err(carry)?;
                self.leased = wanted;
                self.raw.set_mem_limit(wanted);
                Ok(0)
            }
            Err(error) => Err(error),
            Ok(done) => {
                self.ended = done.status == Status::StreamEnd;
                if self.ended && !self.raw.unused_input().is_empty() {
                    return Err(carry(Fault::Ambiguous("packed-trailing-data")));
                }
                if starved && !self.ended && done.bytes_produced == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(done.bytes_produced)
            }
        }
    }
}

impl Read for Lzip<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count == 0 && !self.ended && !buffer.is_empty() {
            count = self.step(buffer)?;
        }
        Ok(count)
    }
}

/// What the decoder of the old format takes, its window and its model.
pub fn alone_memory(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    let Some([properties, a, b, c, d]) = stream.peek(5)?.first_chunk() else {
        return Ok(OVERHEAD);
    };
    let window = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
    Ok(window + model(*properties) + OVERHEAD)
}

/// The probabilities that LZMA keeps for literals, by the byte of its properties.
pub fn model(properties: u8) -> u64 {
    let (context, position) = (properties % 9, properties / 9 % 5);
    0x600 << (context + position)
}

/// A reader of the old format, which says what it read too far.
pub struct Alone<'p, 's>(Option<LzmaReader<Input<'p, 's>>>);

pub fn alone<'p, 's>(input: Input<'p, 's>) -> Result<Alone<'p, 's>, Fault> {
    LzmaReader::new_mem_limit(input, u32::MAX - 1, None)
        .map(|reader| Alone(Some(reader)))
        .map_err(|error| fault_of(error, "lzma-damaged"))
}

impl Read for Alone<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = &mut self.0 else {
            return Ok(0);
        };
        let count = reader.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            let ahead = self.0.take().map(LzmaReader::into_parts);
            if ahead.is_some_and(|(_, unused)| !unused.is_empty()) {
                return Err(carry(Fault::Ambiguous("packed-trailing-data")));
            }
        }
        Ok(count)
    }
}
