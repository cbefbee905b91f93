//! Hashes of content that is dangerous whatever engines say.

use chrono::{DateTime, Utc};
use sofie_domain::{AdministratorId, ListedHash, PackageId, Sha256};
use uuid::Uuid;

use crate::{Cursor, Error, Page, Result, Tx, page::fetch};

/// A listed hash.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The hash, and what was said of it.
    pub hash: ListedHash,
    /// Who listed it.
    pub added_by: String,
    /// When.
    pub added_at: DateTime<Utc>,
}

/// Lists hashes; those that are listed already stay as they are. Returns how many are new.
pub async fn add(
    tx: &mut Tx,
    hashes: &[ListedHash],
    by: AdministratorId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let (sums, comments): (Vec<_>, Vec<_>) = hashes
        .iter()
        .map(|one| (one.sha256.0.to_vec(), one.comment.clone()))
        .unzip();
    let done = sqlx::query(
        "insert into listed_hashes (sha256, comment, added_by, added_at)
         select sha256, comment, $3, $4 from unnest($1::bytea[], $2::text[]) as n (sha256, comment)
         on conflict (sha256) do nothing",
    )
    .bind(sums)
    .bind(comments)
    .bind(by.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes a hash off the list; tells whether it was on it.
pub async fn remove(tx: &mut Tx, sha256: Sha256) -> Result<bool> {
    let done = sqlx::query("delete from listed_hashes where sha256 = $1")
        .bind(sha256.0.as_slice())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the list, newest first.
pub async fn list(tx: &mut Tx, after: Option<Cursor>, limit: usize) -> Result<Page<Listed>> {
    type Row = (i64, Vec<u8>, String, String, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "select l.ordinal, l.sha256, l.comment, a.email, l.added_at
           from listed_hashes l join administrators a on a.id = l.added_by
          where ($1::bigint is null or l.ordinal < $1) order by l.ordinal desc limit $2",
    )
    .bind(after.map(|cursor| cursor.0))
    .bind(fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let page = Page::cut(rows, limit, |row| row.0);
    let next = page.next;
    let listed = |(_, sum, comment, added_by, added_at): Row| {
        let sha256 = sha256(&sum)?;
        Ok(Listed {
            hash: ListedHash { sha256, comment },
            added_by,
            added_at,
        })
    };
    let items = page.items.into_iter().map(listed).collect::<Result<_>>()?;
    Ok(Page { items, next })
}

/// Returns those of some hashes that are listed.
pub async fn among(tx: &mut Tx, hashes: &[Sha256]) -> Result<Vec<ListedHash>> {
    let sums: Vec<Vec<u8>> = hashes.iter().map(|one| one.0.to_vec()).collect();
    let rows: Vec<(Vec<u8>, String)> =
        sqlx::query_as("select sha256, comment from listed_hashes where sha256 = any($1)")
            .bind(sums)
            .fetch_all(tx.conn())
            .await?;
    let listed = |(sum, comment): (Vec<u8>, String)| {
        let sha256 = sha256(&sum)?;
        Ok(ListedHash { sha256, comment })
    };
    rows.into_iter().map(listed).collect()
}

/// Tells whether any hash is listed.
pub async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(
        sqlx::query_scalar("select exists (select from listed_hashes)")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Makes files with some hashes that can be fetched now due for another look, and returns their packages.
pub async fn make_due(
    tx: &mut Tx,
    hashes: &[ListedHash],
    marked: DateTime<Utc>,
) -> Result<Vec<PackageId>> {
    let sums: Vec<Vec<u8>> = hashes.iter().map(|one| one.sha256.0.to_vec()).collect();
    let rows: Vec<(Uuid,)> = sqlx::query_as(
        "with marked as (
             update files f set rescanned_at = $2 from packages p
              where p.id = f.package_id and p.life = 'active' and f.sha256 = any($1)
                and f.check_state in ('clean', 'flagged')
             returning p.id)
         select distinct id from marked",
    )
    .bind(sums)
    .bind(marked)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(id,)| PackageId(id)).collect())
}

fn sha256(bytes: &[u8]) -> Result<Sha256> {
    let broken = Error::Inconsistent {
        table: "listed_hashes",
        column: "sha256",
    };
    bytes.try_into().map(Sha256).map_err(|_| broken)
}
