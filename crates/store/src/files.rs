//! The files of packages. What is needed to open one ([`Secrets`]) is kept apart from what is shown.
//!
//! A draft takes files until its sender sends it. Everything that changes a package's life locks its row
//! ([`crate::packages::lock`]); adding and completing a file holds that off by a key-share lock of its own,
//! so neither can slip between the reading and the writing of the other.

mod rows;
mod secrets;

pub use secrets::{Secrets, UploadRow, secrets_of_package, upload, with_secrets};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sofie_domain::{File, FileCheck, FileId, FilePath, PackageId};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    audit::{self, NewEntry},
    row::{bigint, convert, parse},
};
use rows::FileRow;

/// A file to add to a draft.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Identifies the file.
    pub id: FileId,
    /// The draft.
    pub package_id: PackageId,
    /// Its name with folders.
    pub path: FilePath,
    /// Its length, announced or counted.
    pub size: u64,
    /// Where its bytes are and how they are locked.
    pub secrets: Secrets,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether all its bytes are stored already.
    pub complete: bool,
    /// When an upload without progress is given up.
    pub upload_expires_at: DateTime<Utc>,
}

/// The constraint that refuses a second file of the same path.
pub const PATH_TAKEN: &str = "files_package_id_path_key_key";

/// Adds a file to a draft, with its audit entry if there is one, in one statement.
///
/// With `locked` the package must have been locked by this transaction; without, [`Error::Stale`] also if the
/// file is complete and the sender has pressed *send* already: it may be the last one, and whoever adds that
/// submits the package in the same transaction. [`Error::Stale`] if the package takes no files any more; the
/// constraint [`PATH_TAKEN`] refuses a second file of the same path.
pub async fn insert(
    tx: &mut Tx,
    file: &NewFile,
    entry: Option<&NewEntry>,
    locked: bool,
) -> Result<()> {
    let path_sealed = tx.seal("files.path", file.id, file.path.as_str())?;
    let path_key = tx.keyed_hash("files.path", file.package_id, file.path.as_str());
    let query = sqlx::query(
        "with draft as (
             select id from packages
              where id = $2 and life = 'uploading'
                and (send_requested_at is null or expected_files is not null and ($22 or $10::timestamptz is null))
                for key share
         ), added as (
             insert into files (id, package_id, path_sealed, path_key, size, blob_id, generation, key_wrapped,
                                created_at, completed_at, upload_expires_at)
             select $1, draft.id, $3, $4, $5, $6, $7, $8, $9, $10, $11 from draft
             returning 1
         ), noted as (
             insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                                object_id, data, request_id)
             select $9, $12, $13, $14, $15, $16, $17::inet, $18, $19, $20, $21 from added
              where $12::text is not null
         )
         select count(*) from added",
    )
    .bind(file.id.0)
    .bind(file.package_id.0)
    .bind(path_sealed)
    .bind(path_key.to_vec())
    .bind(bigint(file.size))
    .bind(file.secrets.blob_id.to_vec())
    .bind(bigint(file.secrets.generation))
    .bind(file.secrets.key_wrapped.clone())
    .bind(file.at)
    .bind(file.complete.then_some(file.at))
    .bind(file.upload_expires_at);
    let query = audit::bind(query, entry).bind(locked);
    let row = query.fetch_one(tx.conn()).await?;
    counted(&row)
}

/// Notes that all bytes of a file are stored, with the audit entry, in one statement.
///
/// With `sent` the package must have been locked by this transaction; without, [`Error::Stale`] if the
/// package was sent in the meantime, was removed, or the file was complete before.
pub async fn complete(
    tx: &mut Tx,
    id: FileId,
    at: DateTime<Utc>,
    sent: bool,
    entry: &NewEntry,
) -> Result<()> {
    let query = sqlx::query(
        "with draft as (
             select p.id from packages p join files f on f.package_id = p.id
              where f.id = $1 and p.life = 'uploading' and (p.send_requested_at is not null) = $3
                for key share of p
         ), added as (
             update files f set completed_at = $2 from draft
              where f.id = $1 and f.package_id = draft.id and f.completed_at is null
             returning 1
         ), noted as (
             insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                                object_id, data, request_id)
             select $2, $4, $5, $6, $7, $8, $9::inet, $10, $11, $12, $13 from added
              where $4::text is not null
         )
         select count(*) from added",
    )
    .bind(id.0)
    .bind(at)
    .bind(sent);
    let row = audit::bind(query, Some(entry)).fetch_one(tx.conn()).await?;
    counted(&row)
}

fn counted(row: &sqlx::postgres::PgRow) -> Result<()> {
    let count: i64 = sqlx::Row::try_get(row, 0)?;
    if count == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Returns a file.
pub async fn find(tx: &mut Tx, id: FileId) -> Result<Option<File>> {
    let row: Option<FileRow> = sqlx::query_as(concat!(rows::select!(), " where f.id = $1"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| row.into_file(tx)).transpose()
}

/// Returns the files of a package in the order in which they were added.
pub async fn of_package(tx: &mut Tx, package: PackageId) -> Result<Vec<File>> {
    let rows: Vec<FileRow> = sqlx::query_as(concat!(
        rows::select!(),
        " where f.package_id = $1 order by f.ordinal"
    ))
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.into_file(tx)).collect()
}

/// Removes a file of a draft and dooms its blob; tells whether it was there.
pub async fn remove(tx: &mut Tx, id: FileId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "with gone as (delete from files where id = $1 returning blob_id)
         insert into doomed_blobs (blob_id, doomed_at) select blob_id, $2 from gone
         on conflict (blob_id) do nothing",
    )
    .bind(id.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an upload as [`remove`] does, unless its last byte has come in the meantime.
pub async fn remove_unfinished(tx: &mut Tx, id: FileId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "with gone as (delete from files where id = $1 and completed_at is null returning blob_id)
         insert into doomed_blobs (blob_id, doomed_at) select blob_id, $2 from gone
         on conflict (blob_id) do nothing",
    )
    .bind(id.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes uploads into drafts that were given up, at most `limit` of them; those of packages that were sent
/// go with their package, so that nothing is delivered with a part missing. Returns how many.
///
/// One statement asks and removes: an upload that goes on or ends in the meantime stays.
pub async fn give_up(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let done = sqlx::query(
        "with gone as (
             delete from files where completed_at is null and upload_expires_at <= $1 and id in (
                 select f.id from files f join packages p on p.id = f.package_id
                  where f.completed_at is null and f.upload_expires_at <= $1
                    and p.life = 'uploading' and p.send_requested_at is null
                  order by f.upload_expires_at limit $2
                    for update of f skip locked for key share of p skip locked)
             returning blob_id)
         insert into doomed_blobs (blob_id, doomed_at) select blob_id, $1 from gone
         on conflict (blob_id) do nothing",
    )
    .bind(now)
    .bind(limit)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Returns the unfinished upload of a path in a draft.
pub async fn unfinished(
    tx: &mut Tx,
    package: PackageId,
    path: &FilePath,
) -> Result<Option<FileId>> {
    let path_key = tx.keyed_hash("files.path", package, path.as_str());
    let row: Option<(Uuid,)> = sqlx::query_as(
        "select id from files where package_id = $1 and path_key = $2 and completed_at is null",
    )
    .bind(package.0)
    .bind(path_key.to_vec())
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|(id,)| FileId(id)))
}

/// Puts off the day on which an upload is given up.
pub async fn prolong_upload(tx: &mut Tx, id: FileId, until: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update files set upload_expires_at = greatest(upload_expires_at, $2) where id = $1",
    )
    .bind(id.0)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes how much of an upload is stored.
pub async fn note_received(tx: &mut Tx, id: FileId, received: u64) -> Result<()> {
    sqlx::query("update files set received = $2 where id = $1 and completed_at is null")
        .bind(id.0)
        .bind(bigint(received))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Uploads that are not counted as outstanding.
#[derive(Clone, Debug)]
pub struct Except<'a> {
    /// These are counted elsewhere.
    pub files: Vec<FileId>,
    /// The upload of this path gives way to a new one.
    pub path: (PackageId, &'a FilePath),
}

/// Finds an empty file of a draft by its path.
pub async fn empty(tx: &mut Tx, package: PackageId, path: &FilePath) -> Result<Option<FileId>> {
    let path_key = tx.keyed_hash("files.path", package, path.as_str());
    let row: Option<(Uuid,)> = sqlx::query_as(
        "select id from files
          where package_id = $1 and path_key = $2 and size = 0 and completed_at is not null",
    )
    .bind(package.0)
    .bind(path_key.to_vec())
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|(id,)| FileId(id)))
}

/// Returns how many announced bytes of unfinished uploads have still to come.
pub async fn outstanding(tx: &mut Tx, but: &Except<'_>, now: DateTime<Utc>) -> Result<u64> {
    let (package, path) = but.path;
    let path_key = tx.keyed_hash("files.path", package, path.as_str());
    let ids: Vec<Uuid> = but.files.iter().map(|id| id.0).collect();
    let bytes: i64 = sqlx::query_scalar(
        "select coalesce(sum(size - received), 0)::bigint from files
          where completed_at is null and upload_expires_at > $1
            and not (package_id = $2 and path_key = $3) and id <> all($4)",
    )
    .bind(now)
    .bind(package.0)
    .bind(path_key.to_vec())
    .bind(ids)
    .fetch_one(tx.conn())
    .await?;
    convert("files", "size", bytes)
}

/// Writes what the checks, a release or a re-check changed: check state, type, hashes and release.
pub async fn save_check(tx: &mut Tx, file: &File, now: DateTime<Utc>) -> Result<()> {
    let release = file.release.as_ref();
    let done = sqlx::query(
        "update files
            set check_state = $2, checked_at = $3, media_type = $4, sha256 = $5, crc32 = $6,
                released_at = $7, released_by = $8, released_reason = $9
          where id = $1",
    )
    .bind(file.id.0)
    .bind(file.check.as_str())
    .bind((file.check != FileCheck::Pending).then_some(now))
    .bind(file.media_type.as_deref())
    .bind(file.sha256.map(|hash| hash.to_vec()))
    .bind(file.crc32.map(i64::from))
    .bind(release.map(|r| r.at))
    .bind(release.map(|r| r.by.as_str()))
    .bind(release.map(|r| r.reason.as_str()))
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// How many files of a package are in one state, and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where their checks stand.
    pub check: FileCheck,
    /// Whether all their bytes are stored.
    pub complete: bool,
    /// How many.
    pub count: u64,
    /// Their bytes, as announced.
    pub size: u64,
}

/// Counts the files of packages by state.
pub async fn groups(
    tx: &mut Tx,
    packages: &[PackageId],
) -> Result<BTreeMap<PackageId, Vec<Group>>> {
    let ids: Vec<Uuid> = packages.iter().map(|id| id.0).collect();
    let rows: Vec<(Uuid, String, bool, i64, i64)> = sqlx::query_as(
        "select package_id, check_state, completed_at is not null, count(*), sum(size)::bigint
           from files where package_id = any($1) group by 1, 2, 3 order by 1, 2, 3",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let mut groups: BTreeMap<PackageId, Vec<Group>> = BTreeMap::new();
    for (package, check, complete, count, size) in rows {
        let group = Group {
            check: parse("files", "check_state", &check)?,
            complete,
            count: convert("files", "count", count)?,
            size: convert("files", "size", size)?,
        };
        groups.entry(PackageId(package)).or_default().push(group);
    }
    Ok(groups)
}
