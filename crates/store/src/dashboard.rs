//! Figures for the administrator's first page.

use chrono::{DateTime, Utc};

use crate::{Result, Tx};

/// What there is, at a glance.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Figures {
    /// Packages that can be fetched.
    pub active: i64,
    /// Packages whose checks run.
    pub checking: i64,
    /// Packages with a held file.
    pub quarantined: i64,
    /// Packages in the recycle bin.
    pub deleted: i64,
    /// Since when the oldest package waits for its checks.
    pub oldest_check: Option<DateTime<Utc>>,
    /// Bytes of all stored files.
    pub bytes: i64,
    /// Users who can log in.
    pub users: i64,
}

/// Counts everything.
pub async fn figures(tx: &mut Tx) -> Result<Figures> {
    Ok(sqlx::query_as(
        "with unsettled as (
             select p.submitted_at, bool_or(f.check_state = 'pending') as pending
               from files f join packages p on p.id = f.package_id
              where f.check_state in ('pending', 'blocked', 'unscannable') and p.life in ('submitted', 'active')
              group by p.id
         )
         select (select count(*) from packages where life = 'active') as active,
                (select count(*) from unsettled where pending) as checking,
                (select count(*) from unsettled where not pending) as quarantined,
                (select count(*) from packages where life = 'deleted') as deleted,
                (select min(submitted_at) from unsettled where pending) as oldest_check,
                (select coalesce(sum(f.size), 0)::bigint from files f join packages p on p.id = f.package_id
                  where f.completed_at is not null and p.life <> 'shredded') as bytes,
                (select count(*) from users where state = 'active') as users",
    )
    .fetch_one(tx.conn())
    .await?)
}
