//! Blobs that nothing points to any more; they are unlinked after the rows are gone.

use chrono::{DateTime, Utc};

use crate::{Result, Tx};

/// Dooms a blob unless a file has it after all: the answer to the statement that wrote its row may have
/// got lost.
pub async fn insert_orphan(tx: &mut Tx, blob: [u8; 16], now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into doomed_blobs (blob_id, doomed_at)
         select $1, $2 where not exists (select from files where blob_id = $1)
         on conflict (blob_id) do nothing",
    )
    .bind(blob.as_slice())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Dooms those of the blobs that no file has, to be unlinked from `due` on; returns how many are new.
pub async fn insert_orphans(tx: &mut Tx, blobs: &[[u8; 16]], due: DateTime<Utc>) -> Result<u64> {
    let ids: Vec<Vec<u8>> = blobs.iter().map(|id| id.to_vec()).collect();
    let done = sqlx::query(
        "insert into doomed_blobs (blob_id, doomed_at)
         select o.id, $2 from unnest($1::bytea[]) as o (id)
          where not exists (select from files where blob_id = o.id)
         on conflict (blob_id) do nothing",
    )
    .bind(ids)
    .bind(due)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Strikes off the list what a file has after all, whose package was not shredded; returns how many.
pub async fn spare(tx: &mut Tx) -> Result<u64> {
    let done = sqlx::query(
        "delete from doomed_blobs d
          where exists (select from files f join package_keys k using (package_id)
                         where f.blob_id = d.blob_id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Returns some blobs that are due to be unlinked and that no file has whose package still has its key, the
/// oldest first.
pub async fn due(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<[u8; 16]>> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "select blob_id from doomed_blobs d
          where doomed_at <= $1
            and not exists (select from files f join package_keys k using (package_id)
                             where f.blob_id = d.blob_id)
          order by doomed_at
          limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|(id,)| crate::row::convert("doomed_blobs", "blob_id", id))
        .collect()
}

/// Tells whether any file is known.
pub async fn any_file(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from files)")
        .fetch_one(tx.conn())
        .await?)
}

/// Returns some doomed blobs, the oldest first.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<[u8; 16]>> {
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("select blob_id from doomed_blobs order by doomed_at limit $1")
            .bind(limit)
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|(id,)| crate::row::convert("doomed_blobs", "blob_id", id))
        .collect()
}

/// Strikes unlinked blobs off the list.
pub async fn remove(tx: &mut Tx, blobs: &[[u8; 16]]) -> Result<()> {
    let ids: Vec<Vec<u8>> = blobs.iter().map(|id| id.to_vec()).collect();
    sqlx::query("delete from doomed_blobs where blob_id = any($1)")
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}
