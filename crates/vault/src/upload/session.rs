//! Where an upload stands: what is durable, and what a session has added to it.

use super::{
    Upload,
    pieces::{self, Piece},
    slots::{Progress, chain, region_start},
};
use crate::{Error, format::MessageId};

/// The state of one upload, as loaded and then as changed by one appender.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// As loaded: durable, and not touched until its successor is.
    durable: Progress,
    /// The slot to write next.
    next_seq: u64,
    pub(super) parts: u64,
    chain: [u8; 32],
    /// The pieces of part number `parts`, and where the next one belongs.
    pub(super) pieces: Vec<Piece>,
    region: u8,
    pub(super) piece_end: u64,
    /// Whether pieces were written since the tail was last synced.
    pub(super) tail_dirty: bool,
}

impl Session {
    /// Reads where the upload stands, and makes sure that it stands there after a power failure too.
    pub(crate) fn load(upload: &Upload) -> Result<Self, Error> {
        let env = &upload.env;
        let Some(tail) = upload.tail() else {
            return Ok(Self::new(Progress::START, Vec::new(), region_start(env, 0)));
        };
        let durable = Progress::load(env, &*tail)?;
        let start = region_start(env, durable.region);
        let (pieces, end) = pieces::load(env, durable.parts, &*tail, start)?;
        // What was read may still be in the page cache only, left by a process that was killed.
        upload.condemn_on_sync_error(tail.sync())?;
        Ok(Self::new(durable, pieces, end))
    }

    fn new(durable: Progress, pieces: Vec<Piece>, piece_end: u64) -> Self {
        Self {
            durable,
            next_seq: durable.seq + 1,
            parts: durable.parts,
            chain: durable.chain,
            pieces,
            region: durable.region,
            piece_end,
            tail_dirty: false,
        }
    }

    /// Plain bytes of whole parts and pieces.
    pub(crate) fn len(&self, upload: &Upload) -> u64 {
        self.parts * upload.env.part_size() + self.tail_len()
    }

    /// Plain bytes in pieces.
    pub(super) fn tail_len(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len).sum()
    }

    /// Counts the part that was just sealed as `id`; the pieces it replaces are let go.
    pub(super) fn add_part(&mut self, upload: &Upload, id: &MessageId) -> Result<(), Error> {
        self.chain = chain(&upload.env, &self.chain, id)?;
        self.parts += 1;
        self.reset_pieces(upload);
        Ok(())
    }

    /// Starts the pieces afresh, in the region where the durable ones are not.
    pub(super) fn reset_pieces(&mut self, upload: &Upload) {
        self.pieces.clear();
        self.region = 1 - self.durable.region;
        self.piece_end = region_start(&upload.env, self.region);
    }

    /// Whether the slot on disk no longer says where we are.
    pub(super) fn needs_slot(&self) -> bool {
        self.parts != self.durable.parts || self.region != self.durable.region
    }

    /// What to write to a slot now: the one that does not hold the last durable progress. It must
    /// be synced before this is called again.
    pub(super) fn next_progress(&mut self) -> Progress {
        let seq = self.next_seq;
        self.next_seq += 1;
        Progress {
            seq,
            parts: self.parts,
            region: self.region,
            chain: self.chain,
        }
    }

    pub(super) fn chain(&self) -> &[u8; 32] {
        &self.chain
    }
}
