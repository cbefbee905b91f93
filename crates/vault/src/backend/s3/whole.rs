//! A small blob on its way into one object.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::{bucket::Bucket, layout::MAGIC};
use crate::{BlobFile, Error};

/// A file that is put whole by its only sync; nobody else sees it before.
pub(super) struct WholeFile {
    bucket: Arc<Bucket>,
    key: String,
    content: Mutex<Vec<u8>>,
}

impl WholeFile {
    pub(super) fn new(bucket: &Arc<Bucket>, key: String) -> Self {
        Self {
            bucket: Arc::clone(bucket),
            key,
            content: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_usize(n: u64) -> Result<usize, Error> {
    usize::try_from(n).map_err(|_| Error::Corrupt("offset"))
}

impl BlobFile for WholeFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        let at = to_usize(at)?;
        let content = self.lock();
        let found = at
            .checked_add(buf.len())
            .and_then(|end| content.get(at..end));
        buf.copy_from_slice(found.ok_or(Error::Corrupt("file too short"))?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let (at, mut content) = (to_usize(at)?, self.lock());
        let end = at
            .checked_add(bytes.len())
            .ok_or(Error::Corrupt("offset"))?;
        if content.len() < end {
            content.resize(end, 0);
        }
        content[at..end].copy_from_slice(bytes);
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.lock().len() as u64)
    }

    fn set_size(&self, size: u64) -> Result<(), Error> {
        self.lock().resize(to_usize(size)?, 0);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let content = self.lock();
        if content.is_empty() || content.starts_with(MAGIC) {
            return Err(Error::Corrupt("not a blob"));
        }
        self.bucket
            .put_new(&self.key, Bytes::copy_from_slice(&content))
    }
}

impl fmt::Debug for WholeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WholeFile({})", self.key)
    }
}
