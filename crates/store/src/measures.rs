//! Figures for the metrics: how much work waits.

use crate::{Result, Tx};

/// The jobs of one queue that are due.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Waiting {
    /// The queue.
    pub queue: String,
    /// How many are due and not taken up, or lost by whoever took them up.
    pub waiting: i64,
    /// How long the one that waits longest has been due, in seconds.
    pub oldest: f64,
}

/// Returns what waits, queue by queue; queues in which nothing does are left out.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<Waiting>> {
    Ok(sqlx::query_as(
        "select queue, count(*) as waiting,
                extract(epoch from now() - min(coalesce(lease_until, run_at)))::float8 as oldest
           from jobs
          where (state = 'queued' and run_at <= now()) or (state = 'running' and lease_until < now())
          group by queue",
    )
    .fetch_all(tx.conn())
    .await?)
}
