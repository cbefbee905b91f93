//! What a job is, and how it says what came of it.

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::Claim;

/// The longest error text that is kept with a row, in bytes.
const MAX_ERROR_BYTES: usize = 2_000;

/// A piece of work that survives the process which asked for it.
///
/// The payload (the fields) should hold ids, never personal data: it lies in the database until the row is removed.
/// A job may be run again at any time after it began, by another process too, so repeating it must be harmless.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stored name; unique among the jobs of a registry, and never given a new meaning.
    const NAME: &'static str;
    /// The queue it waits in; queues have workers of their own, so that none starves another.
    const QUEUE: &'static str;
    /// How many times it is tried before it is buried; at least 1.
    const MAX_ATTEMPTS: u32;
    /// How long one attempt may take.
    const TIMEOUT: Duration;
    /// The longest wait before the next attempt; less for what people wait for.
    const LONGEST_WAIT: Duration = crate::backoff::LONGEST;
    /// What a run needs from its surroundings.
    type Context: Send + Sync + 'static;

    /// Does the work. Hold no database transaction open while talking to the world.
    ///
    /// The future is dropped at the time-out, and shortly after [`Run::cancel`] fires.
    fn run(
        &self,
        ctx: &Self::Context,
        run: &Run,
    ) -> impl Future<Output = Result<Done, JobError>> + Send;
}

/// What a job may know of its present attempt.
#[derive(Debug, Clone)]
pub struct Run {
    /// The job's row.
    pub id: Uuid,
    /// Which attempt this is, counted from 1; handed back attempts (a worker that was stopped) don't count.
    pub attempt: u32,
    /// Whether a failure of this attempt buries the job.
    pub last: bool,
    /// The fence: what the job needs to finish its own row in its own transaction.
    pub claim: Claim,
    /// Fires when the result can't count any more (lease lost) or is no longer wanted (the worker stops).
    pub cancel: CancellationToken,
    /// The request that asked for the job, for logs.
    pub request_id: Option<String>,
}

/// How a run ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The work is done; the runner finishes the row.
    Complete,
    /// The work is done and the job has finished its row itself, in the transaction of its effect.
    AlreadyFinished,
}

/// How a run ended badly, decided where the error is known.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may succeed later.
    #[error("job must be tried again")]
    Retry {
        /// When to try again; `None` leaves it to the back-off.
        after: Option<Duration>,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It can't succeed, however often it is tried.
    #[error("job can't succeed")]
    Fail {
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl JobError {
    /// Asks for another attempt after the usual back-off.
    pub fn retry(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry {
            after: None,
            source: source.into(),
        }
    }

    /// Asks for another attempt after `after`. It still counts against [`Job::MAX_ATTEMPTS`].
    pub fn retry_after(after: Duration, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry {
            after: Some(after),
            source: source.into(),
        }
    }

    /// Gives up at once.
    pub fn fail(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Fail {
            source: source.into(),
        }
    }

    /// Returns the text that is stored with the row: the cause and its causes, at most 2000 bytes.
    pub fn text(&self) -> String {
        let (Self::Retry { source, .. } | Self::Fail { source }) = self;
        chain(source.as_ref())
    }
}

/// Joins an error and its causes with colons.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = write!(text, ": {inner}");
        cause = inner.source();
    }
    text.truncate(text.floor_char_boundary(MAX_ERROR_BYTES));
    text
}

/// A job ready to be written as a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// [`Job::NAME`].
    pub name: &'static str,
    /// [`Job::QUEUE`].
    pub queue: &'static str,
    /// The job's fields.
    pub payload: Value,
    /// Whose work it is: parties take turns. Nothing is nobody's in particular.
    pub party: Option<Uuid>,
}

impl Envelope {
    /// Wraps a job. Fails only when the job's own `Serialize` does.
    pub fn new<J: Job>(job: &J) -> Result<Self, serde_json::Error> {
        Ok(Self {
            name: J::NAME,
            queue: J::QUEUE,
            payload: serde_json::to_value(job)?,
            party: None,
        })
    }

    /// Says whose work it is.
    #[must_use]
    pub fn of(mut self, party: Option<Uuid>) -> Self {
        self.party = party;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading the greeting")]
    struct Greeting(#[source] std::io::Error);

    #[test]
    fn text_tells_every_cause_once() {
        let error = JobError::retry(Greeting(std::io::Error::other("connection reset")));
        assert_eq!(error.text(), "reading the greeting: connection reset");
    }

    #[test]
    fn text_is_cut_at_a_character() {
        let long = "ě".repeat(MAX_ERROR_BYTES);
        let text = JobError::fail(long).text();
        assert!(text.len() <= MAX_ERROR_BYTES);
        assert!(text.chars().all(|c| c == 'ě'));
    }
}
