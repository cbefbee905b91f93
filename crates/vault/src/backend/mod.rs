//! Where blobs lie: positional files by blob id. Blocking; the vault calls it off the async threads.

mod local;
mod marker;
mod memory;
mod s3;

use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

pub use local::LocalBackend;
pub use memory::MemoryBackend;
pub use s3::{S3Backend, S3Options};

use crate::{BlobId, Error};

/// Which file of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// The committed blob: immutable.
    Blob,
    /// Header and whole parts of an unfinished upload; becomes [`Area::Blob`].
    Data,
    /// Progress and the unfinished part of an upload.
    Tail,
}

/// What [`BlobBackend::list`] knows about one blob without any key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// The blob.
    pub blob: BlobId,
    /// When its oldest file was made.
    pub created: SystemTime,
    /// When it was last written: tells a stalled upload from a running one.
    pub modified: SystemTime,
    /// Whether it is committed; otherwise an unfinished or condemned upload.
    pub committed: bool,
    /// Bytes stored, sealed, all files of it together.
    pub size: u64,
}

/// What [`BlobBackend::probe`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// What the store's own clock showed, if it has one.
    pub clock: Option<SystemTime>,
}

/// A store of files named by blob and area. All calls block; implementations are shared between threads.
pub trait BlobBackend: fmt::Debug + Send + Sync + 'static {
    /// Accepts the store if it is ours: makes the marker in an empty store, otherwise requires the
    /// marker of the same `instance` (T34). `instance` is 1 to 64 letters, digits or hyphens.
    fn ensure_marker(&self, instance: &str) -> Result<(), Error>;

    /// Like [`BlobBackend::ensure_marker`], but an empty store is refused too: for every start
    /// after the first, so that a volume which is not mounted is noticed.
    fn require_marker(&self, instance: &str) -> Result<(), Error>;

    /// Makes an empty file. [`Error::AlreadyExists`] if it is there. The name is durable only
    /// after [`BlobBackend::sync_names`].
    fn create(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error>;

    /// Opens a file; [`Area::Blob`] for reading only. [`Error::NotFound`] if it is not there. It shows
    /// at least what was synced before.
    fn open(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error>;

    /// Makes the names of the blob's files durable.
    fn sync_names(&self, blob: BlobId) -> Result<(), Error>;

    /// Turns the synced [`Area::Data`] into [`Area::Blob`], durably, and drops the tail.
    fn publish(&self, blob: BlobId) -> Result<(), Error>;

    /// Takes an upload whose sync failed out of use for good; [`BlobBackend::remove`] clears it away.
    fn condemn(&self, blob: BlobId) -> Result<(), Error>;

    /// Removes all files of the blob, durably. Fine if there are none.
    fn remove(&self, blob: BlobId) -> Result<(), Error>;

    /// All blobs whose id begins with the byte `shard`, in any order.
    fn list(&self, shard: u8) -> Result<Vec<BlobInfo>, Error>;

    /// Where a committed blob lies in the file system of this machine, if it does.
    fn local_path(&self, _blob: BlobId) -> Option<PathBuf> {
        None
    }

    /// Bytes that can still be written, if the store has a limit.
    fn free_space(&self) -> Result<Option<u64>, Error>;

    /// Writes something, reads it back and deletes it, and makes sure that the store does what
    /// this trait asks for. Files are not touched.
    fn probe(&self) -> Result<Probe, Error> {
        Ok(Probe::default())
    }
}

/// One file of a blob.
pub trait BlobFile: fmt::Debug + Send + Sync + 'static {
    /// Fills `buf` from `at`; [`Error::Corrupt`] when the file ends before.
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error>;

    /// Fills `buf` with `len` bytes from each of `places`, one after another: for a store where each
    /// read is a journey.
    fn read_each(&self, places: &[u64], len: usize, buf: &mut [u8]) -> Result<(), Error> {
        for (at, slot) in places.iter().zip(buf.chunks_mut(len)) {
            self.read_at(slot, *at)?;
        }
        Ok(())
    }

    /// Fills `buf` from `at` if that needs no waiting for the disk, and says whether it did.
    fn read_cached(&self, _buf: &mut [u8], _at: u64) -> bool {
        false
    }

    /// Writes all of `bytes` at `at`; [`Error::NoSpace`] on a full volume.
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error>;

    /// The file's length.
    fn size(&self) -> Result<u64, Error>;

    /// Cuts or extends (with zeros) the file.
    fn set_size(&self, size: u64) -> Result<(), Error>;

    /// Makes all that was written durable. [`Error::Sync`] is final: never sync the file again.
    fn sync(&self) -> Result<(), Error>;
}

#[cfg(test)]
pub(crate) mod contract;
