//! LZMA in its wrappings: xz, lzip, and the old file format without one.

use std::io::{self, Read};

use lzma_rust2::{LzipReader, LzmaReader, XzReader};

use crate::bridge::{Input, carry, fault_of};
use crate::limits::Budget;
use crate::stream::{Fault, Stream};

/// What a decoder needs beside its window.
const OVERHEAD: u64 = 1 << 20;

/// The window of the first block of an xz file; later blocks may have larger ones up to this.
///
/// The block header says it: flags, sizes if any, then filters with their properties
/// (The .xz File Format 1.2.1, section 3.1).
pub fn xz_window(stream: &mut Stream<'_>) -> Result<u64, Fault> {
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

/// A reader over all streams of an xz file; checks included.
pub fn xz<'p, 's>(input: Input<'p, 's>, budget: &Budget) -> impl Read + use<'p, 's> {
    // Beyond what is already leased for the first block.
    let most = (budget.memory_left() + (64 << 20)) >> 10;
    XzReader::new_mem_limit(input, true, u32::try_from(most).unwrap_or(u32::MAX - 1))
}

pub fn lzip_window(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    let head = stream.peek(6)?;
    let coded = head.get(5).map_or(0, |byte| u32::from(*byte));
    let base = 1_u64 << (coded & 31);
    Ok(base - base / 16 * u64::from(coded >> 5) + OVERHEAD)
}

pub fn lzip<'p, 's>(input: Input<'p, 's>) -> impl Read + use<'p, 's> {
    LzipReader::new(input)
}

pub fn alone_window(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    let head = stream.peek(5)?;
    let window = head
        .get(1..5)
        .map_or(0, |w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    Ok(u64::from(window) + OVERHEAD)
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
