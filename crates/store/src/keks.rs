//! The key-encryption keys that this installation knows. The keys themselves are never here.

use chrono::{DateTime, Utc};

use crate::{Result, Tx};

/// A key-encryption key, as the database knows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KekRow {
    /// Its name.
    pub id: String,
    /// Whether it wraps the keys of new packages; the others only unwrap.
    pub active: bool,
    /// Whether its packages are being moved to the active one.
    pub retiring: bool,
    /// The key of sealed columns, wrapped by this one.
    pub column_key: Vec<u8>,
    /// When it became known.
    pub added_at: DateTime<Utc>,
    /// Since when it is active, or when it last became so.
    pub activated_at: Option<DateTime<Utc>>,
    /// How many keys of packages it has wrapped.
    pub wraps: i64,
    /// How many it has unwrapped.
    pub unwraps: i64,
    /// When it last did either.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What came of taking a key off the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// There is no such key.
    Unknown,
    /// New packages need it.
    Active,
    /// Keys of packages are wrapped by it.
    InUse,
}

/// Lists all keys, the oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<KekRow>> {
    Ok(sqlx::query_as(
        "select id, active, retiring, column_key, added_at, activated_at, wraps, unwraps, last_used_at
           from keks order by added_at, id",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Counts the packages whose keys each key wraps; keys without packages are left out.
pub async fn packages(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    Ok(
        sqlx::query_as("select kek_id, count(*) from package_keys group by kek_id")
            .fetch_all(tx.conn())
            .await?,
    )
}

/// Makes the first key known, and the active one, unless there is one already.
pub async fn begin(tx: &mut Tx, id: &str, column_key: &[u8], now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into keks (id, active, column_key, added_at, activated_at)
         select $1, true, $2, $3, $3 where not exists (select from keks)
         on conflict do nothing",
    )
    .bind(id)
    .bind(column_key)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes another key known; tells whether it is new.
pub async fn insert(tx: &mut Tx, id: &str, column_key: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "insert into keks (id, active, column_key, added_at) values ($1, false, $2, $3) on conflict do nothing",
    )
    .bind(id)
    .bind(column_key)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Holds the list against other changes of it until the transaction ends; new packages go on meanwhile.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query("select 1 from instance for update")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Makes a key the active one; tells whether there is such a key. The caller holds the [`lock`].
pub async fn activate(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> Result<bool> {
    sqlx::query("update keks set active = false where active and id <> $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    let done = sqlx::query(
        "update keks set active = true, retiring = false, activated_at = $2 where id = $1",
    )
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a key off the list, if nothing hangs on it. The caller holds the [`lock`].
pub async fn remove(tx: &mut Tx, id: &str) -> Result<Removal> {
    let found: Option<(bool, bool)> = sqlx::query_as(
        "select active, exists (select from package_keys where kek_id = id) from keks where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    match found {
        None => return Ok(Removal::Unknown),
        Some((true, _)) => return Ok(Removal::Active),
        Some((_, true)) => return Ok(Removal::InUse),
        Some(_) => {}
    }
    // The lock on the row keeps new references out, and a reference that came before it was seen refuses this.
    sqlx::query("delete from keks where id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(Removal::Removed)
}

/// Says that the packages of all keys but the active one shall move to it; returns the keys that have some.
pub async fn retire(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "update keks set retiring = true
          where not active and exists (select from package_keys where kek_id = id)
         returning id",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Ends the move of all keys, wherever it is; returns those that were moving.
pub async fn stop_retiring(tx: &mut Tx) -> Result<Vec<String>> {
    let sql = "update keks set retiring = false where retiring returning id";
    Ok(sqlx::query_scalar(sql).fetch_all(tx.conn()).await?)
}

/// Adds how many keys of packages each has wrapped and unwrapped, up to this moment.
pub async fn add_uses(
    tx: &mut Tx,
    uses: &[(String, i64, i64)],
    until: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<&str> = uses.iter().map(|(id, ..)| id.as_str()).collect();
    let wraps: Vec<i64> = uses.iter().map(|(_, wraps, _)| *wraps).collect();
    let unwraps: Vec<i64> = uses.iter().map(|(.., unwraps)| *unwraps).collect();
    sqlx::query(
        "update keks k
            set wraps = k.wraps + n.wraps, unwraps = k.unwraps + n.unwraps,
                last_used_at = greatest(k.last_used_at, $4)
           from unnest($1::text[], $2::bigint[], $3::bigint[]) as n (id, wraps, unwraps)
          where k.id = n.id",
    )
    .bind(ids)
    .bind(wraps)
    .bind(unwraps)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tells whether packages are to move, or are moving.
pub async fn any_retiring(tx: &mut Tx) -> Result<bool> {
    let sql = "select exists (select from keks where retiring)";
    Ok(sqlx::query_scalar(sql).fetch_one(tx.conn()).await?)
}

/// Ends the move of those keys that no package has any more; returns them.
pub async fn settle(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "update keks set retiring = false
          where retiring and not exists (select from package_keys where kek_id = id)
         returning id",
    )
    .fetch_all(tx.conn())
    .await?)
}
