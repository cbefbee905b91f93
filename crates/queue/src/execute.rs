//! One claim, from its start to its recorded end.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::backoff::{self, backoff};
use crate::job::{Done, JobError, Run, chain};
use crate::meters;
use crate::registry::{Entry, Registry};
use crate::runner::Settings;
use crate::store::{Claim, Claimed, JobStore, StoreError};

/// How long to wait before telling the store a result once more, when it did not answer.
const RECORD_AGAIN: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// How often a job of an unknown name is put back before it is buried: about half an hour in all.
const MAX_ATTEMPTS_UNKNOWN: u32 = 12;

/// How an attempt ended.
enum Ending {
    Job(Result<Done, JobError>),
    Panicked(String),
    TimedOut,
    LeaseLost,
    Stopped,
}

/// What to tell the store.
enum Verdict {
    FinishedItself,
    Lost,
    Finish,
    Retry { after: Duration, error: String },
    Release,
    Bury { error: String },
}

impl Verdict {
    fn outcome(&self) -> &'static str {
        match self {
            Self::FinishedItself | Self::Finish => "finished",
            Self::Lost => "lost",
            Self::Retry { .. } => "failed",
            Self::Release => "released",
            Self::Bury { .. } => "dead",
        }
    }
}

pub(crate) struct Executor<C> {
    store: Arc<dyn JobStore>,
    registry: Registry<C>,
    context: Arc<C>,
    settings: Arc<Settings>,
}

impl<C: Send + Sync + 'static> Executor<C> {
    pub(crate) fn new(
        store: Arc<dyn JobStore>,
        registry: Registry<C>,
        context: Arc<C>,
        settings: Arc<Settings>,
    ) -> Self {
        Self {
            store,
            registry,
            context,
            settings,
        }
    }

    pub(crate) fn store(&self) -> &dyn JobStore {
        self.store.as_ref()
    }

    /// Runs a claimed job and records its end. `cancel` fires when the worker can't wait any longer.
    pub(crate) async fn execute(&self, job: Claimed, cancel: CancellationToken) {
        let span = tracing::info_span!(
            "job",
            job.name = %job.name,
            job.id = %job.id,
            job.attempt = job.attempt.saturating_sub(job.handed_back),
            request_id = job.request_id.as_deref(),
        );
        let claim = job.claim();
        async {
            let began = Instant::now();
            let (name, verdict) = self.attempt(job, cancel).await;
            let outcome = if self.record(claim, &verdict).await {
                verdict.outcome()
            } else {
                "lost"
            };
            meters::ended(name, outcome, began.elapsed());
        }
        .instrument(span)
        .await;
    }

    async fn attempt(&self, job: Claimed, cancel: CancellationToken) -> (&'static str, Verdict) {
        let id = job.id;
        let attempt = job.attempt.saturating_sub(job.handed_back);
        let Some(entry) = self.registry.find(&job.name) else {
            return (meters::UNKNOWN, refuse_unknown(&job, attempt));
        };
        meters::started(entry.name);
        if attempt > entry.max_attempts {
            tracing::error!("gave up: no attempt came to an end");
            let error = format!(
                "{} attempts were begun and the worker of the last one died or lost its lease",
                entry.max_attempts
            );
            return (entry.name, Verdict::Bury { error });
        }
        let ending = self.supervise(entry, job, attempt, cancel).await;
        let last = attempt >= entry.max_attempts;
        let verdict = judge(ending, entry, last, || {
            backoff(id, attempt, entry.longest_wait)
        });
        (entry.name, verdict)
    }

    /// Runs the job's body beside its heartbeat, under its time-out, its panics caught.
    async fn supervise(
        &self,
        entry: &Entry<C>,
        job: Claimed,
        attempt: u32,
        cancel: CancellationToken,
    ) -> Ending {
        let claim = job.claim();
        let run = Run {
            id: job.id,
            attempt,
            last: attempt >= entry.max_attempts,
            claim,
            cancel: cancel.clone(),
            request_id: job.request_id,
        };
        let body = (entry.body)(job.payload, Arc::clone(&self.context), run);
        let mut body = Box::pin(AssertUnwindSafe(body).catch_unwind());
        let interrupted = tokio::select! {
            biased;
            // First, so that a job which answers the cancellation with an error is not blamed for it.
            () = cancel.cancelled() => Ending::Stopped,
            ended = &mut body => return ending(ended),
            () = self.keep_lease(claim) => Ending::LeaseLost,
            () = tokio::time::sleep(entry.timeout) => Ending::TimedOut,
        };
        // What runs outside this future (a blocking thread, a child) learns it from the token.
        cancel.cancel();
        match tokio::time::timeout(self.settings.grace, body).await {
            Ok(ended @ Ok(Ok(_))) => ending(ended),
            Ok(_) | Err(_) => interrupted,
        }
    }

    /// Sends heartbeats; returns when the lease is lost, or may be for all this worker knows.
    async fn keep_lease(&self, claim: Claim) {
        let lease = self.settings.lease;
        let mut ends = Instant::now() + lease;
        loop {
            tokio::time::sleep(lease / 3).await;
            let renewed = Instant::now() + lease;
            match tokio::time::timeout_at(ends, self.store.heartbeat(claim, lease)).await {
                Ok(Ok(true)) => ends = renewed,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => {
                    tracing::warn!(error = %chain(&error), "heartbeat of a job failed");
                    if Instant::now() >= ends {
                        return;
                    }
                }
            }
        }
    }

    /// Tells the store; `false` when the result could not be recorded.
    async fn record(&self, claim: Claim, verdict: &Verdict) -> bool {
        let mut waits = RECORD_AGAIN.iter();
        loop {
            match self.tell(claim, verdict).await {
                Ok(true) => return true,
                Ok(false) => {
                    tracing::warn!("result of a job came too late: its lease was lost");
                    return false;
                }
                Err(error) => {
                    let error = chain(&error);
                    let Some(wait) = waits.next() else {
                        tracing::error!(
                            error,
                            "result of a job was not recorded; it will run again"
                        );
                        return false;
                    };
                    tracing::warn!(error, "recording the result of a job failed");
                    tokio::time::sleep(*wait).await;
                }
            }
        }
    }

    async fn tell(&self, claim: Claim, verdict: &Verdict) -> Result<bool, StoreError> {
        match verdict {
            Verdict::FinishedItself | Verdict::Lost => Ok(true),
            Verdict::Finish => self.store.finish(claim).await,
            Verdict::Retry { after, error } => self.store.retry(claim, *after, error).await,
            Verdict::Release => self.store.release(claim).await,
            Verdict::Bury { error } => self.store.bury(claim, error).await,
        }
    }
}

impl<C> std::fmt::Debug for Executor<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

/// Leaves a job of a name not known here to others for a while: during an upgrade the newer version asks for jobs
/// that only its own workers know.
fn refuse_unknown(job: &Claimed, attempt: u32) -> Verdict {
    let error = format!("no job named {} is known to this version", job.name);
    if attempt < MAX_ATTEMPTS_UNKNOWN {
        tracing::warn!("job is not known to this version");
        let after = backoff(job.id, attempt, backoff::LONGEST);
        return Verdict::Retry { after, error };
    }
    tracing::error!("job is not known to this version; buried");
    Verdict::Bury { error }
}

fn ending(ended: Result<Result<Done, JobError>, Box<dyn Any + Send>>) -> Ending {
    match ended {
        Ok(result) => Ending::Job(result),
        Err(panic) => Ending::Panicked(panic_text(panic.as_ref())),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Decides what an ending means for the row.
fn judge<C>(
    ending: Ending,
    entry: &Entry<C>,
    last: bool,
    wait: impl FnOnce() -> Duration,
) -> Verdict {
    let (after, error) = match ending {
        Ending::Job(Ok(Done::Complete)) => return Verdict::Finish,
        Ending::Job(Ok(Done::AlreadyFinished)) => return Verdict::FinishedItself,
        Ending::LeaseLost => {
            tracing::warn!("lease of a job was lost while it ran");
            return Verdict::Lost;
        }
        Ending::Stopped => return Verdict::Release,
        Ending::Job(Err(error @ JobError::Fail { .. })) => {
            let error = error.text();
            tracing::error!(error, "job failed for good");
            return Verdict::Bury { error };
        }
        Ending::Job(Err(ref failure @ JobError::Retry { after, .. })) => (after, failure.text()),
        Ending::Panicked(text) => (None, text),
        Ending::TimedOut => (None, format!("did not end within {:?}", entry.timeout)),
    };
    if last {
        tracing::error!(error, "job failed in its last attempt");
        return Verdict::Bury { error };
    }
    let after = after.unwrap_or_else(wait);
    tracing::warn!(error, job.retry_after_s = after.as_secs(), "job failed");
    Verdict::Retry { after, error }
}
