//! The loop that claims and runs, one for each queue.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::spread;
use crate::execute::Executor;
use crate::meters;
use crate::registry::Registry;
use crate::store::{JobStore, StoreError};
use crate::waker::{Call, Waker};

/// The most rows one claim takes, however many slots are free.
const BATCH: usize = 32;

/// A queue this process works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The name that jobs carry as `QUEUE`.
    pub name: &'static str,
    /// How many of its jobs run at once in this process; 0 means that they don't run here.
    pub concurrency: usize,
    /// How many more may run, each the only one of its party: however much work one party brings, and however slow it
    /// is, others need not wait for it.
    pub newcomers: usize,
}

/// How a runner works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names this process in the rows it claims, for people.
    pub worker: String,
    /// The queues, each with workers of its own.
    pub queues: Vec<Queue>,
    /// How long a claim lasts without a heartbeat; heartbeats come three times as often.
    pub lease: Duration,
    /// How long an idle queue waits for its bell before it looks again, give or take a quarter.
    pub poll: Duration,
    /// The same while the bell is [trusted](Waker::trust).
    pub sweep: Duration,
    /// How long running jobs may go on after the stop.
    pub drain: Duration,
    /// How long a cancelled job may take to end by itself before its future is dropped.
    pub grace: Duration,
}

impl Settings {
    /// Returns the usual times: lease 60 s, poll 1 s, sweep 15 s, drain 25 s, grace 2 s.
    pub fn new(worker: impl Into<String>, queues: Vec<Queue>) -> Self {
        Self {
            worker: worker.into(),
            queues,
            lease: Duration::from_mins(1),
            poll: Duration::from_secs(1),
            sweep: Duration::from_secs(15),
            drain: Duration::from_secs(25),
            grace: Duration::from_secs(2),
        }
    }
}

/// Claims jobs and runs them.
#[derive(Debug)]
pub struct Runner<C> {
    executor: Arc<Executor<C>>,
    settings: Arc<Settings>,
    waker: Waker,
}

impl<C: Send + Sync + 'static> Runner<C> {
    /// Puts a runner together; nothing happens before [`run`](Self::run).
    pub fn new(
        store: Arc<dyn JobStore>,
        registry: Registry<C>,
        context: Arc<C>,
        waker: Waker,
        settings: Settings,
    ) -> Self {
        let settings = Arc::new(settings);
        let executor = Executor::new(store, registry, context, Arc::clone(&settings));
        Self {
            executor: Arc::new(executor),
            settings,
            waker,
        }
    }

    /// Runs jobs until `stop` fires, then drains: claims nothing more, lets running jobs go on for
    /// [`Settings::drain`], cancels the rest and hands their rows back. Returns when nothing runs.
    ///
    /// Dropping the future instead leaves the running jobs to finish on their own.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let hard_stop = CancellationToken::new();
        let loops = self
            .settings
            .queues
            .iter()
            .filter(|queue| queue.concurrency > 0);
        join_all(loops.map(|queue| self.serve(queue, &stop, &tasks, &hard_stop))).await;
        tasks.close();
        if tokio::time::timeout(self.settings.drain, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                jobs.running = tasks.len(),
                "cancelling jobs that outlast the drain"
            );
            hard_stop.cancel();
            tasks.wait().await;
        }
    }

    async fn serve(
        &self,
        queue: &Queue,
        stop: &CancellationToken,
        tasks: &TaskTracker,
        hard_stop: &CancellationToken,
    ) {
        let slots = Arc::new(Semaphore::new(queue.concurrency + queue.newcomers));
        let bell = self.waker.bell(queue.name);
        let mut pause = Pause::new(&self.settings.worker, queue.name);
        let mut call = Call::Anything;
        while let Some(free) = self.free_slots(&slots, stop).await {
            let started = self
                .claim_and_start(queue, free, &call, tasks, hard_stop)
                .await;
            let (wait, owing) = match started {
                Ok(Started::AsManyAsWanted) => {
                    // The rows that found no place are due like any other; who comes next, their turns say.
                    call = Call::Anything;
                    continue;
                }
                Ok(Started::Fewer) if self.waker.is_trusted() => (self.settings.sweep, false),
                Ok(Started::Fewer) => (self.settings.poll, false),
                // Rows may be due that no bell will ring for again when there is room for them.
                Ok(Started::NoRoom) => (self.settings.poll, true),
                Err(error) => {
                    tracing::warn!(
                        error = %crate::job::chain(&error),
                        queue.name,
                        "could not claim jobs"
                    );
                    (self.settings.poll, true)
                }
            };
            call = tokio::select! {
                () = stop.cancelled() => return,
                call = bell.rung() => if owing { Call::Anything } else { call },
                () = tokio::time::sleep(pause.next(wait)) => Call::Anything,
            };
        }
    }

    /// Waits for a free slot and takes all there are, up to a batch; `None` when it is time to stop.
    async fn free_slots(
        &self,
        slots: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<OwnedSemaphorePermit> {
        let mut free = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            free = Arc::clone(slots).acquire_owned() => free.ok()?,
        };
        while free.num_permits() < BATCH
            && let Ok(more) = Arc::clone(slots).try_acquire_owned()
        {
            free.merge(more);
        }
        Some(free)
    }

    async fn claim_and_start(
        &self,
        queue: &Queue,
        mut free: OwnedSemaphorePermit,
        call: &Call,
        tasks: &TaskTracker,
        hard_stop: &CancellationToken,
    ) -> Result<Started, StoreError> {
        let Settings { worker, lease, .. } = &*self.settings;
        let store = self.executor.store();
        let room = free.num_permits().saturating_sub(queue.newcomers);
        let (wanted, claimed) = match (room, call) {
            (0, _) => {
                let newcomer = store.claim_of_newcomer(queue.name, worker, *lease);
                (1, newcomer.await?.into_iter().collect())
            }
            (_, Call::Named(ids)) => {
                let claimed = store.claim_named(queue.name, worker, *lease, ids, room);
                (room, claimed.await?)
            }
            (_, Call::Anything) => (room, store.claim(queue.name, worker, *lease, room).await?),
        };
        let started = match claimed.len() {
            enough if enough == wanted => Started::AsManyAsWanted,
            _ if room == 0 => Started::NoRoom,
            _ => Started::Fewer,
        };
        for job in claimed {
            let slot = free.split(1);
            let executor = Arc::clone(&self.executor);
            let cancel = hard_stop.child_token();
            let name = queue.name;
            tasks.spawn(async move {
                let _slot = slot;
                meters::running(name, 1.0);
                executor.execute(job, cancel).await;
                meters::running(name, -1.0);
            });
        }
        Ok(started)
    }
}

/// How many jobs a claim brought: whether there may be more.
enum Started {
    AsManyAsWanted,
    /// Nothing else is due.
    Fewer,
    /// There was room for newcomers only, and there is none.
    NoRoom,
}

/// The waits between polls, spread so that workers started together don't ask together.
struct Pause {
    seed: u64,
}

impl Pause {
    fn new(worker: &str, queue: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (worker, queue).hash(&mut hasher);
        Self {
            seed: hasher.finish(),
        }
    }

    fn next(&mut self, about: Duration) -> Duration {
        self.seed = self.seed.wrapping_add(1);
        spread(self.seed, about * 3 / 4, about * 5 / 4)
    }
}

#[cfg(test)]
mod tests;
