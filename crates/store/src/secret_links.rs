//! Single-use secrets of mailed or printed links.

use chrono::{DateTime, Utc};
use sofie_domain::UserId;
use uuid::Uuid;

use crate::{Result, Tx};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first administrator.
    Setup,
    /// Sets a new password.
    Reset,
    /// Sets the first password.
    Invitation,
}

impl Purpose {
    /// Returns the word used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }
}

/// Adds a link; earlier unused links of the same purpose and user stop working.
pub async fn insert(
    tx: &mut Tx,
    hash: &[u8; 32],
    purpose: Purpose,
    user: Option<UserId>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "delete from secret_links
          where purpose = $1 and user_id is not distinct from $2 and used_at is null",
    )
    .bind(purpose.as_str())
    .bind(user.map(|id| id.0))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into secret_links (hash, purpose, user_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(hash.as_slice())
    .bind(purpose.as_str())
    .bind(user.map(|id| id.0))
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tells whom a working link is for, without using it.
///
/// The outer option says whether the link works, the inner one is empty for links that are for no user.
pub async fn find(
    tx: &mut Tx,
    hash: &[u8; 32],
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<Option<Option<UserId>>> {
    let found: Option<Option<Uuid>> = sqlx::query_scalar(
        "select user_id from secret_links
          where hash = $1 and purpose = $2 and used_at is null and expires_at > $3",
    )
    .bind(hash.as_slice())
    .bind(purpose.as_str())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|id| id.map(UserId)))
}

/// Uses a link up; false when it does not work (any more). Of two callers at once only one succeeds.
pub async fn consume(
    tx: &mut Tx,
    hash: &[u8; 32],
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "update secret_links set used_at = $3
          where hash = $1 and purpose = $2 and used_at is null and expires_at > $3",
    )
    .bind(hash.as_slice())
    .bind(purpose.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes all unused links of a user stop working.
pub async fn revoke_of(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("delete from secret_links where user_id = $1 and used_at is null")
        .bind(user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets links whose time is over; returns how many.
pub async fn clean_up(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("delete from secret_links where expires_at < $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
