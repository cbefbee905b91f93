//! Seals one message into buffers that are written one after another.

use crate::{
    BlobFile, Error,
    format::{CHUNK, ID, MessageId, SEALED, Sealer, TAG},
    pool::Buffer,
};

/// The smallest buffer worth having: three chunks and the message's id.
pub(super) const SMALL: usize = ID + 3 * SEALED + TAG;
/// A large one: sixteen chunks.
pub(crate) const LARGE: usize = ID + 16 * SEALED + TAG;

/// Sealed bytes on their way to the file.
pub(super) struct Batch {
    pub(super) buf: Buffer,
    pub(super) len: usize,
    pub(super) at: u64,
}

/// Takes plain bytes, holds less than one chunk of them unsealed, and yields sealed batches.
pub(super) struct Batcher {
    sealer: Sealer,
    buf: Buffer,
    /// Where `buf[0]` belongs in the file.
    at: u64,
    /// `buf[..sealed]` is ready to be written.
    sealed: usize,
    /// `buf[sealed..][..plain]` is the chunk that is filling up.
    plain: usize,
    total: u64,
}

impl Batcher {
    /// A message at `at` in its file. `buf` holds at least [`SMALL`] bytes.
    pub(super) fn new(sealer: Sealer, mut buf: Buffer, at: u64) -> Self {
        buf[..ID].copy_from_slice(sealer.id());
        Self {
            sealer,
            buf,
            at,
            sealed: ID,
            plain: 0,
            total: 0,
        }
    }

    pub(super) fn id(&self) -> &MessageId {
        self.sealer.id()
    }

    /// Plain bytes pushed so far.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Whether the sealed bytes must be taken before more can be pushed or the message ended.
    pub(super) fn is_full(&self) -> bool {
        self.sealed + SEALED > self.buf.len()
    }

    /// Takes as much of `data` as there is room for, and says how much.
    pub(super) fn push(&mut self, data: &[u8]) -> Result<usize, Error> {
        let mut used = 0;
        while used < data.len() && !self.is_full() {
            let rest = &data[used..];
            let slot = &mut self.buf[self.sealed..self.sealed + SEALED];
            if self.plain == 0 && rest.len() >= CHUNK {
                self.sealer.seal(&rest[..CHUNK], slot)?;
                self.sealed += SEALED;
                used += CHUNK;
                continue;
            }
            let n = rest.len().min(CHUNK - self.plain);
            slot[self.plain..self.plain + n].copy_from_slice(&rest[..n]);
            self.plain += n;
            used += n;
            if self.plain == CHUNK {
                self.sealer.seal_in_place(slot)?;
                self.sealed += SEALED;
                self.plain = 0;
            }
        }
        self.total += used as u64;
        Ok(used)
    }

    /// Seals the last, short chunk. Not while the batcher is full.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        let len = self.plain + TAG;
        self.sealer
            .seal_in_place(&mut self.buf[self.sealed..self.sealed + len])?;
        self.sealed += len;
        self.plain = 0;
        Ok(())
    }

    /// Hands out the sealed bytes and goes on in `next`.
    pub(super) fn take(&mut self, mut next: Buffer) -> Batch {
        next[..self.plain].copy_from_slice(&self.buf[self.sealed..self.sealed + self.plain]);
        let batch = Batch {
            buf: std::mem::replace(&mut self.buf, next),
            len: self.sealed,
            at: self.at,
        };
        self.at += batch.len as u64;
        self.sealed = 0;
        batch
    }

    /// Writes the sealed bytes at once, in the calling thread.
    pub(super) fn write_out(&mut self, file: &dyn BlobFile) -> Result<(), Error> {
        file.write_at(&self.buf[..self.sealed], self.at)?;
        self.at += self.sealed as u64;
        self.buf
            .copy_within(self.sealed..self.sealed + self.plain, 0);
        self.sealed = 0;
        Ok(())
    }

    /// Pushes all of `data`, writing as needed, in the calling thread.
    pub(super) fn push_all(&mut self, mut data: &[u8], file: &dyn BlobFile) -> Result<(), Error> {
        while !data.is_empty() {
            if self.is_full() {
                self.write_out(file)?;
            }
            let used = self.push(data)?;
            data = &data[used..];
        }
        Ok(())
    }

    /// Ends the message and writes what is left, in the calling thread.
    pub(super) fn end_and_write(&mut self, file: &dyn BlobFile) -> Result<(), Error> {
        if self.is_full() {
            self.write_out(file)?;
        }
        self.end()?;
        self.write_out(file)
    }
}
