//! The licence that is installed: at most one.

use chrono::{DateTime, Utc};

use crate::{Result, Tx, row};

/// The licence as it is kept. What it says and whether it holds is not the database's to know.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LicenceRow {
    /// The signed text.
    pub text: String,
    /// When it was installed.
    pub installed_at: DateTime<Utc>,
    /// When the licence server last gave one in its place.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When the licence server took it back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The latest moment that the installation has seen.
    pub seen_at: DateTime<Utc>,
    /// The standing that administrators were last told of.
    pub told: Option<String>,
}

/// Returns the licence.
pub async fn find(tx: &mut Tx) -> Result<Option<LicenceRow>> {
    Ok(sqlx::query_as(
        "select text, installed_at, refreshed_at, revoked_at, seen_at, told from licences",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Returns the licence, and keeps everybody else from doing so by this call until the end of the transaction.
pub async fn lock(tx: &mut Tx) -> Result<Option<LicenceRow>> {
    Ok(sqlx::query_as(
        "select text, installed_at, refreshed_at, revoked_at, seen_at, told from licences for update",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Puts a licence in the place of the one that there was; what was noted of that is forgotten.
pub async fn install(tx: &mut Tx, text: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into licences (text, installed_at, seen_at) values ($1, $2, $2)
         on conflict (one) do update set text = excluded.text, installed_at = excluded.installed_at,
                seen_at = excluded.seen_at, refreshed_at = null, revoked_at = null, told = null",
    )
    .bind(text)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts the licence server's licence in the place of the one that there was.
pub async fn refresh(tx: &mut Tx, text: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update licences set text = $1, refreshed_at = $2, revoked_at = null")
        .bind(text)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that the licence server took the licence back.
pub async fn revoke(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update licences set revoked_at = coalesce(revoked_at, $1)")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes what time it is; never an earlier one.
pub async fn see(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update licences set seen_at = $1 where seen_at < $1")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes of which standing administrators were told.
pub async fn tell(tx: &mut Tx, standing: &str) -> Result<()> {
    sqlx::query("update licences set told = $1")
        .bind(standing)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes the licence; tells whether there was one.
pub async fn remove(tx: &mut Tx) -> Result<bool> {
    let done = sqlx::query("delete from licences").execute(tx.conn());
    Ok(done.await?.rows_affected() > 0)
}

/// Counts the users who are not disabled.
pub async fn users(tx: &mut Tx) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("select count(*) from users where state <> 'disabled'")
        .fetch_one(tx.conn())
        .await?;
    row::convert("users", "count", count)
}
