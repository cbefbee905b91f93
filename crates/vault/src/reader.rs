//! Reading a committed blob: verify the frame once, then decrypt only what is touched.

use std::{fmt, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt, stream};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    BlobBackend, BlobFile, BlobSpec, Error,
    backend::Area,
    format::{
        CHUNK, Envelope, HEADER, ID, MANIFEST_MAX, Manifest, Opener, SEALED, TAG, manifest_len,
    },
    pool::BufferPool,
    vault::blocking,
};

/// Chunks decrypted at once; the first batch of a stream is smaller, for the first byte's sake, and just holds a
/// range of 64 KiB wherever it begins.
const BATCH: u64 = 16;
const FIRST_BATCH: u64 = 5;

/// A committed blob whose header, manifest and length have been verified. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    blob: Arc<OpenBlob>,
}

struct OpenBlob {
    env: Envelope,
    file: Arc<dyn BlobFile>,
    manifest: Manifest,
    pool: Arc<BufferPool>,
}

impl Reader {
    /// Opens and verifies in the calling thread.
    pub(crate) fn open(
        backend: &dyn BlobBackend,
        spec: &BlobSpec,
        pool: Arc<BufferPool>,
    ) -> Result<Self, Error> {
        let file = backend.open(spec.blob, Area::Blob)?;
        let file_len = file.size()?;
        let mut header = [0; HEADER];
        file.read_at(&mut header, 0)?;
        let env = Envelope::read(spec, &header)?;
        let mut trailer = [0; 4];
        file.read_at(&mut trailer, file_len - 4)?;
        let len = u64::from(u32::from_be_bytes(trailer));
        if len < manifest_len(1) || len > MANIFEST_MAX || len > file_len - HEADER as u64 {
            return Err(Error::Corrupt("manifest length"));
        }
        let size = usize::try_from(len).map_err(|_| Error::Corrupt("manifest length"))?;
        let mut bytes = vec![0; size];
        file.read_at(&mut bytes, file_len - len)?;
        let manifest = Manifest::read(&env, bytes, file_len)?;
        let blob = OpenBlob {
            env,
            file,
            manifest,
            pool,
        };
        Ok(Self {
            blob: Arc::new(blob),
        })
    }

    /// Plain length of the file.
    pub fn len(&self) -> u64 {
        self.blob.manifest.total()
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The plain bytes of `range`: from the page cache at once, otherwise decrypted ahead in blocking
    /// threads; at most three batches of 256 KiB exist at a time. A chunk that does not authenticate ends the stream with an error
    /// before any of its batch is given out. A range outside the file is [`Error::Range`].
    pub fn stream(
        &self,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + use<> + 'static {
        let len = self.len();
        let start = if range.start > range.end || range.end > len {
            Err(Error::Range { len })
        } else {
            Ok(ReadAhead::new(Arc::clone(&self.blob), range))
        };
        let opened = stream::once(async { start });
        opened
            .map_ok(|ahead| stream::try_unfold(ahead, ReadAhead::next))
            .try_flatten()
    }

    /// All of `range` in one piece of memory: for small files and heads of files.
    pub async fn bytes(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let mut out = BytesMut::new();
        let mut stream = std::pin::pin!(self.stream(range));
        while let Some(bytes) = stream.try_next().await? {
            out.extend_from_slice(&bytes);
        }
        Ok(out.freeze())
    }

    /// Decrypts everything and keeps nothing: for the scrubber.
    pub async fn verify(&self) -> Result<(), Error> {
        let mut stream = std::pin::pin!(self.stream(0..self.len()));
        while stream.try_next().await?.is_some() {}
        // A blob without bytes still has one chunk that must authenticate.
        let blob = Arc::clone(&self.blob);
        blocking(move || blob.read_waiting(&(0..0), None).map(drop)).await
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The state of one stream: where it is, and the batch that is being decrypted.
struct ReadAhead {
    blob: Arc<OpenBlob>,
    next: u64,
    end: u64,
    chunks: u64,
    part: Option<OpenPart>,
    running: Option<JoinHandle<Result<(Bytes, OpenPart), Error>>>,
}

/// The keys of one part, kept from batch to batch.
#[derive(Clone)]
struct OpenPart {
    index: u64,
    opener: Arc<Opener>,
}

impl ReadAhead {
    fn new(blob: Arc<OpenBlob>, range: Range<u64>) -> Self {
        Self {
            blob,
            next: range.start,
            end: range.end,
            chunks: FIRST_BATCH,
            part: None,
            running: None,
        }
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if let Some(running) = &mut self.running {
            let (bytes, part) = running.await.map_err(|_| Error::Stopped)??;
            self.part = Some(part);
            self.running = self.batch().map(|batch| self.read_in_thread(batch));
            return Ok(Some((bytes, self)));
        }
        let Some(batch) = self.batch() else {
            return Ok(None);
        };
        if let Some(bytes) = self.read_cached(&batch)? {
            // Nothing else here would ever let another task run.
            tokio::task::consume_budget().await;
            return Ok(Some((bytes, self)));
        }
        let (bytes, part) = self
            .read_in_thread(batch)
            .await
            .map_err(|_| Error::Stopped)??;
        self.part = Some(part);
        self.running = self.batch().map(|batch| self.read_in_thread(batch));
        Ok(Some((bytes, self)))
    }

    /// The next batch: up to `chunks` chunks, ending at a chunk's or the part's end.
    fn batch(&mut self) -> Option<Range<u64>> {
        if self.next >= self.end {
            return None;
        }
        let from = self.next;
        let part_size = self.blob.env.part_size();
        let batch_end = (from / CHUNK as u64 + self.chunks) * CHUNK as u64;
        let part_end = (from / part_size + 1) * part_size;
        self.next = batch_end.min(part_end).min(self.end);
        self.chunks = BATCH;
        Some(from..self.next)
    }

    /// Decrypts here and now if the page cache has the bytes: cheaper than another thread.
    fn read_cached(&mut self, batch: &Range<u64>) -> Result<Option<Bytes>, Error> {
        let part = self.blob.part(batch, self.part.take(), Wait::Never)?;
        let Some(part) = part else { return Ok(None) };
        let bytes = self.blob.read(batch, &part, Wait::Never)?;
        self.part = Some(part);
        Ok(bytes)
    }

    fn read_in_thread(&self, batch: Range<u64>) -> JoinHandle<Result<(Bytes, OpenPart), Error>> {
        let (blob, part) = (Arc::clone(&self.blob), self.part.clone());
        spawn_blocking(move || blob.read_waiting(&batch, part))
    }
}

/// Whether to wait for the disk.
#[derive(Clone, Copy, PartialEq)]
enum Wait {
    Never,
    ForDisk,
}

impl OpenBlob {
    fn fill(&self, buf: &mut [u8], at: u64, wait: Wait) -> Result<bool, Error> {
        match wait {
            Wait::Never => Ok(self.file.read_cached(buf, at)),
            Wait::ForDisk => self.file.read_at(buf, at).map(|()| true),
        }
    }

    fn read_waiting(
        &self,
        batch: &Range<u64>,
        part: Option<OpenPart>,
    ) -> Result<(Bytes, OpenPart), Error> {
        let missing = Error::Corrupt("part");
        let part = self.part(batch, part, Wait::ForDisk)?.ok_or(missing)?;
        let bytes = self.read(batch, &part, Wait::ForDisk)?;
        Ok((bytes.ok_or(Error::Corrupt("part"))?, part))
    }

    /// The part that `batch` lies in, opened only if it is the attempt that was committed.
    fn part(
        &self,
        batch: &Range<u64>,
        known: Option<OpenPart>,
        wait: Wait,
    ) -> Result<Option<OpenPart>, Error> {
        let index = batch.start / self.env.part_size();
        if let Some(part) = known.filter(|part| part.index == index) {
            return Ok(Some(part));
        }
        let id = self.manifest.id(index).ok_or(Error::Corrupt("part"))?;
        let mut stored = [0; ID];
        if !self.fill(&mut stored, self.env.part_start(index), wait)? {
            return Ok(None);
        }
        if stored != *id {
            return Err(Error::Corrupt("a part is not the committed one"));
        }
        let opener = Arc::new(self.env.open_part(index, id)?);
        Ok(Some(OpenPart { index, opener }))
    }

    /// The plain bytes of `batch`, which lies in `part`; nothing if they can't be had at once.
    fn read(
        &self,
        batch: &Range<u64>,
        part: &OpenPart,
        wait: Wait,
    ) -> Result<Option<Bytes>, Error> {
        let part_size = self.env.part_size();
        let part_start = part.index * part_size;
        let part_len = (self.manifest.total() - part_start).min(part_size);
        let chunk = CHUNK as u64;
        let (start, end) = (batch.start - part_start, batch.end - part_start);
        let first = start / chunk;
        // The end of a part shows in its short last chunk, be it empty.
        let last = if end == part_len {
            part_len / chunk
        } else {
            end.saturating_sub(1) / chunk
        };
        let sealed_at = |k: u64| ID as u64 + k * SEALED as u64;
        let sealed_end = sealed_at(last) + (part_len - last * chunk).min(chunk) + TAG as u64;
        let sealed_len = to_usize(sealed_end - sealed_at(first))?;
        let mut sealed = self.pool.take(sealed_len);
        let sealed = sealed
            .get_mut(..sealed_len)
            .ok_or(Error::Corrupt("a batch is too large"))?;
        let at = self.env.part_start(part.index) + sealed_at(first);
        if !self.fill(sealed, at, wait)? {
            return Ok(None);
        }
        let mut plain = self.pool.take(sealed_len);
        let mut filled = 0;
        for (k, sealed) in (first..).zip(sealed.chunks(SEALED)) {
            let n = sealed.len() - TAG;
            part.opener
                .open(k, sealed, &mut plain[filled..filled + n])?;
            filled += n;
        }
        let skip = to_usize(start - first * chunk)?;
        let len = to_usize(end - start)?;
        Ok(Some(Bytes::from_owner(plain).slice(skip..skip + len)))
    }
}

fn to_usize(n: u64) -> Result<usize, Error> {
    usize::try_from(n).map_err(|_| Error::Corrupt("length"))
}
