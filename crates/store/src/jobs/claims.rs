//! Claims: due rows given to one worker each, under a lease.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::millis;
use crate::{Result, Tx};

/// How many rows a claim for newcomers looks at.
const LOOKED_AT: i64 = 1000;

/// A row that was claimed.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the queue's")]
pub struct Claimed {
    pub id: Uuid,
    pub name: String,
    pub payload: Value,
    pub attempt: u32,
    pub handed_back: u32,
    pub request_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: Uuid,
    name: String,
    payload: Value,
    attempt: i32,
    handed_back: i32,
    request_id: Option<String>,
    turn: DateTime<Utc>,
}

/// Gives the rows that a statement has chosen to the worker `$3` for `$4` milliseconds.
macro_rules! take {
    () => {
        "
         update jobs
            set state = 'running', attempt = attempt + 1, worker = $3,
                lease_until = now() + $4 * interval '1 millisecond'
           from chosen
          where jobs.id = chosen.id
         returning jobs.id, name, payload, attempt, handed_back, request_id, turn"
    };
}

/// Claims up to `limit` rows of a queue for `lease`: those that are due and those whose lease ran out, by their turns.
/// Rows that somebody else is just claiming are skipped.
pub async fn claim(
    tx: &mut Tx,
    queue: &str,
    worker: &str,
    lease: Duration,
    limit: usize,
) -> Result<Vec<Claimed>> {
    // Two walks along two partial indexes; each locks at most `limit` rows, for the length of this statement.
    let rows: Vec<ClaimedRow> = sqlx::query_as(concat!(
        "with late as (
             select id, turn, seq from jobs
              where queue = $1 and state = 'running' and lease_until <= now()
              order by lease_until, seq limit $2 for update skip locked),
         due as (
             select id, turn, seq from jobs
              where queue = $1 and state = 'queued' and run_at <= now()
              order by turn, seq limit $2 for update skip locked),
         chosen as (
             select id from (select * from late union all select * from due) both_kinds
              order by turn, seq limit $2)",
        take!()
    ))
    .bind(queue)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind(worker)
    .bind(millis(lease))
    .fetch_all(tx.conn())
    .await?;
    by_turns(rows)
}

/// Claims up to `limit` of the rows `ids`, as far as [`claim`] would, by their turns.
pub async fn claim_named(
    tx: &mut Tx,
    queue: &str,
    worker: &str,
    lease: Duration,
    ids: &[Uuid],
    limit: usize,
) -> Result<Vec<Claimed>> {
    let rows: Vec<ClaimedRow> = sqlx::query_as(concat!(
        "with chosen as (
             select id from jobs
              where id = any($5) and queue = $1
                and ((state = 'queued' and run_at <= now()) or (state = 'running' and lease_until <= now()))
              order by turn, seq limit $2 for update skip locked)",
        take!()
    ))
    .bind(queue)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind(worker)
    .bind(millis(lease))
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    by_turns(rows)
}

/// Claims a row of a party none of whose rows runs in the queue, or of no party.
///
/// Only rows near the head are looked at: turns bring a newcomer's there.
pub async fn claim_of_newcomer(
    tx: &mut Tx,
    queue: &str,
    worker: &str,
    lease: Duration,
) -> Result<Option<Claimed>> {
    let row: Option<ClaimedRow> = sqlx::query_as(concat!(
        "with head as (
             select id, party, turn, seq from jobs
              where queue = $1 and state = 'queued' and run_at <= now()
              order by turn, seq limit $2),
         chosen as (
             select jobs.id from head join jobs using (id)
              where jobs.state = 'queued' and not exists (
                    select 1 from jobs running
                     where running.queue = $1 and running.state = 'running' and running.party = head.party)
              order by head.turn, head.seq limit 1 for update of jobs skip locked)",
        take!()
    ))
    .bind(queue)
    .bind(LOOKED_AT)
    .bind(worker)
    .bind(millis(lease))
    .fetch_optional(tx.conn())
    .await?;
    row.map(claimed).transpose()
}

fn by_turns(mut rows: Vec<ClaimedRow>) -> Result<Vec<Claimed>> {
    rows.sort_by_key(|row| (row.turn, row.id));
    rows.into_iter().map(claimed).collect()
}

fn claimed(row: ClaimedRow) -> Result<Claimed> {
    Ok(Claimed {
        id: row.id,
        name: row.name,
        payload: row.payload,
        attempt: crate::row::convert("jobs", "attempt", row.attempt)?,
        handed_back: crate::row::convert("jobs", "handed_back", row.handed_back)?,
        request_id: row.request_id,
    })
}
