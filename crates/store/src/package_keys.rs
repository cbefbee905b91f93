//! Wrapped package keys. A package without a row here can't be read by anybody: that is shredding.

use chrono::{DateTime, Utc};
use sofie_domain::PackageId;
use uuid::Uuid;

use crate::{Result, Tx};

/// A package key, wrapped by a key-encryption key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct WrappedPackageKey {
    /// Names the key-encryption key.
    pub kek_id: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// Stores the wrapped key of a package, if its key-encryption key is the active one; tells whether it is.
pub async fn insert(tx: &mut Tx, package: PackageId, key: &WrappedPackageKey) -> Result<bool> {
    let done = sqlx::query(
        "insert into package_keys (package_id, kek_id, wrapped)
         select $1, id, $3 from keks where id = $2 and active",
    )
    .bind(package.0)
    .bind(&key.kek_id)
    .bind(&key.wrapped)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the wrapped key of a package.
pub async fn find(tx: &mut Tx, package: PackageId) -> Result<Option<WrappedPackageKey>> {
    Ok(
        sqlx::query_as("select kek_id, wrapped from package_keys where package_id = $1")
            .bind(package.0)
            .fetch_optional(tx.conn())
            .await?,
    )
}

/// Returns some keys that are wrapped by retiring key-encryption keys, and holds them; those that others hold are
/// left out.
pub async fn claim_retiring(
    tx: &mut Tx,
    limit: i64,
) -> Result<Vec<(PackageId, WrappedPackageKey)>> {
    let rows: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(
        "select package_id, kek_id, wrapped from package_keys
          where kek_id in (select id from keks where retiring)
          limit $1 for update skip locked",
    )
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    let keys = rows.into_iter().map(|(package, kek_id, wrapped)| {
        let key = WrappedPackageKey { kek_id, wrapped };
        (PackageId(package), key)
    });
    Ok(keys.collect())
}

/// Counts the keys that retiring key-encryption keys wrap.
pub async fn count_retiring(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from package_keys where kek_id in (select id from keks where retiring)",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Tells whether retiring key-encryption keys wrap any.
pub async fn any_retiring(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from package_keys where kek_id in (select id from keks where retiring))",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Puts new wraps in the place of old ones, in one statement; a key that was destroyed meanwhile stays so.
pub async fn replace(tx: &mut Tx, keys: &[(PackageId, WrappedPackageKey)]) -> Result<()> {
    let ids: Vec<Uuid> = keys.iter().map(|(package, _)| package.0).collect();
    let names: Vec<&str> = keys.iter().map(|(_, key)| key.kek_id.as_str()).collect();
    let wrapped: Vec<&[u8]> = keys.iter().map(|(_, key)| &*key.wrapped).collect();
    sqlx::query(
        "update package_keys k set kek_id = n.kek_id, wrapped = n.wrapped
           from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (package_id, kek_id, wrapped)
          where k.package_id = n.package_id",
    )
    .bind(ids)
    .bind(names)
    .bind(wrapped)
    .execute(tx.conn())
    .await?;
    Ok(())
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
