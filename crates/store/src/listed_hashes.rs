//! Hashes of content that is dangerous whatever engines say.

use chrono::{DateTime, Utc};
use sofie_domain::{AdministratorId, FileId, ListedHash, PackageId, Sha256};
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

/// Returns the packages with files that have one of some hashes and can be fetched.
pub async fn delivered(tx: &mut Tx, hashes: &[ListedHash]) -> Result<Vec<PackageId>> {
    let sums: Vec<Vec<u8>> = hashes.iter().map(|one| one.sha256.0.to_vec()).collect();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct p.id from files f join packages p on p.id = f.package_id
          where p.life = 'active' and f.sha256 = any($1) and f.check_state in ('clean', 'flagged')",
    )
    .bind(sums)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PackageId).collect())
}

/// Returns the files of a package that passed before they were listed: in whose present round `engine`, which speaks for
/// the list, does not call them infected. One that it does passed by an exception.
pub async fn passed(tx: &mut Tx, package: PackageId, engine: &str) -> Result<Vec<FileId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select f.id from files f join listed_hashes l on l.sha256 = f.sha256
          where f.package_id = $1 and f.check_state in ('clean', 'flagged')
            and not exists (select from verdicts v where v.file_id = f.id and v.round = f.check_round
                               and v.engine = $2 and v.outcome = 'infected')",
    )
    .bind(package.0)
    .bind(engine)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(FileId).collect())
}

/// Returns the held files of a package that were listed since engines looked at them.
pub async fn held(tx: &mut Tx, package: PackageId, engine: &str) -> Result<Vec<FileId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select f.id from files f join listed_hashes l on l.sha256 = f.sha256
          where f.package_id = $1 and f.check_state in ('unscannable', 'blocked')
            and not exists (select from verdicts v where v.file_id = f.id and v.round = f.check_round
                               and v.engine = $2 and v.outcome = 'infected')",
    )
    .bind(package.0)
    .bind(engine)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(FileId).collect())
}

/// Keeps others from adding to the list, until the end of the transaction.
///
/// Whoever delivers takes this before asking the list, and whoever adds to it takes [`exclude_readers`] before looking
/// for what was delivered: so one of the two sees the other.
pub async fn hold(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock_shared(hashtext('listed_hashes'))")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Waits until nobody holds the list, and keeps it until the end of the transaction; see [`hold`].
pub async fn exclude_readers(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('listed_hashes'))")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns how many hashes are listed.
pub async fn count(tx: &mut Tx) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("select count(*) from listed_hashes")
        .fetch_one(tx.conn())
        .await?;
    Ok(count.unsigned_abs())
}

fn sha256(bytes: &[u8]) -> Result<Sha256> {
    let broken = Error::Inconsistent {
        table: "listed_hashes",
        column: "sha256",
    };
    bytes.try_into().map(Sha256).map_err(|_| broken)
}
