//! Copying blobs, as they are sealed, from one store to another; no key is needed.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use aws_lc_rs::digest;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{Area, BlobBackend, BlobFile, BlobId, BlobInfo, Error, vault::blocking};

/// Blobs on their way at once, and what each holds in memory.
const AT_ONCE: usize = 4;
const BUFFER: usize = 1 << 20;

/// How far a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Committed blobs only: they don't change, so a server may go on meanwhile.
    Ahead,
    /// Unfinished uploads too, which must rest meanwhile.
    Final,
    /// Only blobs that the target lacks wholly: it is in use itself.
    Missing,
    /// Copies nothing; compares every committed blob byte by byte.
    Compare,
}

/// What was done, so far or in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Blobs and uploads seen in the source.
    pub seen: u64,
    /// Copied now.
    pub copied: u64,
    /// Bytes copied, or with [`Pass::Compare`] compared.
    pub bytes: u64,
    /// There already, or with [`Pass::Compare`] equal.
    pub same: u64,
    /// Unfinished uploads that were left for the final pass.
    pub left: u64,
    /// Broken, or with [`Pass::Compare`] missing or different in the target; the log names them.
    pub different: u64,
}

/// A move from one store to another. Repeating it goes on where it was.
#[derive(Clone)]
pub struct Move {
    shared: Arc<Shared>,
}

struct Shared {
    from: Arc<dyn BlobBackend>,
    to: Arc<dyn BlobBackend>,
    pass: Pass,
    seen: AtomicU64,
    copied: AtomicU64,
    bytes: AtomicU64,
    same: AtomicU64,
    left: AtomicU64,
    different: AtomicU64,
}

impl Move {
    /// A move that has not begun. Nobody checks the markers here.
    pub fn new(from: Arc<dyn BlobBackend>, to: Arc<dyn BlobBackend>, pass: Pass) -> Self {
        Self {
            shared: Arc::new(Shared {
                from,
                to,
                pass,
                seen: AtomicU64::new(0),
                copied: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
                same: AtomicU64::new(0),
                left: AtomicU64::new(0),
                different: AtomicU64::new(0),
            }),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Moved {
        let shared = &self.shared;
        Moved {
            seen: shared.seen.load(Relaxed),
            copied: shared.copied.load(Relaxed),
            bytes: shared.bytes.load(Relaxed),
            same: shared.same.load(Relaxed),
            left: shared.left.load(Relaxed),
            different: shared.different.load(Relaxed),
        }
    }

    /// Goes through the whole source. A store that fails ends it; what was copied stays.
    pub async fn run(&self) -> Result<Moved, Error> {
        for shard in 0..=u8::MAX {
            let shared = Arc::clone(&self.shared);
            let (infos, there) = blocking(move || {
                let there = shared.to.list(shard)?;
                let there: HashMap<_, _> =
                    there.into_iter().map(|info| (info.blob, info)).collect();
                Ok((shared.from.list(shard)?, there))
            })
            .await?;
            let there = Arc::new(there);
            let one = |info: BlobInfo| {
                let (shared, there) = (Arc::clone(&self.shared), Arc::clone(&there));
                blocking(move || shared.try_take(&info, there.get(&info.blob)))
            };
            stream::iter(infos.into_iter().map(one))
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(self.progress())
    }
}

/// Which file of the source, and its length.
type Source = (Arc<dyn BlobFile>, u64);

impl Shared {
    /// A file that is broken is told, and holds up no other; a store that fails ends the move.
    fn try_take(&self, info: &BlobInfo, there: Option<&BlobInfo>) -> Result<(), Error> {
        match self.take(info, there) {
            Err(error @ Error::Corrupt(_)) => {
                tracing::error!(%error, blob.id = %info.blob, "a blob could not be copied");
                self.different.fetch_add(1, Relaxed);
                Ok(())
            }
            other => other,
        }
    }

    fn take(&self, info: &BlobInfo, there: Option<&BlobInfo>) -> Result<(), Error> {
        self.seen.fetch_add(1, Relaxed);
        if !info.committed {
            return self.take_upload(info.blob, there);
        }
        let Some(source) = open(&*self.from, info.blob, Area::Blob)? else {
            // Deleted meanwhile.
            return Ok(());
        };
        if self.pass == Pass::Compare {
            return self.compare(info.blob, &source);
        }
        match there {
            Some(there) if there.committed && self.has(info.blob, there, &source)? => {
                self.same.fetch_add(1, Relaxed);
                Ok(())
            }
            Some(_) if self.pass == Pass::Missing => {
                self.same.fetch_add(1, Relaxed);
                Ok(())
            }
            _ => self.copy_blob(info.blob, &source),
        }
    }

    /// Whether the target's blob is as long as the source's. It was compared byte by byte when it was
    /// copied.
    fn has(&self, blob: BlobId, there: &BlobInfo, source: &Source) -> Result<bool, Error> {
        if there.size == source.1 {
            return Ok(true);
        }
        Ok(open(&*self.to, blob, Area::Blob)?.is_some_and(|(_, len)| len == source.1))
    }

    fn take_upload(&self, blob: BlobId, there: Option<&BlobInfo>) -> Result<(), Error> {
        let may = match self.pass {
            Pass::Compare => return Ok(()),
            Pass::Ahead => false,
            // One that was finished in the target is not thrown away for its beginning.
            Pass::Final => !there.is_some_and(|there| there.committed),
            Pass::Missing => there.is_none(),
        };
        if !may {
            self.left.fetch_add(1, Relaxed);
            return Ok(());
        }
        let Some(data) = open(&*self.from, blob, Area::Data)? else {
            // Condemned: nobody goes on with it.
            return Ok(());
        };
        self.to.remove(blob)?;
        if let Some(tail) = open(&*self.from, blob, Area::Tail)? {
            self.copy_file(blob, Area::Tail, &tail)?;
        }
        self.copy_file(blob, Area::Data, &data)?;
        self.to.sync_names(blob)?;
        self.copied.fetch_add(1, Relaxed);
        Ok(())
    }

    fn copy_blob(&self, blob: BlobId, source: &Source) -> Result<(), Error> {
        // What a pass that was cut short left there.
        self.to.remove(blob)?;
        let copied = if source.1 <= BUFFER as u64 {
            self.copy_file(blob, Area::Blob, source)
                .and_then(|()| self.to.sync_names(blob))
        } else {
            self.copy_file(blob, Area::Data, source)
                .and_then(|()| self.to.publish(blob))
        };
        if copied.is_err() {
            self.to.remove(blob)?;
        }
        match copied {
            // Deleted while it was being read.
            Err(Error::NotFound) if open(&*self.from, blob, Area::Blob)?.is_none() => Ok(()),
            Err(error) => Err(error),
            Ok(()) => {
                self.copied.fetch_add(1, Relaxed);
                Ok(())
            }
        }
    }

    /// Copies a file and makes it durable, then reads it back and compares the digests.
    fn copy_file(&self, blob: BlobId, area: Area, source: &Source) -> Result<(), Error> {
        let file = self.to.create(blob, area)?;
        let (from, len) = source;
        let copied = digest_of(&**from, *len, |bytes, at| {
            file.write_at(bytes, at)?;
            self.bytes.fetch_add(bytes.len() as u64, Relaxed);
            Ok(())
        })?;
        file.sync()?;
        drop(file);
        let there = open(&*self.to, blob, area)?.ok_or(Error::NotFound)?;
        if there.1 != *len || digest_of(&*there.0, *len, |_, _| Ok(()))? != copied {
            return Err(Error::Corrupt("a copy differs from what was copied"));
        }
        Ok(())
    }

    fn compare(&self, blob: BlobId, source: &Source) -> Result<(), Error> {
        let (from, len) = source;
        let digest = digest_of(&**from, *len, |bytes, _| {
            self.bytes.fetch_add(bytes.len() as u64, Relaxed);
            Ok(())
        });
        let digest = match digest {
            // Deleted while it was being read.
            Err(Error::NotFound) => return Ok(()),
            other => other?,
        };
        let same = match open(&*self.to, blob, Area::Blob)? {
            Some((there, found)) if found == *len => {
                digest_of(&*there, found, |_, _| Ok(()))? == digest
            }
            _ => false,
        };
        if same {
            self.same.fetch_add(1, Relaxed);
        } else {
            tracing::error!(blob.id = %blob, "a blob is missing or different in the other store");
            self.different.fetch_add(1, Relaxed);
        }
        Ok(())
    }
}

fn open(store: &dyn BlobBackend, blob: BlobId, area: Area) -> Result<Option<Source>, Error> {
    match store.open(blob, area) {
        Ok(file) => {
            let len = file.size()?;
            Ok(Some((file, len)))
        }
        Err(Error::NotFound) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The SHA-256 of a file; each stretch goes to `each` too.
fn digest_of(
    file: &dyn BlobFile,
    len: u64,
    mut each: impl FnMut(&[u8], u64) -> Result<(), Error>,
) -> Result<[u8; 32], Error> {
    let mut digest = digest::Context::new(&digest::SHA256);
    let mut buf = vec![0; BUFFER];
    let mut at = 0;
    while at < len {
        let take = usize::try_from(len - at).map_or(BUFFER, |rest| rest.min(BUFFER));
        file.read_at(&mut buf[..take], at)?;
        digest.update(&buf[..take]);
        each(&buf[..take], at)?;
        at += take as u64;
    }
    let mut out = [0; 32];
    out.copy_from_slice(digest.finish().as_ref());
    Ok(out)
}

impl fmt::Debug for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Move")
            .field("from", &self.shared.from)
            .field("to", &self.shared.to)
            .field("pass", &self.shared.pass)
            .finish_non_exhaustive()
    }
}
