//! What the runner asks of a database.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

/// The right to write one job's result: its row and the number of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The job's row.
    pub id: Uuid,
    /// The fence: how many times the row has been claimed, this one included. It never goes back.
    pub attempt: u32,
}

/// A row that was claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The job's row.
    pub id: Uuid,
    /// The stored name of the job.
    pub name: String,
    /// The stored fields of the job.
    pub payload: Value,
    /// The fence; see [`Claim::attempt`].
    pub attempt: u32,
    /// How many of the earlier claims were handed back by [`JobStore::release`]; these don't count as attempts.
    pub handed_back: u32,
    /// The request that asked for the job.
    pub request_id: Option<String>,
}

impl Claimed {
    /// Returns the right to write this claim's result.
    pub fn claim(&self) -> Claim {
        Claim {
            id: self.id,
            attempt: self.attempt,
        }
    }
}

/// A row that is due, for those who tell others of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The job's row.
    pub id: Uuid,
    /// The queue it waits in.
    pub queue: String,
    /// What the row has in common with those that should follow it on one way, such as its package.
    pub kin: String,
}

/// The store could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("asking the job store")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the store's own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// The rows of jobs. `contract::suite` (feature `test-util`) is this contract as tests.
///
/// A row waits (with the time from which it may be claimed), runs (with a lease), is finished, or is dead.
/// Time is the store's own clock, so that the clocks of workers need not agree.
/// Every write of a result takes effect only while the row runs under exactly this `(id, attempt)`, and answers
/// whether it did; `false` means that the lease was lost or the row is finished already, and nothing was changed.
/// The lease having run out is no reason to refuse as long as nobody else claimed the row.
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// Claims up to `limit` rows of `queue`: those that wait and are due, and those whose lease has run out.
    ///
    /// By their turns: longest due first, but a party's rows follow each other so far apart that other parties' come
    /// between. Each row goes to one claimer only; its attempt number grows by one, and its lease lasts `lease` from
    /// now. `worker` is kept for people.
    async fn claim(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Claims one waiting row that is due and whose party has no running row in the queue; a row of no party counts
    /// as a newcomer's.
    async fn claim_of_newcomer(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError>;

    /// Claims up to `limit` of the rows `ids` for which [`claim`](Self::claim) would do: in `queue`, and waiting and due,
    /// or with a lease that has run out. The other ids are passed over, known or not.
    async fn claim_named(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        ids: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Takes up to `limit` rows that wait, are due and were not announced since they wait, longest due first, and notes
    /// that they are announced. Each goes to one caller only.
    async fn announce(&self, limit: usize) -> Result<Vec<Notice>, StoreError>;

    /// Takes back that the rows were announced, as far as they still wait.
    async fn not_announced(&self, ids: &[Uuid]) -> Result<(), StoreError>;

    /// Makes the lease last `lease` from now; `false` when it was lost.
    async fn heartbeat(&self, claim: Claim, lease: Duration) -> Result<bool, StoreError>;

    /// Records success; the row may be removed.
    async fn finish(&self, claim: Claim) -> Result<bool, StoreError>;

    /// Records a failure and lets the row wait for `after`.
    async fn retry(&self, claim: Claim, after: Duration, error: &str) -> Result<bool, StoreError>;

    /// Lets the row wait again, due at once, as if this attempt had not been made: `handed_back` grows by one.
    ///
    /// For a worker that is stopped; the attempt number stays, because the fence must not go back.
    async fn release(&self, claim: Claim) -> Result<bool, StoreError>;

    /// Records the last failure; the row is dead, kept for people, and never claimed again.
    async fn bury(&self, claim: Claim, error: &str) -> Result<bool, StoreError>;
}
