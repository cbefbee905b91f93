//! The two progress slots at the head of the tail file.

use crate::{
    BlobFile, Error,
    crypto::equal,
    format::{Envelope, MessageId, sealed_len},
};

const MAGIC: &[u8; 4] = b"SOFT";
const LABEL: &[u8] = b"sofie upload v1 progress";
const CHAIN_LABEL: &[u8] = b"sofie upload v1 chain";
const BODY: usize = 56;
const SLOT: usize = BODY + 32;
/// Each slot in a disk sector of its own: a torn write spoils one of them at most.
const SPACING: u64 = 2048;
const HEAD: u64 = 2 * SPACING;
/// Above this many pieces the tail is sealed anew as one.
pub(super) const MAX_PIECES: usize = 64;
/// Bytes before each piece: its plain length.
pub(super) const PREFIX: usize = 4;

/// How far the whole parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Grows with every slot written; its parity chooses the slot.
    pub(super) seq: u64,
    /// Whole parts in `Data`.
    pub(super) parts: u64,
    /// Which of the two regions of the tail file holds the pieces of the next part.
    pub(super) region: u8,
    /// Over the ids of all parts in order.
    pub(super) chain: [u8; 32],
}

impl Progress {
    pub(super) const START: Self = Self {
        seq: 0,
        parts: 0,
        region: 0,
        chain: [0; 32],
    };

    /// The newest slot that authenticates.
    pub(super) fn load(env: &Envelope, tail: &dyn BlobFile) -> Result<Self, Error> {
        let mut newest = Self::START;
        for slot in 0..2 {
            let mut bytes = [0; SLOT];
            match tail.read_at(&mut bytes, slot * SPACING) {
                Ok(()) => {}
                Err(Error::Corrupt(_)) => continue,
                Err(e) => return Err(e),
            }
            let (body, tag) = bytes.split_at(BODY);
            if !equal(&env.mac(LABEL, &[body])?, tag) || &body[..4] != MAGIC {
                continue;
            }
            let found = Self::decode(body);
            if found.seq > newest.seq {
                newest = found;
            }
        }
        Ok(newest)
    }

    /// Writes (without syncing) the slot that `seq` belongs to.
    pub(super) fn store(&self, env: &Envelope, tail: &dyn BlobFile) -> Result<(), Error> {
        let mut bytes = [0; SLOT];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = self.region;
        bytes[8..16].copy_from_slice(&self.seq.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.parts.to_be_bytes());
        bytes[24..BODY].copy_from_slice(&self.chain);
        let tag = env.mac(LABEL, &[&bytes[..BODY]])?;
        bytes[BODY..].copy_from_slice(&tag);
        tail.write_at(&bytes, (self.seq % 2) * SPACING)
    }

    fn decode(body: &[u8]) -> Self {
        let number = |at: usize| {
            let mut out = [0; 8];
            out.copy_from_slice(&body[at..at + 8]);
            u64::from_be_bytes(out)
        };
        let mut chain = [0; 32];
        chain.copy_from_slice(&body[24..BODY]);
        Self {
            seq: number(8),
            parts: number(16),
            region: body[4] & 1,
            chain,
        }
    }
}

/// The chain with one more part.
pub(super) fn chain(env: &Envelope, chain: &[u8; 32], id: &MessageId) -> Result<[u8; 32], Error> {
    env.mac(CHAIN_LABEL, &[chain, id])
}

/// Where a region begins. Each has room for [`MAX_PIECES`] pieces of one whole part.
pub(super) fn region_start(env: &Envelope, region: u8) -> u64 {
    let room = sealed_len(env.part_size()) + (MAX_PIECES as u64 + 1) * 128;
    HEAD + u64::from(region) * room.next_multiple_of(4096)
}
