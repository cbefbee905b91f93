//! Which jobs a process can run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::job::{Done, Job, JobError, Run};

type Body<C> =
    Box<dyn Fn(Value, Arc<C>, Run) -> BoxFuture<'static, Result<Done, JobError>> + Send + Sync>;

/// A registered job, without its type.
pub(crate) struct Entry<C> {
    pub(crate) name: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) max_attempts: u32,
    pub(crate) timeout: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) body: Body<C>,
}

/// The jobs of a process, by stored name.
///
/// A retired job stays registered (as one that only finishes) until no row with its name can be left.
pub struct Registry<C> {
    entries: BTreeMap<&'static str, Entry<C>>,
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Returns a registry without jobs.
    pub fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
        }
    }

    /// Adds a job.
    ///
    /// # Panics
    /// When the name is taken or `MAX_ATTEMPTS` is 0: mistakes of the program, found at its start.
    #[must_use]
    pub fn with<J: Job<Context = C>>(mut self) -> Self {
        assert!(J::MAX_ATTEMPTS > 0, "job {} is never tried", J::NAME);
        let entry = Entry {
            name: J::NAME,
            queue: J::QUEUE,
            max_attempts: J::MAX_ATTEMPTS,
            timeout: J::TIMEOUT,
            longest_wait: J::LONGEST_WAIT,
            body: Box::new(|payload, ctx, run| Box::pin(run_typed::<J>(payload, ctx, run))),
        };
        let taken = self.entries.insert(J::NAME, entry);
        assert!(taken.is_none(), "two jobs are named {}", J::NAME);
        self
    }

    /// Returns the names of the jobs with their queues, sorted by name.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.entries.values().map(|entry| (entry.name, entry.queue))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Entry<C>> {
        self.entries.get(name)
    }
}

impl<C: Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> std::fmt::Debug for Registry<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("reading the payload of job {job}")]
struct BadPayload {
    job: &'static str,
    #[source]
    source: serde_json::Error,
}

async fn run_typed<J: Job>(
    payload: Value,
    ctx: Arc<J::Context>,
    run: Run,
) -> Result<Done, JobError> {
    let job: J = serde_json::from_value(payload).map_err(|source| {
        JobError::fail(BadPayload {
            job: J::NAME,
            source,
        })
    })?;
    job.run(&ctx, &run).await
}
