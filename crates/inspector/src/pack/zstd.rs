//! Zstandard (RFC 8878): frames and skippable frames, without dictionaries.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::bridge::{Input, carry};
use crate::limits::{Budget, Lease};
use crate::stream::{Fault, Stream};

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// Longest frame header.
const LONGEST_HEADER: usize = 18;
/// Tables and one block beside the window.
const OVERHEAD: u64 = 1 << 20;

/// Unpacks all frames as one content; ends where no further frame begins.
pub struct Decoder<'p, 's, 'b> {
    input: Input<'p, 's>,
    budget: &'b Budget,
    frame: Option<(FrameDecoder, Lease<'b>)>,
}

impl<'p, 's, 'b> Decoder<'p, 's, 'b> {
    pub(crate) fn new(input: Input<'p, 's>, budget: &'b Budget) -> Self {
        Self {
            input,
            budget,
            frame: None,
        }
    }

    /// Begins the next frame; false when there is none.
    fn next_frame(&mut self) -> Result<bool, Fault> {
        let stream = &mut *self.input.0;
        while is_skippable(stream.peek(4)?) {
            let header = stream.array::<8>("zstd-damaged")?;
            let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
            stream.skip(u64::from(length), "zstd-damaged")?;
        }
        if !stream.peek(4)?.starts_with(&MAGIC) {
            return Ok(false);
        }
        let window = window(stream)?;
        let lease = self.budget.lease(window.saturating_add(OVERHEAD))?;
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window);
        decoder
            .init(&mut self.input)
            .map_err(|_| Fault::Damaged("zstd-damaged"))?;
        self.frame = Some((decoder, lease));
        Ok(true)
    }
}

impl Read for Decoder<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some((decoder, _)) = &mut self.frame else {
                if self.next_frame().map_err(carry)? {
                    continue;
                }
                return Ok(0);
            };
            let count = decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if decoder.is_finished() {
                let stated = decoder.get_checksum_from_data();
                if stated.is_some() && stated != decoder.get_calculated_checksum() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                self.frame = None;
                continue;
            }
            decoder
                .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                .map_err(io::Error::other)?;
        }
    }
}

/// Whether four bytes begin a frame whose content is nobody's.
fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [first, 0x2a, 0x4d, 0x18] if first >> 4 == 5)
}

/// The window of the frame that begins here (RFC 8878, 3.1.1.1).
fn window(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    let head = stream.peek(LONGEST_HEADER)?;
    let at = |index: usize| head.get(index).copied().unwrap_or_default();
    let descriptor = at(4);
    let dictionary = usize::from([0_u8, 1, 2, 4][usize::from(descriptor & 3)]);
    let single = descriptor & 0x20 != 0;
    let start = 5 + usize::from(!single);
    if (start..start + dictionary).any(|index| at(index) != 0) {
        return Err(Fault::Damaged("zstd-dictionary"));
    }
    if !single {
        let (exponent, mantissa) = (at(5) >> 3, at(5) & 7);
        let base = 1_u64 << (10 + exponent);
        return Ok(base + base / 8 * u64::from(mantissa));
    }
    let size = start + dictionary;
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let value = (0..length).rev().fold(0_u64, |value, index| {
        value << 8 | u64::from(at(size + index))
    });
    Ok(value
        .saturating_add(if length == 2 { 256 } else { 0 })
        .max(1 << 10))
}
