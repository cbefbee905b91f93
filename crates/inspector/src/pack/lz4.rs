//! LZ4 frames, the old ones of the command line tool too, and skippable frames.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use crate::bridge::{Input, carry};
use crate::stream::Fault;

/// The largest blocks that frames may have, packed and unpacked, with what precedes them.
pub const MOST_MEMORY: u64 = 17 << 20;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
const OLD_MAGIC: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
/// The flag that a checksum of the content follows the end mark.
const CHECKSUM: u8 = 4;

/// Reads packed bytes and remembers the last ones.
struct Tail<'p, 's> {
    input: Input<'p, 's>,
    last: [u8; 8],
}

impl Read for Tail<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let new = &buffer[count.saturating_sub(8)..count];
        self.last.rotate_left(new.len());
        self.last[8 - new.len()..].copy_from_slice(new);
        Ok(count)
    }
}

/// The frame that is being read.
#[derive(Debug, Clone, Copy)]
enum Frame {
    /// With an end mark, this far from its end.
    Marked(usize),
    /// Of the old form, without one.
    Old,
}

/// Unpacks all frames as one content; ends where no further frame begins.
pub struct Decoder<'p, 's> {
    raw: FrameDecoder<Tail<'p, 's>>,
    within: Option<Frame>,
}

impl<'p, 's> Decoder<'p, 's> {
    pub(crate) fn new(input: Input<'p, 's>) -> Self {
        let last = [0xff; 8];
        Self {
            raw: FrameDecoder::new(Tail { input, last }),
            within: None,
        }
    }

    /// Steps over frames whose content is nobody's; whether a real one begins here.
    fn next_frame(&mut self) -> Result<bool, Fault> {
        let stream = &mut *self.raw.get_mut().input.0;
        while matches!(stream.peek(4)?, [first, 0x2a, 0x4d, 0x18] if first >> 4 == 5) {
            let header = stream.array::<8>("lz4-damaged")?;
            let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
            stream.skip(u64::from(length), "lz4-damaged")?;
        }
        let head = stream.peek(5)?;
        self.within = match head {
            [magic @ .., flags] if magic == MAGIC => {
                Some(Frame::Marked(if flags & CHECKSUM == 0 { 4 } else { 8 }))
            }
            _ if head.starts_with(&OLD_MAGIC) => Some(Frame::Old),
            _ => None,
        };
        Ok(self.within.is_some())
    }
}

impl Read for Decoder<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.within.is_none() && !self.next_frame().map_err(carry)? {
                return Ok(0);
            }
            let count = self.raw.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            // The decoder ends quietly when the file does, wherever that is.
            let last = self.raw.get_ref().last;
            if let Some(Frame::Marked(mark)) = self.within.take()
                && last[8 - mark..12 - mark] != [0; 4]
            {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
