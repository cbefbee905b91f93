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
