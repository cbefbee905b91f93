//! Wrapped package keys. A package without a row here can't be read by anybody: that is shredding.

use chrono::{DateTime, Utc};
use sofie_domain::PackageId;

use crate::{Result, Tx};

/// A package key, wrapped by a key-encryption key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct WrappedPackageKey {
    /// Names the key-encryption key.
    pub kek_id: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// Stores the wrapped key of a package.
pub async fn insert(tx: &mut Tx, package: PackageId, key: &WrappedPackageKey) -> Result<()> {
    sqlx::query("insert into package_keys (package_id, kek_id, wrapped) values ($1, $2, $3)")
        .bind(package.0)
        .bind(&key.kek_id)
        .bind(&key.wrapped)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the key of a package as wrapped by one key-encryption key.
pub async fn find(
    tx: &mut Tx,
    package: PackageId,
    kek_id: &str,
) -> Result<Option<WrappedPackageKey>> {
    Ok(sqlx::query_as(
        "select kek_id, wrapped from package_keys where package_id = $1 and kek_id = $2",
    )
    .bind(package.0)
    .bind(kek_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Destroys the key of a package and dooms its blobs; the rows of its files stay.
pub async fn destroy(tx: &mut Tx, package: PackageId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("delete from package_keys where package_id = $1")
        .bind(package.0)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into doomed_blobs (blob_id, doomed_at)
         select blob_id, $2 from files where package_id = $1
         on conflict (blob_id) do nothing",
    )
    .bind(package.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
