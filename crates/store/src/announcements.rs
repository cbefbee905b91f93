//! Which due jobs a broker has been told of.

use uuid::Uuid;

use crate::{Result, Tx};

/// A job to tell of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Announcement {
    /// The job's row.
    pub id: Uuid,
    /// The queue it waits in.
    pub queue: String,
    /// What the jobs of one package, or else of one party, have in common.
    pub kin: String,
}

/// Takes up to `limit` jobs that are due and that nobody was told of since they wait, longest due first. Each goes to
/// one caller only, who tells or [takes back](take_back).
pub async fn take(tx: &mut Tx, limit: usize) -> Result<Vec<Announcement>> {
    Ok(sqlx::query_as(
        "with chosen as (
             select id, run_at, seq from jobs
              where state = 'queued' and announced_at is null and run_at <= now()
              order by run_at limit $1 for update skip locked),
         told as (
             update jobs set announced_at = now() from chosen where jobs.id = chosen.id
             returning jobs.id, queue, coalesce(dedupe_key, party::text, jobs.id::text) as kin,
                       chosen.run_at, chosen.seq)
         select id, queue, kin from told order by run_at, seq",
    )
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?)
}

/// Notes that nobody was told of the jobs after all, as far as they still wait.
pub async fn take_back(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query("update jobs set announced_at = null where id = any($1) and state = 'queued'")
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}
