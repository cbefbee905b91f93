//! The door to all blobs.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use crate::{
    Appender, BlobBackend, BlobId, BlobInfo, BlobSpec, Error, Probe, Reader,
    backend::Area,
    format::{
        CHUNK, Envelope, HEADER, Manifest, PART_SIZE, TAG, is_part_size, manifest_len, sealed_len,
    },
    pool::BufferPool,
    upload::{LARGE, Session, Upload},
};

/// Files up to this size are sealed and written in one go by [`Vault::put`].
const SMALL_FILE: usize = 1 << 20;
/// Large buffers for writing, and as many for reading: 32 MiB each at most.
const BUFFERS: usize = 128;

/// Encrypted files in a [`BlobBackend`]. Cheap to clone; all clones share locks and buffers.
///
/// All methods need a running tokio runtime; files are touched in its blocking threads only.
/// One process appends to a store at a time: locks are not shared between processes.
#[derive(Clone, Debug)]
pub struct Vault {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Arc<dyn BlobBackend>,
    part_size: u32,
    writing: Arc<BufferPool>,
    reading: Arc<BufferPool>,
    locked: Mutex<HashSet<BlobId>>,
}

/// Holds one blob against other writers of this process.
pub(crate) struct Lock {
    shared: Arc<Shared>,
    blob: BlobId,
}

impl Vault {
    /// A vault with parts of 8 MiB.
    pub fn new(backend: Arc<dyn BlobBackend>) -> Self {
        Self::build(backend, PART_SIZE)
    }

    /// A vault with other parts, for tests. [`Error::Corrupt`] unless a multiple of 16 KiB.
    pub fn with_part_size(backend: Arc<dyn BlobBackend>, part_size: u32) -> Result<Self, Error> {
        if !is_part_size(part_size) {
            return Err(Error::Corrupt("part size"));
        }
        Ok(Self::build(backend, part_size))
    }

    fn build(backend: Arc<dyn BlobBackend>, part_size: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                backend,
                part_size,
                writing: BufferPool::new(LARGE, BUFFERS),
                reading: BufferPool::new(LARGE, BUFFERS),
                locked: Mutex::new(HashSet::new()),
            }),
        }
    }

    /// The store below.
    pub fn backend(&self) -> &Arc<dyn BlobBackend> {
        &self.shared.backend
    }

    /// Begins an upload, durably. [`Error::AlreadyExists`] if the id is taken.
    pub async fn create(&self, spec: &BlobSpec) -> Result<(), Error> {
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        let lock = self.lock(spec.blob)?;
        blocking(move || {
            let _lock = lock;
            let env = Envelope::new(&spec, shared.part_size)?;
            refuse_committed(&*shared.backend, spec.blob, Error::AlreadyExists)?;
            let file = shared.backend.create(spec.blob, Area::Data)?;
            file.write_at(env.header(), 0)?;
            file.sync()?;
            shared.backend.sync_names(spec.blob)
        })
        .await
    }

    /// Plain bytes that no crash takes away any more, asked of the blob itself: where the client
    /// goes on. Of a committed blob, its length. Also while an appender is at work.
    pub async fn durable_len(&self, spec: &BlobSpec) -> Result<u64, Error> {
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        blocking(
            move || match Upload::open(Arc::clone(&shared.backend), &spec, None) {
                Ok(upload) => Ok(Session::load(&upload)?.len(&upload)),
                Err(Error::NotFound) => Ok(shared.reader(&spec)?.len()),
                Err(e) => Err(e),
            },
        )
        .await
    }

    /// Starts appending at `offset`, which must be [`Vault::durable_len`].
    ///
    /// [`Error::Busy`] while another appender of the blob lives or settles,
    /// [`Error::OffsetMismatch`] for another offset, [`Error::Committed`] for a finished blob.
    pub async fn appender(&self, spec: &BlobSpec, offset: u64) -> Result<Appender, Error> {
        let lock = self.lock(spec.blob)?;
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        blocking(move || {
            let upload = match Upload::open(Arc::clone(&shared.backend), &spec, Some(lock)) {
                Err(Error::NotFound) => {
                    refuse_committed(&*shared.backend, spec.blob, Error::Committed)?;
                    return Err(Error::NotFound);
                }
                other => other?,
            };
            let session = Session::load(&upload)?;
            let actual = session.len(&upload);
            if actual != offset {
                return Err(Error::OffsetMismatch { actual });
            }
            let pool = Arc::clone(&shared.writing);
            Ok(Appender::new(Arc::new(upload), session, pool))
        })
        .await
    }

    /// Commits a finished upload of exactly `total` bytes: from now on it is immutable and can be
    /// read. Repeating it is fine; another length is [`Error::LengthMismatch`].
    pub async fn commit(&self, spec: &BlobSpec, total: u64) -> Result<(), Error> {
        match self.appender(spec, total).await {
            Ok(appender) => appender.commit(total).await,
            Err(Error::Committed) => self.open(spec, Some(total)).await.map(drop),
            Err(Error::OffsetMismatch { actual }) => Err(Error::LengthMismatch {
                actual,
                expected: total,
            }),
            Err(e) => Err(e),
        }
    }

    /// Stores a whole file; small ones (up to 1 MiB) with one write and one sync.
    ///
    /// After an error the blob may exist in part: delete it, and take a new id for the next try.
    pub async fn put(&self, spec: &BlobSpec, data: Bytes) -> Result<(), Error> {
        if data.len() > SMALL_FILE.min(self.shared.part_size as usize) {
            let total = data.len() as u64;
            self.create(spec).await?;
            let mut appender = self.appender(spec, 0).await?.expecting(total, true);
            appender.write(data).await?;
            return appender.commit(total).await;
        }
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        let lock = self.lock(spec.blob)?;
        blocking(move || {
            let _lock = lock;
            let sealed = seal_small(&spec, shared.part_size, &data)?;
            let file = shared.backend.create(spec.blob, Area::Blob)?;
            file.write_at(&sealed, 0)?;
            sofie_killpoint::reach("K3-put");
            file.sync()?;
            shared.backend.sync_names(spec.blob)
        })
        .await
    }

    /// Stores a stream of unknown length; returns the length. Like [`Vault::put`] otherwise.
    pub async fn put_stream<S, E>(&self, spec: &BlobSpec, stream: S) -> Result<u64, E>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: From<Error>,
    {
        let mut stream = std::pin::pin!(stream);
        let mut head = BytesMut::new();
        while head.len() <= SMALL_FILE.min(self.shared.part_size as usize) {
            let Some(bytes) = stream.try_next().await? else {
                let total = head.len() as u64;
                self.put(spec, head.freeze()).await?;
                return Ok(total);
            };
            head.extend_from_slice(&bytes);
        }
        self.create(spec).await?;
        let mut appender = self.appender(spec, 0).await?;
        appender.write(head.freeze()).await?;
        while let Some(bytes) = stream.try_next().await? {
            appender.write(bytes).await?;
        }
        let total = appender.offset();
        appender.commit(total).await?;
        Ok(total)
    }

    /// Opens a committed blob after verifying header, manifest, file length and, if given, that
    /// the plain length is `expect_len`.
    pub async fn open(&self, spec: &BlobSpec, expect_len: Option<u64>) -> Result<Reader, Error> {
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        let reader = blocking(move || shared.reader(&spec)).await?;
        match expect_len {
            Some(expected) if expected != reader.len() => Err(Error::LengthMismatch {
                actual: reader.len(),
                expected,
            }),
            _ => Ok(reader),
        }
    }

    /// Removes the blob, finished or not; fine if there is none. [`Error::Busy`] while it is being
    /// appended to. Readers that are open read on.
    pub async fn delete(&self, blob: BlobId) -> Result<(), Error> {
        let lock = self.lock(blob)?;
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let _lock = lock;
            shared.backend.remove(blob)
        })
        .await
    }

    /// All blobs of the store, in no useful order, for the collection of orphans.
    pub fn list(&self) -> impl Stream<Item = Result<BlobInfo, Error>> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        stream::iter(0..=u8::MAX)
            .then(move |shard| {
                let shared = Arc::clone(&shared);
                blocking(move || shared.backend.list(shard))
            })
            .map_ok(|found| stream::iter(found.into_iter().map(Ok)))
            .try_flatten()
    }

    /// The blobs of the store whose ids begin with a byte, in no useful order.
    pub async fn list_shard(&self, first: u8) -> Result<Vec<BlobInfo>, Error> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.backend.list(first)).await
    }

    /// Makes sure that the store is still that of the instance: [`Error::Marker`] when another one, or none, is
    /// where it should be, such as a volume that is not mounted.
    pub async fn require_marker(&self, instance: String) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.backend.require_marker(&instance)).await
    }

    /// Writes something to the store, reads it back and deletes it.
    pub async fn probe(&self) -> Result<Probe, Error> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.backend.probe()).await
    }

    /// Bytes that can still be written, if the store has a limit.
    pub async fn free_space(&self) -> Result<Option<u64>, Error> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.backend.free_space()).await
    }

    fn lock(&self, blob: BlobId) -> Result<Lock, Error> {
        let mut locked = self
            .shared
            .locked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !locked.insert(blob) {
            return Err(Error::Busy);
        }
        drop(locked);
        Ok(Lock {
            shared: Arc::clone(&self.shared),
            blob,
        })
    }
}

impl Shared {
    fn reader(&self, spec: &BlobSpec) -> Result<Reader, Error> {
        Reader::open(&*self.backend, spec, Arc::clone(&self.reading))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut locked = self
            .shared
            .locked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        locked.remove(&self.blob);
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lock({})", self.blob)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("backend", &self.backend)
            .field("part_size", &self.part_size)
            .finish_non_exhaustive()
    }
}

/// Runs blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Stopped)?
}

fn refuse_committed(backend: &dyn BlobBackend, blob: BlobId, error: Error) -> Result<(), Error> {
    match backend.open(blob, Area::Blob) {
        Ok(_) => Err(error),
        Err(Error::NotFound) => Ok(()),
        Err(e) => Err(e),
    }
}

/// A whole blob of one part.
fn seal_small(spec: &BlobSpec, part_size: u32, data: &[u8]) -> Result<Vec<u8>, Error> {
    let env = Envelope::new(spec, part_size)?;
    let mut sealer = env.seal_part(0)?;
    let size = HEADER as u64 + sealed_len(data.len() as u64) + manifest_len(1);
    let mut out = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    out.extend_from_slice(env.header());
    out.extend_from_slice(sealer.id());
    let (full, rest) = data.split_at(data.len() / CHUNK * CHUNK);
    for chunk in full.chunks(CHUNK).chain([rest]) {
        let at = out.len();
        out.extend_from_slice(chunk);
        out.extend_from_slice(&[0; TAG]);
        sealer.seal_in_place(&mut out[at..])?;
    }
    let manifest = Manifest::build(&env, sealer.id(), data.len() as u64)?;
    out.extend_from_slice(&manifest);
    Ok(out)
}
