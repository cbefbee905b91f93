//! This installation and the keys that sign its session cookies.

use chrono::{DateTime, Utc};
use sofie_domain::InstanceId;
use uuid::Uuid;

use crate::{CipherError, Result, Tx};

const KEK_CHECK: &str = "sofie";

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
    let check = tx.seal("instance.kek_check", fresh, KEK_CHECK)?;
    sqlx::query(
        "insert into instance (id, kek_check, created_at) values ($1, $2, $3)
         on conflict (one) do nothing",
    )
    .bind(fresh.0)
    .bind(check)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let (id, check): (Uuid, Vec<u8>) = sqlx::query_as("select id, kek_check from instance")
        .fetch_one(tx.conn())
        .await?;
    if tx.open("instance.kek_check", id, &check)? == KEK_CHECK {
        Ok(InstanceId(id))
    } else {
        Err(CipherError.into())
    }
}

/// Returns the keys that sign session cookies, the newest first.
pub async fn signing_keys(tx: &mut Tx) -> Result<Vec<SigningKeyRow>> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "select kid, secret_sealed from signing_keys order by created_at desc, kid limit 2",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|(kid, sealed)| {
            let secret = tx.open("signing_keys.secret", &kid, &sealed)?;
            Ok(SigningKeyRow { kid, secret })
        })
        .collect()
}

/// Adds the first signing key; does nothing when there is one.
///
/// The caller's transaction holds the row of the installation meanwhile, so two processes that start at the
/// same time agree on one key.
pub async fn insert_first_signing_key(
    tx: &mut Tx,
    key: &SigningKeyRow,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("select 1 from instance for update")
        .execute(tx.conn())
        .await?;
    let sealed = tx.seal("signing_keys.secret", &key.kid, &key.secret)?;
    sqlx::query(
        "insert into signing_keys (kid, secret_sealed, created_at)
         select $1, $2, $3 where not exists (select 1 from signing_keys)",
    )
    .bind(&key.kid)
    .bind(sealed)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
