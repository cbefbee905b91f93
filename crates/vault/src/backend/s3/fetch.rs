//! Reading a file out of its segments, ahead when it is read in order.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;

use super::{
    bucket::Bucket,
    layout::{Layout, Run, Segment},
};
use crate::Error;

/// A reader in order asks for this much at first, then for twice as much, up to the second value.
const AHEAD: u64 = 512 << 10;
const FARTHEST: u64 = 4 << 20;

/// Bytes that one purpose may hold in memory, all files together; beyond it a file makes do with
/// what it can't do without.
#[derive(Debug)]
pub(super) struct Budget {
    used: AtomicUsize,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit,
        })
    }

    pub(super) fn is_spent(&self) -> bool {
        self.used.load(Relaxed) > self.limit
    }

    /// Counts `now` bytes where `before` were counted.
    pub(super) fn change(&self, before: usize, now: usize) {
        self.used.fetch_add(now, Relaxed);
        self.used.fetch_sub(before, Relaxed);
    }
}

/// Where the objects of a file lie.
#[derive(Debug)]
pub(super) enum Home {
    /// In one object.
    Whole(String),
    /// In a folder of segments.
    Folder(String),
}

impl Home {
    pub(super) fn key(&self, segment: &Segment) -> String {
        match self {
            Self::Whole(key) => key.clone(),
            Self::Folder(folder) => format!("{folder}/{}", segment.name()),
        }
    }
}

/// Fetches bytes of one file.
#[derive(Debug)]
pub(super) struct Fetcher {
    bucket: Arc<Bucket>,
    home: Home,
    budget: Arc<Budget>,
    window: Mutex<Window>,
}

/// What was fetched last.
#[derive(Debug, Default)]
struct Window {
    segment: Option<Segment>,
    /// Where `bytes` lie in the file.
    at: u64,
    bytes: Bytes,
    /// Where a reader in order goes on, and how far ahead it was read the last time.
    next: u64,
    ahead: u64,
}

impl Window {
    /// The bytes `run` of the file, if they are here.
    fn get(&self, run: &Run) -> Option<&[u8]> {
        let from = usize::try_from(run.start.checked_sub(self.at)?).ok()?;
        let len = usize::try_from(run.end - run.start).ok()?;
        self.bytes
            .get(from..from.checked_add(len)?)
            .filter(|_| self.segment == Some(run.segment))
    }
}

impl Fetcher {
    pub(super) fn new(bucket: Arc<Bucket>, home: Home, budget: Arc<Budget>) -> Self {
        Self {
            bucket,
            home,
            budget,
            window: Mutex::default(),
        }
    }

    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    /// Begins with bytes that were read already.
    pub(super) fn with_start(mut self, segment: Segment, bytes: Bytes) -> Self {
        self.budget.change(0, bytes.len());
        let window = self
            .window
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        window.segment = Some(segment);
        window.bytes = bytes;
        self
    }

    /// Fills `buf` from `at`; holes and what is behind the end are zeros.
    pub(super) fn read(&self, layout: &Layout, buf: &mut [u8], at: u64) -> Result<(), Error> {
        buf.fill(0);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let end = at.saturating_add(buf.len() as u64);
        let in_order = at == window.next;
        window.next = end;
        for run in layout.within(at, end) {
            if window.get(&run).is_none() {
                self.fetch(&mut window, layout, &run, in_order)?;
            }
            let found = window.get(&run).ok_or(Error::Corrupt("object too short"))?;
            place(buf, at, found, run.start);
        }
        Ok(())
    }

    /// Fills `buf` if nothing has to be fetched for it.
    pub(super) fn read_at_hand(&self, layout: &Layout, buf: &mut [u8], at: u64) -> bool {
        let Ok(mut window) = self.window.try_lock() else {
            return false;
        };
        let end = at.saturating_add(buf.len() as u64);
        let mut filled = 0;
        for run in layout.within(at, end) {
            let Some(found) = window.get(&run) else {
                return false;
            };
            place(buf, at, found, run.start);
            filled += found.len();
        }
        if filled == buf.len() {
            window.next = end;
        }
        filled == buf.len()
    }

    fn fetch(
        &self,
        window: &mut Window,
        layout: &Layout,
        run: &Run,
        in_order: bool,
    ) -> Result<(), Error> {
        let ahead = if !in_order || self.budget.is_spent() {
            0
        } else {
            (window.ahead * 2).clamp(AHEAD, FARTHEST)
        };
        // Not past what this segment holds of the file.
        let whole = layout.within(run.start, u64::MAX).next();
        let most = whole.map_or(run.end, |whole| whole.end);
        let end = run.end.max(run.start.saturating_add(ahead)).min(most);
        let range = run.start - run.segment.at..end - run.segment.at;
        let bytes = self.bucket.get(&self.home.key(&run.segment), range)?;
        self.budget.change(window.bytes.len(), bytes.len());
        window.segment = Some(run.segment);
        window.at = run.start;
        window.bytes = bytes;
        window.ahead = ahead;
        Ok(())
    }

    /// Fills `buf` with `len` bytes from each of the places, fetching many at once.
    pub(super) fn read_each(
        &self,
        layout: &Layout,
        places: &[u64],
        len: usize,
        buf: &mut [u8],
    ) -> Result<(), Error> {
        buf.fill(0);
        let (mut wanted, mut into) = (Vec::new(), Vec::new());
        for (index, &at) in places.iter().enumerate() {
            for run in layout.within(at, at.saturating_add(len as u64)) {
                let range = run.start - run.segment.at..run.end - run.segment.at;
                wanted.push((self.home.key(&run.segment), range));
                into.push((index, run.start - at));
            }
        }
        for (bytes, (index, skip)) in self.bucket.get_each(wanted)?.iter().zip(into) {
            if let Some(slot) = buf.chunks_mut(len).nth(index) {
                place(slot, 0, bytes, skip);
            }
        }
        Ok(())
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        let window = self
            .window
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        self.budget.change(window.bytes.len(), 0);
    }
}

/// Copies what of `from`, which lies at `from_at`, belongs into `buf`, which lies at `at`.
pub(super) fn place(buf: &mut [u8], at: u64, from: &[u8], from_at: u64) {
    let (start, end) = (
        at.max(from_at),
        (at + buf.len() as u64).min(from_at + from.len() as u64),
    );
    if start >= end {
        return;
    }
    let offset = |start: u64, base: u64| usize::try_from(start - base).unwrap_or(usize::MAX);
    let len = offset(end, start);
    let (to, from_start) = (offset(start, at), offset(start, from_at));
    buf[to..to + len].copy_from_slice(&from[from_start..from_start + len]);
}
