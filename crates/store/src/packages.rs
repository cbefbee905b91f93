//! Packages, without their files.

mod lists;
mod rows;

pub use lists::{Box, Wanted, list, search};

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sofie_domain::{Package, PackageId, Sender, UserId, VisitorId};

use crate::{
    Error, Result, Tx,
    package_keys::WrappedPackageKey,
    recipients,
    row::{bigint, convert},
};
use rows::{PackageRow, WholeRow};

/// Why a package is in the recycle bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedReason {
    /// Its sender took it back.
    Withdrawn,
    /// Its time was over.
    Expired,
    /// An administrator did not release it.
    Rejected,
    /// An administrator removed it.
    Administrator,
}

impl DeletedReason {
    /// Returns the word used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Administrator => "administrator",
        }
    }
}

/// Adds a package and its recipients. `password` is an Argon2id string.
pub async fn insert(tx: &mut Tx, package: &Package, password: Option<&str>) -> Result<()> {
    let title = tx.seal("packages.title", package.id, package.title.as_str())?;
    let note = tx.seal("packages.note", package.id, package.note.as_str())?;
    let (user, visitor) = match &package.sender {
        Sender::User { id, .. } => (Some(id.0), None),
        Sender::Guest { visitor, .. } => (None, Some(visitor.0)),
    };
    sqlx::query(
        "insert into packages (id, kind, life, approval, sender_user_id, sender_visitor_id, sender_email,
                               request_id, title_sealed, note_sealed, password, access_limit,
                               expires_in_days, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
    )
    .bind(package.id.0)
    .bind(package.kind.as_str())
    .bind(package.life.as_str())
    .bind(package.approval.as_str())
    .bind(user)
    .bind(visitor)
    .bind(package.sender.email().as_str())
    .bind(package.request_id.map(|id| id.0))
    .bind(title)
    .bind(note)
    .bind(password)
    .bind(package.access_limit.map(|n| bigint(n.into())))
    .bind(bigint(package.expires_in_days.into()))
    .bind(package.created_at)
    .execute(tx.conn())
    .await?;
    recipients::insert(tx, package.id, &package.recipients).await
}

/// Returns a package, in one query.
pub async fn find(tx: &mut Tx, id: PackageId) -> Result<Option<Package>> {
    let row: Option<WholeRow> = sqlx::query_as(concat!(rows::select_whole!(), " where p.id = $1"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| row.into_package(tx)).transpose()
}

/// Returns a package and keeps others from changing it, or adding files, until the transaction ends.
pub async fn lock(tx: &mut Tx, id: PackageId) -> Result<Option<Package>> {
    let row: Option<PackageRow> =
        sqlx::query_as(concat!(rows::select!(), " where p.id = $1 for update of p"))
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    let Some(row) = row else { return Ok(None) };
    // Not in the same query: whoever held the row may have put others in their place.
    let recipients = recipients::of_packages(tx, &[PackageId(row.id)]).await?;
    let recipients = recipients.into_iter().map(|(_, r)| r).collect();
    row.into_package(tx, recipients).map(Some)
}

/// Writes the changed fields of a package (not its sender, recipients or password) and counts its version
/// up. [`Error::Stale`] if somebody else changed it since it was read.
pub async fn save(tx: &mut Tx, package: &mut Package, now: DateTime<Utc>) -> Result<()> {
    let title = tx.seal("packages.title", package.id, package.title.as_str())?;
    let note = tx.seal("packages.note", package.id, package.note.as_str())?;
    let done = sqlx::query(
        "update packages
            set kind = $3, life = $4, approval = $5, title_sealed = $6, note_sealed = $7,
                access_limit = $8, expires_in_days = $9, send_requested_at = $10, submitted_at = $11,
                activated_at = $12, expires_at = $13, deleted_at = $14, changed_at = $15,
                deleted_reason = case when $4 in ('deleted', 'archived', 'shredded') then deleted_reason end,
                shredded_at = case when $4 = 'shredded' then coalesce(shredded_at, $15) end,
                version = version + 1
          where id = $1 and version = $2",
    )
    .bind(package.id.0)
    .bind(package.version)
    .bind(package.kind.as_str())
    .bind(package.life.as_str())
    .bind(package.approval.as_str())
    .bind(title)
    .bind(note)
    .bind(package.access_limit.map(|n| bigint(n.into())))
    .bind(bigint(package.expires_in_days.into()))
    .bind(package.send_requested_at)
    .bind(package.submitted_at)
    .bind(package.activated_at)
    .bind(package.expires_at)
    .bind(package.deleted_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::Stale);
    }
    package.version += 1;
    Ok(())
}

/// Notes why a package is in the recycle bin; call it after [`save`].
pub async fn set_deleted_reason(tx: &mut Tx, id: PackageId, reason: DeletedReason) -> Result<()> {
    sqlx::query("update packages set deleted_reason = $2 where id = $1")
        .bind(id.0)
        .bind(reason.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns which of the packages are in the recycle bin because their sender withdrew them.
pub async fn withdrawn(tx: &mut Tx, ids: &[PackageId]) -> Result<HashSet<PackageId>> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(uuid::Uuid,)> = sqlx::query_as(
        "select id from packages where id = any($1) and life = 'deleted' and deleted_reason = 'withdrawn'",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(id,)| PackageId(id)).collect())
}

/// Notes how many files the sender says there will be; a sent package is not complete before.
pub async fn set_expected_files(tx: &mut Tx, id: PackageId, files: Option<u32>) -> Result<()> {
    sqlx::query("update packages set expected_files = $2 where id = $1")
        .bind(id.0)
        .bind(files.map(|n| bigint(n.into())))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns how many files the sender said there will be, if anything was said.
pub async fn expected_files(tx: &mut Tx, id: PackageId) -> Result<Option<u64>> {
    let row: Option<(Option<i32>,)> =
        sqlx::query_as("select expected_files from packages where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    row.and_then(|(files,)| files)
        .map(|files| convert("packages", "expected_files", files))
        .transpose()
}

/// Returns who a package is from, as one party among those that share the workers.
pub async fn party(tx: &mut Tx, id: PackageId) -> Result<Option<uuid::Uuid>> {
    Ok(sqlx::query_scalar(
        "select coalesce(sender_user_id, sender_visitor_id) from packages where id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?
    .flatten())
}

/// Returns the packages that a browser puts together and has not sent.
pub async fn drafts_of_visitor(tx: &mut Tx, visitor: VisitorId) -> Result<Vec<PackageId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select id from packages
          where sender_visitor_id = $1 and life = 'uploading' and send_requested_at is null",
    )
    .bind(visitor.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PackageId).collect())
}

/// What a request that adds a file to a draft must know of the draft.
#[derive(Clone, Debug)]
pub struct DraftRow {
    /// The user who fills it.
    pub sender_user: Option<UserId>,
    /// The browser that fills it.
    pub sender_visitor: Option<VisitorId>,
    /// Whether it takes files.
    pub open: bool,
    /// How many files it has, finished or not.
    pub files: u64,
    /// Their announced bytes.
    pub bytes: u64,
    /// Its key.
    pub key: WrappedPackageKey,
}

/// Returns what a request that adds a file must know, in one query.
pub async fn draft(tx: &mut Tx, id: PackageId) -> Result<Option<DraftRow>> {
    type Columns = (
        Option<uuid::Uuid>,
        Option<uuid::Uuid>,
        bool,
        i64,
        i64,
        String,
        Vec<u8>,
    );
    let row: Option<Columns> = sqlx::query_as(
        "select p.sender_user_id, p.sender_visitor_id,
                p.life = 'uploading' and (p.send_requested_at is null or p.expected_files is not null),
                (select count(*) from files f where f.package_id = p.id),
                (select coalesce(sum(size), 0)::bigint from files f where f.package_id = p.id),
                k.kek_id, k.wrapped
           from packages p join package_keys k on k.package_id = p.id
          where p.id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some((user, visitor, open, files, bytes, kek_id, wrapped)) = row else {
        return Ok(None);
    };
    Ok(Some(DraftRow {
        sender_user: user.map(UserId),
        sender_visitor: visitor.map(VisitorId),
        open,
        files: convert("files", "count", files)?,
        bytes: convert("files", "size", bytes)?,
        key: WrappedPackageKey { kek_id, wrapped },
    }))
}

/// Notes that somebody is still at work on a draft; a draft that nobody touches is removed one day.
pub async fn touch(tx: &mut Tx, id: PackageId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update packages set changed_at = greatest(changed_at, $2) where id = $1")
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What tells one state of a package from the next without reading it: equal stamps, nothing changed.
///
/// It covers the package and its files. It does not cover what the engines say of a file before it is settled,
/// nor when recipients were told and what a browser has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Stamp {
    version: i64,
    changed_at: DateTime<Utc>,
    expected_files: Option<i32>,
    checks_started_at: Option<DateTime<Utc>>,
    expired: bool,
    files: i64,
    completed: i64,
    received: i64,
    rounds: i64,
    checked: i64,
    checked_at: Option<DateTime<Utc>>,
    released_at: Option<DateTime<Utc>>,
}

/// Returns the stamp of a package as it is at `now`.
pub async fn stamp(tx: &mut Tx, id: PackageId, now: DateTime<Utc>) -> Result<Option<Stamp>> {
    Ok(sqlx::query_as(
        "select p.version, p.changed_at, p.expected_files, p.checks_started_at,
                coalesce(p.expires_at <= $2, false) as expired, f.*
           from packages p cross join lateral (
                select count(*) as files, count(completed_at) as completed,
                       coalesce(sum(received), 0)::bigint as received,
                       coalesce(sum(check_round), 0)::bigint as rounds, count(checked_at) as checked,
                       max(checked_at) as checked_at, max(released_at) as released_at
                  from files where package_id = p.id) f
          where p.id = $1",
    )
    .bind(id.0)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes when the present round of checks began; `None` when it is over.
pub async fn set_checks_started(
    tx: &mut Tx,
    id: PackageId,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query("update packages set checks_started_at = $2 where id = $1")
        .bind(id.0)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the Argon2id string of the package password.
pub async fn password(tx: &mut Tx, id: PackageId) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("select password from packages where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.and_then(|(password,)| password))
}

/// Sets or removes the package password.
pub async fn set_password(tx: &mut Tx, id: PackageId, password: Option<&str>) -> Result<()> {
    sqlx::query("update packages set password = $2 where id = $1")
        .bind(id.0)
        .bind(password)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives a public or internal package its link.
pub async fn set_link(tx: &mut Tx, id: PackageId, hash: &[u8; 32], secret: &str) -> Result<()> {
    let sealed = tx.seal("packages.link", id, secret)?;
    sqlx::query("update packages set link_hash = $2, link_sealed = $3 where id = $1")
        .bind(id.0)
        .bind(hash.as_slice())
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the secret of the link of a public or internal package.
pub async fn link(tx: &mut Tx, id: PackageId) -> Result<Option<String>> {
    let row: Option<(Option<Vec<u8>>,)> =
        sqlx::query_as("select link_sealed from packages where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    row.and_then(|(sealed,)| sealed)
        .map(|sealed| tx.open("packages.link", id, &sealed))
        .transpose()
}

/// Returns the public or internal package behind a link.
pub async fn by_link(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<PackageId>> {
    let row: Option<(uuid::Uuid,)> = sqlx::query_as("select id from packages where link_hash = $1")
        .bind(hash.as_slice())
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|(id,)| PackageId(id)))
}
