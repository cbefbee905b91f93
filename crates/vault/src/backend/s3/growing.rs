//! A file of an unfinished upload: segments that are added, never changed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::{
    bucket::Bucket,
    fetch::{Budget, Fetcher, Home},
    folder::Folder,
    layout::{Layout, Segment},
    pending::Pending,
};
use crate::{Area, BlobFile, Error};

/// So many pending bytes become a segment; and the most bytes of a blob that is kept in one object.
pub(super) const SEGMENT: usize = 8 << 20;
/// The most bytes of a segment: what the last write brought too many is not worth one of its own.
const MOST: usize = SEGMENT + (512 << 10);
/// When memory is short, a file that holds less than this is left alone.
const LEAST: usize = 256 << 10;

/// An open file of segments.
pub(super) struct GrowingFile {
    bucket: Arc<Bucket>,
    folder: Folder,
    area: Area,
    fetcher: Fetcher,
    writing: Arc<Budget>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    layout: Layout,
    pending: Pending,
    /// As a reader sees it: with what is pending.
    size: u64,
    /// Where the file was cut, if no segment says so yet.
    cut: Option<u64>,
}

impl GrowingFile {
    pub(super) fn new(
        bucket: &Arc<Bucket>,
        folder: Folder,
        area: Area,
        layout: Layout,
        budgets: &super::Budgets,
    ) -> Self {
        let home = Home::Folder(folder.area(area));
        let state = State {
            size: layout.size(),
            layout,
            pending: Pending::default(),
            cut: None,
        };
        Self {
            bucket: Arc::clone(bucket),
            folder,
            area,
            fetcher: Fetcher::new(Arc::clone(bucket), home, Arc::clone(&budgets.reading)),
            writing: Arc::clone(&budgets.writing),
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one segment of the next number. Another writer's segment of that number is an error:
    /// of two processes that append to one upload, one goes on.
    fn put(&self, state: &mut State, at: u64, bytes: Vec<u8>) -> Result<(), Error> {
        let len = u32::try_from(bytes.len()).map_err(|_| Error::Corrupt("segment length"))?;
        let seq = state.layout.next_seq();
        let segment = Segment { seq, at, len };
        let body = if len == 0 {
            super::nonce()?
        } else {
            Bytes::from(bytes)
        };
        let made = self
            .bucket
            .put_new(&self.fetcher.home().key(&segment), body);
        made.map_err(|error| match error {
            Error::AlreadyExists => Error::Busy,
            other => other,
        })?;
        state.layout.apply(segment);
        Ok(())
    }

    /// Puts everything that is pending into segments.
    fn flush(&self, state: &mut State) -> Result<(), Error> {
        if let Some(size) = state.cut {
            self.put(state, size, Vec::new())?;
            state.cut = None;
        }
        while let Some((at, bytes)) = state.pending.take_first(MOST) {
            let len = bytes.len();
            let made = self.put(state, at, bytes);
            self.writing.change(len, 0);
            made?;
        }
        Ok(())
    }

    /// Looks again where the bytes are: whoever appends meanwhile clears old segments away.
    fn reload(&self, state: &mut State) -> Result<(), Error> {
        let contents = self.folder.contents(&self.bucket)?;
        state.layout = contents.layout(self.area).ok_or(Error::NotFound)?;
        Ok(())
    }

    /// Reads what segments hold, and once more if one of them is gone.
    fn read<T>(
        &self,
        state: &mut State,
        mut read: impl FnMut(&Layout) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match read(&state.layout) {
            Err(Error::NotFound) => {
                self.reload(state)?;
                read(&state.layout).map_err(|error| match error {
                    Error::NotFound => Error::Busy,
                    other => other,
                })
            }
            other => other,
        }
    }
}

impl BlobFile for GrowingFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        let state = &mut *self.lock();
        let end = at.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > state.size) {
            return Err(Error::Corrupt("file too short"));
        }
        if !state.pending.covers(at, buf.len()) {
            // What was cut off and written over again is pending, or zeros: it lies behind the cut.
            let cut = state.cut.unwrap_or(u64::MAX);
            let stored =
                usize::try_from(cut.saturating_sub(at)).map_or(buf.len(), |n| n.min(buf.len()));
            buf[stored..].fill(0);
            self.read(state, |layout| {
                self.fetcher.read(layout, &mut buf[..stored], at)
            })?;
        }
        state.pending.overlay(buf, at);
        Ok(())
    }

    fn read_each(&self, places: &[u64], len: usize, buf: &mut [u8]) -> Result<(), Error> {
        let state = &mut *self.lock();
        self.flush(state)?;
        let last = places.iter().max().copied().unwrap_or(0);
        if last.saturating_add(len as u64) > state.size {
            return Err(Error::Corrupt("file too short"));
        }
        self.read(state, |layout| {
            self.fetcher.read_each(layout, places, len, buf)
        })
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let state = &mut *self.lock();
        let end = at
            .checked_add(bytes.len() as u64)
            .ok_or(Error::Corrupt("offset"))?;
        if bytes.is_empty() {
            return Ok(());
        }
        let mut before = state.pending.len();
        let mut taken = state.pending.write(bytes, at);
        if !taken {
            self.flush(state)?;
            before = 0;
            taken = state.pending.write(bytes, at);
        }
        self.writing.change(before, state.pending.len());
        debug_assert!(taken, "nothing is in the way of the first bytes");
        state.size = state.size.max(end);
        let held = state.pending.len();
        if held >= SEGMENT || (held >= LEAST && self.writing.is_spent()) {
            self.flush(state)?;
        }
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.lock().size)
    }

    fn set_size(&self, size: u64) -> Result<(), Error> {
        let state = &mut *self.lock();
        if size == state.size {
            return Ok(());
        }
        if state.cut.is_some() {
            self.flush(state)?;
        }
        let before = state.pending.len();
        state.pending.cut(size);
        self.writing.change(before, state.pending.len());
        if size != state.layout.size().max(state.pending.end()) {
            state.cut = Some(size);
        }
        state.size = size;
        Ok(())
    }

    /// A failed put changes nothing that is stored, and may be tried again: [`Error::Sync`], which
    /// ends an upload, is not for it.
    fn sync(&self) -> Result<(), Error> {
        let state = &mut *self.lock();
        self.flush(state)?;
        let dead: Vec<String> = state
            .layout
            .take_dead()
            .iter()
            .map(|segment| self.fetcher.home().key(segment))
            .collect();
        if let Err(error) = self.bucket.delete(&dead) {
            // They cost room until the upload ends, no more.
            tracing::warn!(%error, "could not clear old segments away");
        }
        Ok(())
    }
}

impl Drop for GrowingFile {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.writing.change(state.pending.len(), 0);
    }
}

impl fmt::Debug for GrowingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrowingFile({:?})", self.fetcher.home())
    }
}
