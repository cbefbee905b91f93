//! Durable jobs: written with the change that asks for them, claimed under leases, fenced by their attempt.
//!
//! All times are the database's own, so that the clocks of workers need not agree.

mod claims;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sofie_domain::JobId;
use uuid::Uuid;

pub use self::claims::{Claimed, claim, claim_named, claim_of_newcomer};
use crate::{Cursor, Page, Result, Tx};

/// A job to write.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Identifies the row.
    pub id: JobId,
    /// The stored name of the job.
    pub name: &'static str,
    /// The queue it waits in.
    pub queue: &'static str,
    /// Its fields.
    pub payload: Value,
    /// Among waiting jobs of a name, only one has this key.
    pub dedupe_key: Option<String>,
    /// How long it waits before it may be claimed.
    pub delay: Duration,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// Whose work it is; nothing is nobody's in particular.
    pub party: Option<Uuid>,
}

/// How far apart the turns of one party's waiting jobs are: as long as a job may keep a worker busy.
const TURN: Duration = Duration::from_secs(15);

/// A row as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are the columns")]
pub struct Row {
    pub id: Uuid,
    pub seq: i64,
    pub name: String,
    pub state: String,
    pub attempt: i32,
    pub run_at: DateTime<Utc>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// How many rows are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Waiting or running.
    pub queued: i64,
    /// Buried.
    pub dead: i64,
}

/// Which rows to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only rows in this state: `queued`, `running`, `done` or `dead`.
    pub state: Option<String>,
    /// Only jobs of this name.
    pub name: Option<String>,
}

/// Writes a job. If one of the same name and key waits already, that one stands for both and runs at the
/// earlier of the two times.
///
/// A party's jobs queue up behind each other, not before everybody else's: each has its turn a [`TURN`] after the one
/// before (start-time fair queueing). Turns only order what is due; nobody waits while a worker is idle.
pub async fn insert(tx: &mut Tx, job: &NewJob) -> Result<()> {
    sqlx::query(
        "insert into jobs (id, name, queue, payload, dedupe_key, run_at, request_id, created_at, party, turn)
         select $1, $2, $3, $4, $5, due, $7, now(), $8, greatest(due, (
                    select max(turn) + $9 * interval '1 millisecond' from jobs
                     where queue = $3 and party = $8 and state in ('queued', 'running')))
           from (select now() + $6 * interval '1 millisecond' as due) times
         on conflict (name, dedupe_key) where state = 'queued' and dedupe_key is not null
         do update set run_at = least(jobs.run_at, excluded.run_at), turn = least(jobs.turn, excluded.turn)",
    )
    .bind(job.id.0)
    .bind(job.name)
    .bind(job.queue)
    .bind(&job.payload)
    .bind(&job.dedupe_key)
    .bind(millis(job.delay))
    .bind(&job.request_id)
    .bind(job.party)
    .bind(millis(TURN))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes the lease of a claim last `lease` from now; `false` when the claim does not hold the row any more.
pub async fn heartbeat(tx: &mut Tx, id: Uuid, attempt: u32, lease: Duration) -> Result<bool> {
    let done = sqlx::query(
        "update jobs set lease_until = now() + $3 * interval '1 millisecond'
          where id = $1 and attempt = $2 and state = 'running'",
    )
    .bind(id)
    .bind(i64::from(attempt))
    .bind(millis(lease))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records success; `false` when the claim does not hold the row any more.
///
/// A job that must take effect once calls this in the transaction of its effect, and rolls back on `false`.
pub async fn finish(tx: &mut Tx, id: Uuid, attempt: u32) -> Result<bool> {
    let done = sqlx::query(
        "update jobs set state = 'done', finished_at = now(), lease_until = null
          where id = $1 and attempt = $2 and state = 'running'",
    )
    .bind(id)
    .bind(i64::from(attempt))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets the row of a claim wait for `delay`; `false` when the claim does not hold it any more. Without an
/// `error` the attempt was handed back and does not count.
pub async fn wait(
    tx: &mut Tx,
    id: Uuid,
    attempt: u32,
    delay: Duration,
    error: Option<&str>,
) -> Result<bool> {
    // Two rows of one key can't both wait: if another one came in the meantime, this one waits without it.
    let done = sqlx::query(
        "update jobs
            set state = 'queued', run_at = now() + $3 * interval '1 millisecond', lease_until = null,
                turn = greatest(turn, now() + $3 * interval '1 millisecond'), announced_at = null,
                last_error = coalesce($4, last_error),
                handed_back = handed_back + (case when $4 is null then 1 else 0 end),
                dedupe_key = case when exists (
                        select 1 from jobs other
                         where other.name = jobs.name and other.dedupe_key = jobs.dedupe_key
                           and other.state = 'queued')
                    then null else dedupe_key end
          where id = $1 and attempt = $2 and state = 'running'",
    )
    .bind(id)
    .bind(i64::from(attempt))
    .bind(millis(delay))
    .bind(error)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Buries the row of a claim and returns its name; `None` when the claim does not hold it any more.
pub async fn bury(tx: &mut Tx, id: Uuid, attempt: u32, error: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(
        "update jobs set state = 'dead', finished_at = now(), lease_until = null, last_error = $3
          where id = $1 and attempt = $2 and state = 'running'
         returning name",
    )
    .bind(id)
    .bind(i64::from(attempt))
    .bind(error)
    .fetch_optional(tx.conn())
    .await?)
}

/// Lets a dead row wait again, due at once, its attempts forgiven; `None` when no dead row has the id.
pub async fn revive(tx: &mut Tx, id: JobId) -> Result<Option<Row>> {
    // The fence must not go back, so attempts made count as handed back instead.
    Ok(sqlx::query_as(
        "update jobs
            set state = 'queued', run_at = now(), turn = now(), announced_at = null, finished_at = null, handed_back = attempt,
                dedupe_key = case when exists (
                        select 1 from jobs other
                         where other.name = jobs.name and other.dedupe_key = jobs.dedupe_key
                           and other.state = 'queued')
                    then null else dedupe_key end
          where id = $1 and state = 'dead'
         returning id, seq, name, state, attempt, run_at, last_error, created_at",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?)
}

/// Lists rows, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Row>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, seq, name, state, attempt - handed_back as attempt, run_at, last_error, created_at
           from jobs
          where ($1::bigint is null or seq < $1)
            and ($2::text is null or state = $2)
            and ($3::text is null or name = $3)
          order by seq desc
          limit $4",
    )
    .bind(after.map(|cursor| cursor.0))
    .bind(&filter.state)
    .bind(&filter.name)
    .bind(crate::page::fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    Ok(Page::cut(rows, limit, |row| row.seq))
}

/// Counts rows that wait or run, and dead ones.
pub async fn count(tx: &mut Tx) -> Result<Counts> {
    Ok(sqlx::query_as(
        "select count(*) filter (where state in ('queued', 'running')) as queued,
                count(*) filter (where state = 'dead') as dead
           from jobs where state in ('queued', 'running', 'dead')",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Tells whether a job of this name waits or runs.
pub async fn is_alive(tx: &mut Tx, name: &str) -> Result<bool> {
    let sql = "select exists (select from jobs where name = $1 and state in ('queued', 'running'))";
    Ok(sqlx::query_scalar(sql)
        .bind(name)
        .fetch_one(tx.conn())
        .await?)
}

/// Removes rows that were finished longer than `age` ago, and dead ones that are thirty times as old.
pub async fn clean_up(tx: &mut Tx, age: Duration) -> Result<u64> {
    let done = sqlx::query(
        "delete from jobs
          where (state = 'done' and finished_at < now() - $1 * interval '1 millisecond')
             or (state = 'dead' and finished_at < now() - 30 * $1 * interval '1 millisecond')",
    )
    .bind(millis(age))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets the jobs of a name, as if they had been buried long ago; for tests.
#[cfg(feature = "test-util")]
pub async fn forget(tx: &mut Tx, name: &str) -> Result<()> {
    sqlx::query("delete from jobs where name = $1")
        .bind(name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Moves the times of all rows back, as if `time` had passed; for tests.
#[cfg(feature = "test-util")]
pub async fn pass(tx: &mut Tx, time: Duration) -> Result<()> {
    sqlx::query(
        "update jobs set run_at = run_at - $1 * interval '1 millisecond',
                         turn = turn - $1 * interval '1 millisecond',
                         lease_until = lease_until - $1 * interval '1 millisecond'",
    )
    .bind(millis(time))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the state and the last error of a row; for tests.
#[cfg(feature = "test-util")]
pub async fn state(tx: &mut Tx, id: Uuid) -> Result<Option<(String, Option<String>)>> {
    Ok(
        sqlx::query_as("select state, last_error from jobs where id = $1")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?,
    )
}

/// Counts rows that could be claimed now or run; for tests.
#[cfg(feature = "test-util")]
pub async fn busy(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from jobs
          where (state = 'queued' and run_at <= now()) or state = 'running'",
    )
    .fetch_one(tx.conn())
    .await?)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
