//! Limits of one inspection, and the counters that are held against them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::report::Limit;
use crate::stream::Fault;

/// How far one inspection may go; beyond it the answer is *incomplete*, never *clean*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Containers within containers; members of the deepest allowed container have this depth.
    pub depth: u32,
    /// Members over all containers of the file.
    pub members: u64,
    /// Bytes that decompressors may produce, over all levels. Members that are merely
    /// stored can't amplify and don't count, so a large plain archive stays inspectable.
    pub unpacked_bytes: u64,
    /// Unpacked bytes per byte of the file.
    pub ratio: u64,
    /// The ratio is looked at only above this number of unpacked bytes.
    pub ratio_after: u64,
    /// Working time in milliseconds, waiting for input not counted.
    pub time_ms: u64,
    /// Bytes of the file that buy one more millisecond of working time, so that reading
    /// an honest 100 GB file is not a time-out. 0: no extra time.
    pub bytes_per_extra_ms: u64,
    /// Bytes held in memory at once, over all levels: the windows of decompressors, and
    /// members of which parts have to be read out of order.
    pub memory: u64,
}

impl Limits {
    /// The limits of the security bar: depth 8, 10 000 members, 4 GiB unpacked, 100 × above
    /// 50 MB, 60 s; 192 MiB of memory, so that the process stays below 300 MB.
    pub const STANDARD: Self = Self {
        depth: 8,
        members: 10_000,
        unpacked_bytes: 4 << 30,
        ratio: 100,
        ratio_after: 50_000_000,
        time_ms: 60_000,
        bytes_per_extra_ms: 32 << 10,
        memory: 192 << 20,
    };

    /// The working time that a file of `size` bytes may take.
    pub const fn time_for(&self, size: u64) -> Duration {
        let extra = match size.checked_div(self.bytes_per_extra_ms) {
            Some(extra) => extra,
            None => 0,
        };
        Duration::from_millis(self.time_ms.saturating_add(extra))
    }
}

/// Counters of one inspection, shared by all levels.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    file_size: u64,
    time: Duration,
    started: Instant,
    waited: Rc<Cell<Duration>>,
    unpacked: Cell<u64>,
    members: Cell<u64>,
    leased: Cell<u64>,
}

/// Memory that is in use; given back when this is dropped.
#[derive(Debug)]
pub struct Lease<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl<'b> Lease<'b> {
    /// Another lease of the same budget.
    pub(crate) fn beside(&self, bytes: u64) -> Result<Lease<'b>, Fault> {
        self.budget.lease(bytes)
    }

    /// Takes `bytes` more.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Fault> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let leased = &self.budget.leased;
        leased.set(leased.get().saturating_sub(self.bytes));
    }
}

impl Budget {
    pub(crate) fn new(limits: Limits, file_size: u64) -> Self {
        Self {
            limits,
            file_size,
            time: limits.time_for(file_size),
            started: Instant::now(),
            waited: Rc::default(),
            unpacked: Cell::new(0),
            members: Cell::new(0),
            leased: Cell::new(0),
        }
    }

    /// Takes memory for a window or a spool; a file that wants too much is *incomplete*.
    pub(crate) fn lease(&self, bytes: u64) -> Result<Lease<'_>, Fault> {
        self.take(bytes)?;
        Ok(Lease {
            budget: self,
            bytes,
        })
    }

    /// How much memory could be leased now.
    pub(crate) fn memory_left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.leased.get())
    }

    fn take(&self, bytes: u64) -> Result<(), Fault> {
        let leased = self.leased.get().saturating_add(bytes);
        if leased > self.limits.memory {
            return Err(Fault::Limit(Limit::Memory));
        }
        self.leased.set(leased);
        Ok(())
    }

    pub(crate) fn deepest(&self) -> u32 {
        self.limits.depth
    }

    /// When the working time ends if nothing is waited for from now on.
    pub(crate) fn ends(&self) -> Option<Instant> {
        let used = self.started.elapsed().saturating_sub(self.waited.get());
        Instant::now().checked_add(self.time.saturating_sub(used))
    }

    pub(crate) fn most_members(&self) -> u64 {
        self.limits.members
    }

    pub(crate) fn note_wait(&self, wait: Duration) {
        self.waited.set(self.waited.get() + wait);
    }

    /// Where waiting is noted that takes nothing of the working time.
    pub(crate) fn waiting(&self) -> Rc<Cell<Duration>> {
        Rc::clone(&self.waited)
    }

    /// Counts an object; only members of containers cost something.
    pub(crate) fn count_object(&self, depth: u32) -> Result<(), Fault> {
        if depth == 0 {
            return Ok(());
        }
        self.members.set(self.members.get() + 1);
        if self.members.get() > self.limits.members {
            return Err(Fault::Limit(Limit::Members));
        }
        self.check_time()
    }

    /// Counts `bytes` that came out of a decompressor.
    pub(crate) fn count_unpacked(&self, bytes: u64) -> Result<(), Fault> {
        let unpacked = self.unpacked.get().saturating_add(bytes);
        self.unpacked.set(unpacked);
        if unpacked > self.limits.unpacked_bytes {
            return Err(Fault::Limit(Limit::UnpackedSize));
        }
        if unpacked > self.limits.ratio_after
            && unpacked > self.file_size.saturating_mul(self.limits.ratio)
        {
            return Err(Fault::Limit(Limit::Ratio));
        }
        self.check_time()
    }

    pub(crate) fn check_time(&self) -> Result<(), Fault> {
        if self.started.elapsed().saturating_sub(self.waited.get()) > self.time {
            return Err(Fault::Limit(Limit::Time));
        }
        Ok(())
    }
}
