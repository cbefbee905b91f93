//! Blobs in a bucket of an S3-compatible object store.
//!
//! Objects can't be appended to, so a file is a set of immutable, numbered *segments*, each put
//! before anything in it is acknowledged. `ab/ab…32 hex…/data/…` and `…/tail/…` are the segments of
//! an upload; `…/blob` makes it a committed blob: either its bytes, when they are few, or the index
//! of its segments, so that committing copies nothing. `…/bad` condemns an upload; `sofie-vault` is
//! the marker. Reasons: `docs/adr/013-object-storage.md`.

mod bucket;
mod committed;
mod fetch;
mod folder;
mod growing;
mod layout;
mod pending;
mod reason;
#[cfg(test)]
pub(crate) mod tests;
mod whole;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use secrecy::SecretString;

use self::{
    bucket::Bucket,
    committed::CommittedFile,
    fetch::{Budget, Fetcher, Home},
    folder::Folder,
    growing::{GrowingFile, SEGMENT},
    layout::{Layout, Segment},
    whole::WholeFile,
};
use super::{
    Area, BlobBackend, BlobFile, BlobInfo, Probe,
    marker::{self, MARKER},
};
use crate::{BlobId, Error};

/// Written bytes in memory that are in no segment yet, all uploads together, before segments get
/// shorter; and bytes that were read ahead.
const WRITING: usize = 128 << 20;
const READING: usize = 64 << 20;
/// Where the objects of [`BlobBackend::probe`] lie. They don't count as files.
const PROBES: &str = "probe";

/// Where a bucket is and how it is entered.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The address of the store, such as `https://s3.example.org`.
    pub endpoint: String,
    /// The bucket, which must exist.
    pub bucket: String,
    /// What all names begin with; may be empty.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Whose key it is.
    pub access_key: String,
    /// The key that requests are signed with.
    pub secret_key: SecretString,
    /// Certificates (PEM) that are trusted beside those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// Whether the bucket is named in the path, not in the host.
    pub path_style: bool,
}

/// A bucket of blobs.
pub struct S3Backend {
    bucket: Arc<Bucket>,
    budgets: Budgets,
}

/// What may be held in memory.
pub(super) struct Budgets {
    writing: Arc<Budget>,
    reading: Arc<Budget>,
}

impl S3Backend {
    /// Uses a bucket. Nothing is asked of it before [`BlobBackend::ensure_marker`].
    pub fn open(options: &S3Options) -> Result<Self, Error> {
        Ok(Self {
            bucket: Arc::new(Bucket::open(options)?),
            budgets: Budgets {
                writing: Budget::new(WRITING),
                reading: Budget::new(READING),
            },
        })
    }

    fn marker(&self) -> Result<Option<Bytes>, Error> {
        match self.bucket.look(MARKER, 256) {
            Ok(head) => Ok(Some(head.bytes)),
            Err(Error::NotFound) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether there is nothing but what a probe may have left.
    fn is_fresh(&self) -> Result<bool, Error> {
        let objects = self.bucket.list("", Some(8))?;
        let probe = format!("{PROBES}/");
        Ok(objects.iter().all(|object| object.key.starts_with(&probe)))
    }

    /// All bytes of an upload's data, which are few.
    fn read_all(&self, folder: &Folder, layout: &Layout) -> Result<Vec<u8>, Error> {
        let size = usize::try_from(layout.size()).map_err(|_| Error::Corrupt("size"))?;
        let home = Home::Folder(folder.area(Area::Data));
        let reading = Arc::clone(&self.budgets.reading);
        let mut bytes = vec![0; size];
        Fetcher::new(Arc::clone(&self.bucket), home, reading).read(layout, &mut bytes, 0)?;
        Ok(bytes)
    }
}

impl BlobBackend for S3Backend {
    fn ensure_marker(&self, instance: &str) -> Result<(), Error> {
        let text = marker::text(instance)?;
        if let Some(found) = self.marker()? {
            return marker::compare(&found, &text);
        }
        if !self.is_fresh()? {
            return Err(Error::Marker("it holds files but no marker"));
        }
        let made = self.bucket.put_new(MARKER, Bytes::from(text));
        made.map_err(|error| match error {
            Error::AlreadyExists => Error::Marker("its marker names another instance"),
            other => other,
        })
    }

    fn require_marker(&self, instance: &str) -> Result<(), Error> {
        let text = marker::text(instance)?;
        let found = self.marker()?;
        let found = found.ok_or(Error::Marker(
            "its marker is missing; is it the right bucket?",
        ))?;
        marker::compare(&found, &text)
    }

    fn create(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let folder = Folder::of(blob);
        if area == Area::Blob {
            return match self.bucket.head(&folder.committed(), 1) {
                Ok(_) => Err(Error::AlreadyExists),
                Err(Error::NotFound) => {
                    let file = WholeFile::new(&self.bucket, folder.committed());
                    Ok(Arc::new(file))
                }
                Err(e) => Err(e),
            };
        }
        let key = format!("{}/{}", folder.area(area), Segment::BIRTH.name());
        self.bucket.put_new(&key, nonce()?)?;
        let layout = Layout::of(vec![Segment::BIRTH]);
        let file = GrowingFile::new(&self.bucket, folder, area, layout, &self.budgets);
        Ok(Arc::new(file))
    }

    fn open(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let folder = Folder::of(blob);
        if area == Area::Blob {
            let (key, data) = (folder.committed(), folder.area(Area::Data));
            let file = CommittedFile::open(&self.bucket, &self.budgets.reading, key, data)?;
            return Ok(Arc::new(file));
        }
        let layout = folder.contents(&self.bucket)?.layout(area);
        let layout = layout.ok_or(Error::NotFound)?;
        let file = GrowingFile::new(&self.bucket, folder, area, layout, &self.budgets);
        Ok(Arc::new(file))
    }

    /// An object is durable, with its name, once the store has said so.
    fn sync_names(&self, _: BlobId) -> Result<(), Error> {
        Ok(())
    }

    fn publish(&self, blob: BlobId) -> Result<(), Error> {
        let folder = Folder::of(blob);
        let contents = folder.contents(&self.bucket)?;
        let mut layout = contents.layout(Area::Data).ok_or(Error::NotFound)?;
        let is_small = layout.size() <= SEGMENT as u64;
        let content = if is_small {
            self.read_all(&folder, &layout)?
        } else {
            layout::index(&layout)
        };
        if content.is_empty() || (is_small && content.starts_with(layout::MAGIC)) {
            return Err(Error::Corrupt("not a blob"));
        }
        self.bucket.put_new(&folder.committed(), content.into())?;
        // What is left lies in nobody's way, and goes with the blob at the latest.
        let [mut dead, _] = contents.keys(&folder);
        if !is_small {
            let unused = layout.take_dead();
            let data = folder.area(Area::Data);
            dead.retain(|key| !key.starts_with(&data));
            dead.extend(unused.iter().map(|dead| format!("{data}/{}", dead.name())));
        }
        if let Err(error) = self.bucket.delete(&dead) {
            tracing::warn!(%error, blob.id = %blob, "could not clear the rest of an upload away");
        }
        Ok(())
    }

    fn condemn(&self, blob: BlobId) -> Result<(), Error> {
        self.bucket.put_new(&Folder::of(blob).condemned(), nonce()?)
    }

    fn remove(&self, blob: BlobId) -> Result<(), Error> {
        let folder = Folder::of(blob);
        for keys in folder.contents(&self.bucket)?.keys(&folder) {
            self.bucket.delete(&keys)?;
        }
        Ok(())
    }

    fn list(&self, shard: u8) -> Result<Vec<BlobInfo>, Error> {
        let objects = self.bucket.list(&folder::shard(shard), None)?;
        Ok(folder::infos(&objects))
    }

    fn free_space(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }

    fn probe(&self) -> Result<Probe, Error> {
        let key = format!("{PROBES}/{}", BlobId::random()?);
        let body = nonce()?;
        self.bucket.put_new(&key, body.clone())?;
        let looked = self.bucket.look(&key, body.len() as u64);
        let second = self.bucket.refuses_a_second(&key);
        self.bucket.delete(&[key])?;
        let (found, refuses) = (looked?, second?);
        if found.bytes != body {
            return Err(Error::Corrupt("what was written reads back otherwise"));
        }
        if !refuses {
            return Err(Error::Corrupt(
                "the store overwrites an object that it was told to make anew",
            ));
        }
        Ok(Probe {
            clock: Some(found.modified),
        })
    }
}

/// Content that no other object has: an object of ours is told from anybody else's.
fn nonce() -> Result<Bytes, Error> {
    Ok(Bytes::copy_from_slice(&BlobId::random()?.0))
}

impl fmt::Debug for S3Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Backend({:?})", self.bucket)
    }
}
