//! How the database server is set, as far as promises depend on it.

use chrono::{DateTime, Utc};

use crate::{Result, Tx};

/// How the database server is set.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Condition {
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// Whether what it confirmed survives a power failure of its machine.
    pub durable: bool,
    /// Whether a page that was written in part is mended after one.
    pub whole_pages: bool,
    /// Whether a commit is confirmed only when it is on the disk.
    pub waits: bool,
    /// How many connections there may be, without those that are kept for its administrator.
    pub connections: i32,
}

/// Asks the server.
pub async fn look(tx: &mut Tx) -> Result<Condition> {
    Ok(sqlx::query_as(
        "select clock_timestamp() as clock,
                current_setting('fsync') = 'on' as durable,
                current_setting('full_page_writes') = 'on' as whole_pages,
                current_setting('synchronous_commit') <> 'off' as waits,
                current_setting('max_connections')::int
                  - current_setting('superuser_reserved_connections')::int as connections",
    )
    .fetch_one(tx.conn())
    .await?)
}
