//! Reading messages back: the pieces of a tail, and a part that has to become one.

use crate::{
    BlobFile, Error,
    format::{CHUNK, Envelope, ID, MessageId, Opener, SEALED, TAG, sealed_len},
};

use super::slots::{MAX_PIECES, PREFIX};

/// One durable piece of an unfinished part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Where its message begins.
    at: u64,
    /// Plain bytes of the part before it.
    offset: u64,
    /// Its plain bytes.
    pub(super) len: u64,
}

impl Piece {
    pub(super) fn new(at: u64, offset: u64, len: u64) -> Self {
        Self { at, offset, len }
    }

    /// Where the next piece's prefix belongs.
    fn end(&self) -> u64 {
        self.at + sealed_len(self.len)
    }

    /// Decrypts the piece into `sink`.
    pub(super) fn read(
        &self,
        env: &Envelope,
        part: u64,
        tail: &dyn BlobFile,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let opener = env.open_piece(part, self.offset, &read_id(tail, self.at)?)?;
        read_message(tail, self.at, &opener, self.len, sink)
    }
}

/// The valid pieces of part `part` from `start` on, and where the next one belongs.
///
/// A piece torn by a crash ends the list: it was never acknowledged.
pub(super) fn load(
    env: &Envelope,
    part: u64,
    tail: &dyn BlobFile,
    start: u64,
) -> Result<(Vec<Piece>, u64), Error> {
    let (mut pieces, mut at, mut offset) = (Vec::new(), start, 0);
    while pieces.len() <= MAX_PIECES {
        let mut prefix = [0; PREFIX];
        match tail.read_at(&mut prefix, at) {
            Ok(()) => {}
            Err(Error::Corrupt(_)) => break,
            Err(e) => return Err(e),
        }
        let len = u64::from(u32::from_be_bytes(prefix));
        if len == 0 || offset + len > env.part_size() {
            break;
        }
        let piece = Piece::new(at + PREFIX as u64, offset, len);
        match piece.read(env, part, tail, &mut |_| Ok(())) {
            Ok(()) => {}
            Err(Error::Corrupt(_)) => break,
            Err(e) => return Err(e),
        }
        pieces.push(piece);
        offset += len;
        at = piece.end();
    }
    Ok((pieces, at))
}

pub(super) fn read_id(file: &dyn BlobFile, at: u64) -> Result<MessageId, Error> {
    let mut id = [0; ID];
    file.read_at(&mut id, at)?;
    Ok(id)
}

/// Decrypts a whole message of `len` plain bytes at `at`, its last chunk included.
pub(super) fn read_message(
    file: &dyn BlobFile,
    at: u64,
    opener: &Opener,
    len: u64,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut sealed = vec![0; SEALED];
    let mut plain = vec![0; CHUNK];
    for chunk in 0..=len / CHUNK as u64 {
        let left = len - chunk * CHUNK as u64;
        let n = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        let from = at + ID as u64 + chunk * SEALED as u64;
        file.read_at(&mut sealed[..n + TAG], from)?;
        opener.open(chunk, &sealed[..n + TAG], &mut plain[..n])?;
        sink(&plain[..n])?;
    }
    Ok(())
}
