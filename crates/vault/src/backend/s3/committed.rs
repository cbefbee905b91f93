//! A committed blob: one object, or an index of the segments that it was uploaded in.

use std::{fmt, sync::Arc};

use super::{
    bucket::Bucket,
    fetch::{Budget, Fetcher, Home},
    layout::{self, Layout, MAGIC, Segment},
};
use crate::{BlobFile, Error};

/// How much of a blob is fetched to open it: all of a small one, and any index of 2000 segments.
const START: u64 = 64 << 10;

/// An open committed blob.
pub(super) struct CommittedFile {
    layout: Layout,
    fetcher: Fetcher,
}

impl CommittedFile {
    /// Opens the object `key`, whose segments, if it is an index, lie in `folder`.
    pub(super) fn open(
        bucket: &Arc<Bucket>,
        budget: &Arc<Budget>,
        key: String,
        folder: String,
    ) -> Result<Self, Error> {
        let head = bucket.head(&key, START)?;
        let fetcher = |home| Fetcher::new(Arc::clone(bucket), home, Arc::clone(budget));
        if !head.bytes.starts_with(MAGIC) {
            let layout = Layout::whole(head.size)?;
            let len = u32::try_from(head.size).map_err(|_| Error::Corrupt("object length"))?;
            let segment = Segment {
                len,
                ..Segment::BIRTH
            };
            let fetcher = fetcher(Home::Whole(key)).with_start(segment, head.bytes);
            return Ok(Self { layout, fetcher });
        }
        let index = if head.size > head.bytes.len() as u64 {
            bucket.get(&key, 0..head.size)?
        } else {
            head.bytes
        };
        Ok(Self {
            layout: layout::read_index(&index)?,
            fetcher: fetcher(Home::Folder(folder)),
        })
    }
}

impl BlobFile for CommittedFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        let end = at.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > self.layout.size()) {
            return Err(Error::Corrupt("file too short"));
        }
        self.fetcher.read(&self.layout, buf, at)
    }

    fn read_cached(&self, buf: &mut [u8], at: u64) -> bool {
        self.fetcher.read_at_hand(&self.layout, buf, at)
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), Error> {
        Err(Error::Committed)
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.layout.size())
    }

    fn set_size(&self, _: u64) -> Result<(), Error> {
        Err(Error::Committed)
    }

    fn sync(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl fmt::Debug for CommittedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommittedFile({:?})", self.fetcher.home())
    }
}
