//! What the blocks of a folder unpack to.

use flate2::{Decompress, FlushDecompress};
use lzxd::{Lzxd, WindowSize};

use super::header::Folder;
use super::{DAMAGED, TRUNCATED, double, word};
use crate::limits::{Budget, Lease};
use crate::seek::Seekable;
use crate::stream::{Fault, Feed};

/// What a block unpacks to at most.
const BLOCK: usize = 32 << 10;

pub enum Codec {
    Stored,
    /// What went before, at most 32 KiB.
    MsZip(Vec<u8>),
    Lzx(Box<Lzxd>),
}

impl Codec {
    pub(crate) fn new(method: u16, budget: &Budget) -> Result<(Self, Lease<'_>), Fault> {
        let lease = budget.lease(4 * BLOCK as u64)?;
        let codec = match method & 0x000f {
            0 => Self::Stored,
            1 => Self::MsZip(Vec::new()),
            3 => {
                let mut lease = lease;
                let window = match method >> 8 & 0x1f {
                    15 => WindowSize::KB32,
                    16 => WindowSize::KB64,
                    17 => WindowSize::KB128,
                    18 => WindowSize::KB256,
                    19 => WindowSize::KB512,
                    20 => WindowSize::MB1,
                    21 => WindowSize::MB2,
                    _ => return Err(Fault::Damaged(DAMAGED)),
                };
                lease.grow(4 << 20)?;
                return Ok((Self::Lzx(Box::new(Lzxd::new(window))), lease));
            }
            _ => return Err(Fault::Damaged("cab-method-not-supported")),
        };
        Ok((codec, lease))
    }

    /// Unpacks one block.
    fn unpack(&mut self, packed: &[u8], length: usize) -> Option<Vec<u8>> {
        match self {
            Self::Stored => Some(packed.to_vec()),
            Self::MsZip(past) => {
                let mut raw = Decompress::new(false);
                if !past.is_empty() {
                    raw.set_dictionary(past).ok()?;
                }
                let mut block = vec![0; length];
                let packed = packed.strip_prefix(b"CK")?;
                raw.decompress(packed, &mut block, FlushDecompress::Finish)
                    .ok()?;
                block.truncate(usize::try_from(raw.total_out()).ok()?);
                past.extend_from_slice(&block);
                let old = past.len().saturating_sub(BLOCK);
                past.drain(..old);
                Some(block)
            }
            Self::Lzx(state) => state
                .decompress_next(packed, length)
                .ok()
                .map(<[u8]>::to_vec),
        }
    }
}

/// What the blocks of one folder unpack to.
pub struct Data<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    budget: &'b Budget,
    codec: Codec,
    at: u64,
    left: u16,
    reserve: u64,
    block: Vec<u8>,
    given: usize,
    failed: Option<&'static str>,
}

impl<'r, 'b, 'p, 's> Data<'r, 'b, 'p, 's> {
    /// The data of `folder`, whose blocks have `reserve` bytes of their own in their headers.
    pub(crate) fn new(
        whole: &'r mut Seekable<'b, 'p, 's>,
        budget: &'b Budget,
        codec: Codec,
        folder: &Folder,
        reserve: u64,
    ) -> Self {
        Self {
            whole,
            budget,
            codec,
            at: folder.start,
            left: folder.blocks,
            reserve,
            block: Vec::new(),
            given: 0,
            failed: None,
        }
    }

    fn next(&mut self) -> Result<(), Fault> {
        let head = self.whole.array_at::<8>(self.at, TRUNCATED)?;
        let (length, unpacked) = (word(&head, 4), usize::from(word(&head, 6)));
        if unpacked == 0 || unpacked > BLOCK {
            return Err(Fault::Damaged("cab-split"));
        }
        // What follows the checksum in the header is under it too.
        let mut covered = vec![0; 4 + usize::try_from(self.reserve).unwrap_or(0)];
        self.whole.fill_at(self.at + 4, &mut covered, TRUNCATED)?;
        let mut packed = vec![0; usize::from(length)];
        self.whole
            .fill_at(self.at + 8 + self.reserve, &mut packed, TRUNCATED)?;
        let stated = double(&head, 0);
        if stated != 0 && stated != checksum(&packed) ^ checksum(&covered) {
            return Err(Fault::Damaged("cab-wrong-checksum"));
        }
        self.at += 8 + self.reserve + u64::from(length);
        self.left -= 1;
        let block = self.codec.unpack(&packed, unpacked);
        self.block = block
            .filter(|block| block.len() == unpacked)
            .ok_or(Fault::Damaged(DAMAGED))?;
        self.given = 0;
        self.budget.count_unpacked(unpacked as u64)
    }
}

impl Feed for Data<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while self.given == self.block.len() {
            if self.left == 0 {
                return Ok(0);
            }
            if let Some(code) = self.failed {
                return Err(Fault::Damaged(code));
            }
            self.next().inspect_err(|fault| {
                if let Fault::Damaged(code) = fault {
                    self.failed = Some(code);
                }
            })?;
        }
        let some = &self.block[self.given..];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.given += count;
        Ok(count)
    }
}

/// The checksum of a block ([MS-CAB] 3.1): its words, and what is left with the last byte lowest.
fn checksum(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let left = rest.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    words
        .iter()
        .fold(left, |sum, word| sum ^ u32::from_le_bytes(*word))
}
