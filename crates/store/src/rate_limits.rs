//! Counters of tries, shared by all processes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Result, Tx};

/// The state of a counter after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Counter {
    /// Tries in the present window, this one included.
    pub hits: i32,
    /// When the window began.
    pub window_start: DateTime<Utc>,
}

/// Counts a try; a window that is over starts anew.
pub async fn hit(tx: &mut Tx, key: &str, window: TimeDelta, now: DateTime<Utc>) -> Result<Counter> {
    Ok(sqlx::query_as(
        "insert into rate_limits as r (key, window_start, hits) values ($1, $2, 1)
         on conflict (key) do update
            set hits = case when r.window_start <= $3 then 1 else least(r.hits, 1000000) + 1 end,
                window_start = case when r.window_start <= $3 then $2 else r.window_start end
         returning hits, window_start",
    )
    .bind(key)
    .bind(now)
    .bind(now - window)
    .fetch_one(tx.conn())
    .await?)
}

/// Forgets the tries of a key.
pub async fn clear(tx: &mut Tx, key: &str) -> Result<()> {
    sqlx::query("delete from rate_limits where key = $1")
        .bind(key)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets counters whose window began before a time; returns how many.
pub async fn clean_up(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("delete from rate_limits where window_start < $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
