//! The blocking end of a session: make durable what arrived, or commit the blob.

use super::{
    Session, Upload,
    batcher::{Batch, Batcher, LARGE},
    pieces::{Piece, read_message},
    slots::{MAX_PIECES, PREFIX, Progress, chain},
};
use crate::{
    Error,
    format::{ID, Manifest, sealed_len},
    pool::Buffer,
};

/// The message that is being filled.
pub(super) enum Open {
    /// A part, in its final place in `Data`.
    Part(Batcher),
    /// A piece of a part, in `Tail`.
    Piece(Batcher),
}

impl Open {
    pub(super) fn batcher(&mut self) -> &mut Batcher {
        match self {
            Self::Part(batcher) | Self::Piece(batcher) => batcher,
        }
    }
}

impl Upload {
    /// Writes a batch to the file that its kind of message goes to.
    pub(super) fn write(&self, batch: &Batch, is_piece: bool) -> Result<(), Error> {
        let bytes = &batch.buf[..batch.len];
        if is_piece {
            self.tail_or_make()?.write_at(bytes, batch.at)?;
        } else {
            self.data.write_at(bytes, batch.at)?;
        }
        sofie_killpoint::reach("K2");
        Ok(())
    }

    /// Starts part number `session.parts` in its final place.
    pub(super) fn begin_part(&self, session: &Session, buf: Buffer) -> Result<Batcher, Error> {
        let sealer = self.env.seal_part(session.parts)?;
        let at = self.env.part_start(session.parts);
        Ok(Batcher::new(sealer, buf, at))
    }

    /// Starts a piece behind the others.
    pub(super) fn begin_piece(&self, session: &Session, buf: Buffer) -> Result<Batcher, Error> {
        let sealer = self.env.seal_piece(session.parts, session.tail_len())?;
        Ok(Batcher::new(sealer, buf, session.piece_end + PREFIX as u64))
    }

    /// Puts the pieces at the beginning of the part that replaces them.
    pub(super) fn fold(
        &self,
        part: u64,
        pieces: &[Piece],
        into: &mut Batcher,
    ) -> Result<(), Error> {
        let tail = self.tail().ok_or(Error::NotFound)?;
        for piece in pieces {
            let sink = &mut |plain: &[u8]| into.push_all(plain, &*self.data);
            piece.read(&self.env, part, &*tail, sink)?;
        }
        Ok(())
    }

    /// Ends a piece. Its length is written last, and all of it counts only if it authenticates.
    pub(super) fn end_piece(&self, session: &mut Session, mut piece: Batcher) -> Result<(), Error> {
        if piece.total() == 0 {
            return Ok(());
        }
        let tail = self.tail_or_make()?;
        piece.end_and_write(&*tail)?;
        let len = u32::try_from(piece.total()).map_err(|_| Error::Corrupt("piece length"))?;
        tail.write_at(&len.to_be_bytes(), session.piece_end)?;
        let (at, offset) = (session.piece_end + PREFIX as u64, session.tail_len());
        session.pieces.push(Piece::new(at, offset, u64::from(len)));
        session.piece_end = at + sealed_len(u64::from(len));
        session.tail_dirty = true;
        Ok(())
    }

    /// Makes durable all that arrived; the new durable length.
    pub(super) fn settle(&self, session: &mut Session, open: Option<Open>) -> Result<u64, Error> {
        match open {
            Some(Open::Part(part)) => self.spill(session, part)?,
            Some(Open::Piece(piece)) => self.end_piece(session, piece)?,
            None => {}
        }
        sofie_killpoint::reach("K3");
        if session.needs_slot() {
            self.checkpoint(&session.next_progress())?;
        } else if session.tail_dirty {
            self.condemn_on_sync_error(self.tail_or_make()?.sync())?;
        }
        Ok(session.len(self))
    }

    /// Makes whole parts durable and records it; others may be written meanwhile.
    pub(super) fn checkpoint(&self, progress: &Progress) -> Result<(), Error> {
        self.condemn_on_sync_error(self.data.sync())?;
        sofie_killpoint::reach("K4");
        let tail = self.tail_or_make()?;
        progress.store(&self.env, &*tail)?;
        self.condemn_on_sync_error(tail.sync())
    }

    /// Moves a part that is not whole out of `Data` into a piece.
    fn spill(&self, session: &mut Session, mut part: Batcher) -> Result<(), Error> {
        let known = session.tail_len();
        if part.total() == known {
            return Ok(());
        }
        part.end_and_write(&*self.data)?;
        let mut skip = known;
        if session.pieces.len() >= MAX_PIECES {
            session.reset_pieces(self);
            skip = 0;
        }
        let tail = self.tail_or_make()?;
        let mut piece = self.begin_piece(session, Buffer::small(LARGE))?;
        let opener = self.env.open_part(session.parts, part.id())?;
        let at = self.env.part_start(session.parts);
        read_message(&*self.data, at, &opener, part.total(), &mut |plain| {
            let cut = usize::try_from(skip).map_or(plain.len(), |skip| skip.min(plain.len()));
            skip -= cut as u64;
            piece.push_all(&plain[cut..], &*tail)
        })?;
        self.end_piece(session, piece)
    }

    /// Ends the blob at what has arrived, which must be `total` bytes, and publishes it.
    pub(super) fn commit(
        &self,
        session: &mut Session,
        open: Option<Open>,
        total: u64,
    ) -> Result<(), Error> {
        let part = match open {
            Some(Open::Part(part)) => Some(part).filter(|part| part.total() > 0),
            Some(Open::Piece(piece)) => {
                self.end_piece(session, piece)?;
                None
            }
            None => None,
        };
        let part = match part {
            None if session.pieces.is_empty() && session.parts > 0 => None,
            None => {
                let mut part = self.begin_part(session, Buffer::small(LARGE))?;
                if !session.pieces.is_empty() {
                    self.fold(session.parts, &session.pieces, &mut part)?;
                }
                Some(part)
            }
            part => part,
        };
        let mut last = self.env.part_size();
        if let Some(mut part) = part {
            part.end_and_write(&*self.data)?;
            last = part.total();
            session.add_part(self, part.id())?;
        }
        let actual = (session.parts - 1) * self.env.part_size() + last;
        if actual != total {
            return Err(Error::LengthMismatch {
                actual,
                expected: total,
            });
        }
        self.write_manifest(session, last, total)
    }

    fn write_manifest(&self, session: &Session, last: u64, total: u64) -> Result<(), Error> {
        let parts = session.parts;
        let places: Vec<u64> = (0..parts).map(|index| self.env.part_start(index)).collect();
        let mut ids = vec![0; places.len() * ID];
        self.data.read_each(&places, ID, &mut ids)?;
        let mut found = Progress::START.chain;
        for id in ids.as_chunks::<ID>().0 {
            found = chain(&self.env, &found, id)?;
        }
        if found != *session.chain() {
            return Err(Error::Corrupt("a part was exchanged during the upload"));
        }
        let manifest = Manifest::build(&self.env, &ids, total)?;
        let at = self.env.part_start(parts - 1) + sealed_len(last);
        self.data.write_at(&manifest, at)?;
        sofie_killpoint::reach("K6");
        self.data.set_size(at + manifest.len() as u64)?;
        self.condemn_on_sync_error(self.data.sync())?;
        sofie_killpoint::reach("K7");
        self.backend.publish(self.blob)
    }
}
