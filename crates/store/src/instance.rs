//! This installation and the keys that sign its session cookies.

use chrono::{DateTime, Utc};
use sofie_domain::InstanceId;
use uuid::Uuid;

use crate::{CipherError, Result, Tx};

const CHECK: &str = "sofie";

/// A key that signs session cookies.
#[derive(Clone)]
pub struct SigningKeyRow {
    /// Its name.
    pub kid: String,
    /// The key, hexadecimal.
    pub secret: String,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SigningKeyRow")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Whether the database has begun an installation; needs no working column cipher.
pub async fn exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from instance)")
        .fetch_one(tx.conn())
        .await?)
}

/// Whether the installation has stored a file, which must then still be there.
pub async fn has_files(tx: &mut Tx) -> Result<bool> {
    let stored = "select exists (select from files where completed_at is not null)";
    Ok(sqlx::query_scalar(stored).fetch_one(tx.conn()).await?)
}

/// Returns the id of the installation; the first call makes `fresh` its id.
///
/// Fails with [`crate::Error::Sealed`] when the column cipher is not the one that the database began with.
pub async fn find_or_create(
    tx: &mut Tx,
    fresh: InstanceId,
    now: DateTime<Utc>,
) -> Result<InstanceId> {
    let check = tx.seal("instance.column_check", fresh, CHECK)?;
    sqlx::query(
        "insert into instance (id, column_check, created_at) values ($1, $2, $3)
         on conflict (one) do nothing",
    )
    .bind(fresh.0)
    .bind(check)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let (id, check): (Uuid, Vec<u8>) = sqlx::query_as("select id, column_check from instance")
        .fetch_one(tx.conn())
        .await?;
    if tx.open("instance.column_check", id, &check)? == CHECK {
        Ok(InstanceId(id))
    } else {
        Err(CipherError.into())
    }
}

/// Returns the keys that sign session cookies, the newest first.
pub async fn signing_keys(tx: &mut Tx) -> Result<Vec<SigningKeyRow>> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("select kid, secret_sealed from signing_keys order by created_at desc, kid")
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|(kid, sealed)| {
            let secret = tx.open("signing_keys.secret", &kid, &sealed)?;
            Ok(SigningKeyRow { kid, secret })
        })
        .collect()
}

/// Adds a signing key, unless there is one already that was made after `since` (or at all, without `since`); tells
/// whether it did.
///
/// The caller's transaction holds the row of the installation meanwhile, so processes that do this at the same
/// time agree on one key.
pub async fn add_signing_key(
    tx: &mut Tx,
    key: &SigningKeyRow,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query("select 1 from instance for update")
        .execute(tx.conn())
        .await?;
    let sealed = tx.seal("signing_keys.secret", &key.kid, &key.secret)?;
    let done = sqlx::query(
        "insert into signing_keys (kid, secret_sealed, created_at)
         select $1, $2, $3 where not exists (
            select 1 from signing_keys where $4::timestamptz is null or created_at > $4)",
    )
    .bind(&key.kid)
    .bind(sealed)
    .bind(now)
    .bind(since)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the signing keys in whose place another one signs since before a time; returns how many.
pub async fn forget_signing_keys(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query(
        "delete from signing_keys old where exists (
            select 1 from signing_keys new where new.created_at > old.created_at and new.created_at < $1)",
    )
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
