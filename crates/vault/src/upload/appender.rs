//! The async end of a session: takes bytes as they come, seals them, queues them for the disk.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use tokio::{
    runtime::Handle,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    Session, Upload,
    batcher::{Batcher, SMALL},
    queue::WriteQueue,
    settle::Open,
    slots::MAX_PIECES,
};
use crate::{
    Error,
    pool::{Buffer, BufferPool},
    vault::blocking,
};

/// After so many bytes of whole parts a sync runs beside the writing, so that the last one is short.
const CHECKPOINT: u64 = 64 << 20;
/// So many bytes may be unsynced before writing waits for the sync.
const MAX_UNSYNCED: u64 = 8 * CHECKPOINT;

/// Appends to one upload; made by [`crate::Vault::appender`], exclusive while it lives.
///
/// Holds at most one buffer (256 KiB, less under pressure) while nothing is written. A dropped
/// appender settles in the background, as [`Appender::finish`] would, if a runtime is there to do
/// it; until that is done the upload is [`Error::Busy`].
pub struct Appender {
    inner: Option<Box<Inner>>,
}

struct Inner {
    upload: Arc<Upload>,
    session: Session,
    pool: Arc<BufferPool>,
    open: Option<Open>,
    /// A part that is taking in the pieces which it replaces.
    folding: Option<JoinHandle<Result<Batcher, Error>>>,
    writes: Arc<WriteQueue>,
    syncing: Option<JoinHandle<Result<(), Error>>>,
    /// Whole parts up to here have been synced or are about to be.
    checkpointed: u64,
    offset: u64,
    /// Where the caller's bytes will end, if that is inside the file and known.
    stops_at: Option<u64>,
    /// Nothing counts before the end.
    tentative: bool,
    failed: bool,
}

impl Appender {
    pub(crate) fn new(upload: Arc<Upload>, session: Session, pool: Arc<BufferPool>) -> Self {
        let offset = session.len(&upload);
        let checkpointed = session.parts;
        let inner = Inner {
            upload,
            session,
            pool,
            open: None,
            folding: None,
            writes: WriteQueue::new(),
            syncing: None,
            checkpointed,
            offset,
            stops_at: None,
            tentative: false,
            failed: false,
        };
        Self {
            inner: Some(Box::new(inner)),
        }
    }

    /// Says how many bytes will come, and whether the file ends with them. A hint that saves
    /// work for small appends; wrong or missing hints cost speed, never data.
    #[must_use]
    pub fn expecting(mut self, bytes: u64, is_last: bool) -> Self {
        if let Some(inner) = &mut self.inner {
            inner.stops_at = (!is_last).then(|| inner.offset.saturating_add(bytes));
        }
        self
    }

    /// Makes the appender all or nothing: until [`Appender::finish`] or [`Appender::commit`] says so
    /// nothing counts, and dropped it leaves the upload where it was. For bytes that come with a
    /// checksum. Say it before the first write.
    #[must_use]
    pub fn tentative(mut self) -> Self {
        if let Some(inner) = &mut self.inner {
            inner.tentative = true;
        }
        self
    }

    /// Plain bytes taken so far, from the beginning of the file; not all of them durable yet.
    pub fn offset(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.offset)
    }

    /// Takes all of `bytes`; waits while the disk is slower than the sender.
    ///
    /// If the call is cancelled, some prefix of `bytes` was taken: [`Appender::offset`] tells.
    /// After an error only dropping the appender is left.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let inner = self.inner.as_mut().ok_or(Error::Stopped)?;
        if inner.failed {
            return Err(Error::Stopped);
        }
        let result = inner.write(&bytes).await;
        inner.failed |= result.is_err();
        result
    }

    /// Makes all that was written durable; the new durable length. Runs to its end even if the
    /// caller is cancelled.
    pub async fn finish(mut self) -> Result<u64, Error> {
        let inner = self.inner.take().ok_or(Error::Stopped)?;
        tokio::spawn(inner.finish())
            .await
            .map_err(|_| Error::Stopped)?
    }

    /// Makes all durable and commits the blob in one go: cheaper than [`Appender::finish`] and
    /// [`crate::Vault::commit`]. If not exactly `total` bytes have come, settles what has and
    /// says [`Error::LengthMismatch`]. Runs to its end even if the caller is cancelled.
    pub async fn commit(mut self, total: u64) -> Result<(), Error> {
        let inner = self.inner.take().ok_or(Error::Stopped)?;
        tokio::spawn(inner.commit(total))
            .await
            .map_err(|_| Error::Stopped)?
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else {
            return;
        };
        if inner.failed || inner.tentative {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = inner.finish().await {
                    tracing::warn!(%error, "could not keep the end of an interrupted upload");
                }
            });
        }
    }
}

impl Inner {
    async fn write(&mut self, mut data: &[u8]) -> Result<(), Error> {
        self.wait_for_fold().await?;
        while !data.is_empty() {
            if self.open.is_none() {
                self.begin().await?;
            }
            let room = self.room();
            let take = usize::try_from(room).map_or(data.len(), |room| room.min(data.len()));
            let Some(open) = &mut self.open else { continue };
            let used = open.batcher().push(&data[..take])?;
            data = &data[used..];
            self.offset += used as u64;
            if used as u64 == room {
                self.complete_part().await?;
            } else if self.open.as_mut().is_some_and(|o| o.batcher().is_full()) {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Plain bytes that still fit in the current part.
    fn room(&mut self) -> u64 {
        let before = match &self.open {
            Some(Open::Piece(_)) => self.session.tail_len(),
            _ => 0,
        };
        let filled = self.open.as_mut().map_or(0, |o| o.batcher().total());
        self.upload.env.part_size() - before - filled
    }

    /// Opens the next message: a piece if the caller stops inside this part anyway, else the part.
    async fn begin(&mut self) -> Result<(), Error> {
        let part_end = (self.session.parts + 1) * self.upload.env.part_size();
        let has_room = self.session.tail_len() < self.upload.env.part_size();
        // A piece would count from its end on.
        let stops_inside = !self.tentative && self.stops_at.is_some_and(|stop| stop < part_end);
        let buf = self.pool.take(SMALL);
        if stops_inside && has_room && self.session.pieces.len() < MAX_PIECES {
            let piece = self.upload.begin_piece(&self.session, buf)?;
            self.open = Some(Open::Piece(piece));
            return Ok(());
        }
        let mut part = self.upload.begin_part(&self.session, buf)?;
        if self.session.pieces.is_empty() {
            self.open = Some(Open::Part(part));
            return Ok(());
        }
        let (upload, index) = (Arc::clone(&self.upload), self.session.parts);
        let pieces = self.session.pieces.clone();
        self.folding = Some(spawn_blocking(move || {
            upload.fold(index, &pieces, &mut part)?;
            Ok(part)
        }));
        self.wait_for_fold().await?;
        if self.room() == 0 {
            self.complete_part().await?;
        }
        Ok(())
    }

    /// The current part has all its bytes.
    async fn complete_part(&mut self) -> Result<(), Error> {
        if self.open.as_mut().is_some_and(|o| o.batcher().is_full()) {
            self.flush().await?;
        }
        // Cancelled while waiting, the part is still open; after that nothing is awaited before the
        // queue has its last batch.
        self.writes.wait_for_room().await?;
        match self.open.take() {
            Some(Open::Part(mut part)) => {
                part.end()?;
                self.session.add_part(&self.upload, part.id())?;
                let last = part.take(Buffer::small(0));
                self.writes.push(&self.upload, last, false);
                self.checkpoint().await
            }
            Some(Open::Piece(piece)) => self.end_piece(piece).await,
            None => Ok(()),
        }
    }

    /// More came than was announced: the piece ends where its part does, to be folded into it.
    async fn end_piece(&mut self, piece: Batcher) -> Result<(), Error> {
        self.stops_at = None;
        let upload = Arc::clone(&self.upload);
        let mut session = self.session.clone();
        // Cancelled here, the appender does not know its session any more.
        self.failed = true;
        self.writes.wait_until_idle().await?;
        self.session = blocking(move || {
            upload.end_piece(&mut session, piece)?;
            Ok(session)
        })
        .await?;
        self.failed = false;
        Ok(())
    }

    /// Starts a sync beside the writing when enough has come since the last.
    async fn checkpoint(&mut self) -> Result<(), Error> {
        let unsynced = (self.session.parts - self.checkpointed) * self.upload.env.part_size();
        if self.tentative || unsynced < CHECKPOINT {
            return Ok(());
        }
        let is_running = self.syncing.as_ref().is_some_and(|s| !s.is_finished());
        if is_running && unsynced < MAX_UNSYNCED {
            return Ok(());
        }
        join(&mut self.syncing).await?;
        self.writes.wait_until_idle().await?;
        self.checkpointed = self.session.parts;
        let progress = self.session.next_progress();
        let upload = Arc::clone(&self.upload);
        self.syncing = Some(spawn_blocking(move || upload.checkpoint(&progress)));
        Ok(())
    }

    /// Sends the full buffer off and goes on in another.
    async fn flush(&mut self) -> Result<(), Error> {
        self.writes.wait_for_room().await?;
        if let Some(open) = &mut self.open {
            let is_piece = matches!(open, Open::Piece(_));
            let batch = open.batcher().take(self.pool.take(SMALL));
            self.writes.push(&self.upload, batch, is_piece);
        }
        Ok(())
    }

    async fn wait_for_fold(&mut self) -> Result<(), Error> {
        if let Some(part) = join_some(&mut self.folding).await? {
            self.open = Some(Open::Part(part));
        }
        Ok(())
    }

    /// Waits until no task of ours touches the files.
    async fn quiesce(&mut self) -> Result<(), Error> {
        let folded = self.wait_for_fold().await;
        let written = self.writes.wait_until_idle().await;
        let synced = join(&mut self.syncing).await;
        folded.and(written).and(synced)
    }

    async fn finish(mut self: Box<Self>) -> Result<u64, Error> {
        if self.failed {
            // Parts that were counted may not have been written.
            return Err(Error::Stopped);
        }
        self.quiesce().await?;
        let open = self.open.take();
        blocking(move || self.upload.settle(&mut self.session, open)).await
    }

    async fn commit(mut self: Box<Self>, total: u64) -> Result<(), Error> {
        if self.failed || self.offset != total {
            let actual = self.finish().await?;
            return Err(Error::LengthMismatch {
                actual,
                expected: total,
            });
        }
        self.quiesce().await?;
        let open = self.open.take();
        blocking(move || self.upload.commit(&mut self.session, open, total)).await
    }
}

async fn join(task: &mut Option<JoinHandle<Result<(), Error>>>) -> Result<(), Error> {
    join_some(task).await.map(Option::unwrap_or_default)
}

/// Waits for a task if there is one. Cancelled, it leaves the task where it was.
async fn join_some<T>(task: &mut Option<JoinHandle<Result<T, Error>>>) -> Result<Option<T>, Error> {
    let Some(handle) = task else { return Ok(None) };
    let result = handle.await.map_err(|_| Error::Stopped);
    *task = None;
    result?.map(Some)
}

impl fmt::Debug for Appender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender")
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}
