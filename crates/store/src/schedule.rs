//! Who is the scheduler, and what it has asked for already.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};

use crate::{Result, Tx};

/// Takes a lease that is free or ours, by the database's clock; `false` while somebody else has it.
pub async fn lead(tx: &mut Tx, name: &str, holder: &str, lasting: Duration) -> Result<bool> {
    let done = sqlx::query(
        "insert into leases (name, holder, epoch, until)
         values ($1, $2, 1, now() + $3 * interval '1 millisecond')
         on conflict (name) do update
         set holder = excluded.holder, until = excluded.until,
             epoch = leases.epoch + (case when leases.holder = excluded.holder then 0 else 1 end)
         where leases.holder = excluded.holder or leases.until <= now()",
    )
    .bind(name)
    .bind(holder)
    .bind(i64::try_from(lasting.as_millis()).unwrap_or(i64::MAX))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Tells whether somebody has a lease, by the database's clock.
pub async fn led(tx: &mut Tx, name: &str) -> Result<bool> {
    let sql = "select exists (select from leases where name = $1 and until > now())";
    Ok(sqlx::query_scalar(sql)
        .bind(name)
        .fetch_one(tx.conn())
        .await?)
}

/// Gives a lease back.
pub async fn resign(tx: &mut Tx, name: &str, holder: &str) -> Result<()> {
    sqlx::query("update leases set until = now() where name = $1 and holder = $2")
        .bind(name)
        .bind(holder)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the last tick of every task.
pub async fn last_ticks(tx: &mut Tx) -> Result<HashMap<String, DateTime<Utc>>> {
    let rows: Vec<(String, DateTime<Utc>)> =
        sqlx::query_as("select task, max(tick_at) from schedule_ticks group by task")
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().collect())
}

/// Notes a tick; `false` if somebody noted it before, who then also asked for the work.
pub async fn tick(tx: &mut Tx, task: &str, at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "insert into schedule_ticks (task, tick_at) values ($1, $2) on conflict (task, tick_at) do nothing",
    )
    .bind(task)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes ticks before a moment, but keeps the last one of each task.
pub async fn forget_ticks(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query(
        "delete from schedule_ticks t
          where tick_at < $1
            and exists (select from schedule_ticks later
                         where later.task = t.task and later.tick_at > t.tick_at)",
    )
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
