//! What the clock asks for: packages whose time is over.

use chrono::{DateTime, Utc};
use sofie_domain::{PackageId, RecipientId};
use uuid::Uuid;

use crate::{Result, Tx};

fn packages(rows: Vec<(Uuid,)>) -> Vec<PackageId> {
    rows.into_iter().map(|(id,)| PackageId(id)).collect()
}

/// Packages that can't be fetched any more since `now`.
pub async fn expired(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<PackageId>> {
    let rows = sqlx::query_as(
        "select id from packages
          where life in ('active', 'submitted') and expires_at <= $1 order by expires_at limit $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(packages(rows))
}

macro_rules! undecided {
    ($more:literal) => {
        concat!(
            "select p.id from packages p
              where p.life = 'submitted' and p.checks_started_at is null and p.changed_at <= $1
                and exists (select from files f where f.package_id = p.id)
                and not exists (select from files f where f.package_id = p.id
                                   and (f.check_state = 'pending' or f.checked_at > $1))",
            $more
        )
    };
}

/// Packages that nobody has decided about since before `before`: every file is settled, nothing is delivered.
pub async fn undecided(tx: &mut Tx, before: DateTime<Utc>, limit: i64) -> Result<Vec<PackageId>> {
    let rows = sqlx::query_as(undecided!(" order by p.submitted_at limit $2"))
        .bind(before)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
    Ok(packages(rows))
}

/// Tells whether a package, which this transaction has locked, is still one of those.
pub async fn is_undecided(tx: &mut Tx, before: DateTime<Utc>, id: PackageId) -> Result<bool> {
    let row: Option<(Uuid,)> = sqlx::query_as(undecided!(" and p.id = $2"))
        .bind(before)
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.is_some())
}

/// Packages that came into the recycle bin before `before`.
pub async fn deleted(tx: &mut Tx, before: DateTime<Utc>, limit: i64) -> Result<Vec<PackageId>> {
    let rows = sqlx::query_as(
        "select id from packages where life = 'deleted' and deleted_at <= $1 order by deleted_at limit $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(packages(rows))
}

macro_rules! unfinished {
    ($more:literal) => {
        concat!(
            "select p.id from packages p
              where p.life in ('requested', 'uploading') and p.changed_at <= $1
                and not exists (select from files f where f.package_id = p.id
                                   and (f.created_at > $1 or f.completed_at > $1
                                        or f.completed_at is null and f.upload_expires_at > $2))",
            $more
        )
    };
}

/// Packages that were never completed, that nobody touched since `before`: no change, no file begun or
/// finished, and no upload that may still go on at `now`.
pub async fn unfinished(
    tx: &mut Tx,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<PackageId>> {
    let rows = sqlx::query_as(unfinished!(" order by p.changed_at limit $3"))
        .bind(before)
        .bind(now)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
    Ok(packages(rows))
}

/// Tells whether a package, which this transaction has locked, is still one of those.
pub async fn is_unfinished(
    tx: &mut Tx,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    id: PackageId,
) -> Result<bool> {
    let row: Option<(Uuid,)> = sqlx::query_as(unfinished!(" and p.id = $3"))
        .bind(before)
        .bind(now)
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.is_some())
}

/// Packages that can be fetched, with files that passed and that nobody has looked at since `before`; those that
/// wait longest first.
pub async fn rescans(
    tx: &mut Tx,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<PackageId>> {
    let rows = sqlx::query_as(
        "select p.id from files f join packages p on p.id = f.package_id
          where p.life = 'active' and (p.expires_at is null or p.expires_at > $2)
            and f.check_state in ('clean', 'flagged') and coalesce(f.rescanned_at, f.checked_at) < $1
          group by p.id order by min(coalesce(f.rescanned_at, f.checked_at)) limit $3",
    )
    .bind(before)
    .bind(now)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(packages(rows))
}

/// Whether a package has a file that passed and that nobody has looked at since `before`.
pub async fn is_rescan_due(tx: &mut Tx, id: PackageId, before: DateTime<Utc>) -> Result<bool> {
    let (due,) = sqlx::query_as(
        "select exists (
             select from files where package_id = $1 and check_state in ('clean', 'flagged')
                and coalesce(rescanned_at, checked_at) < $2)",
    )
    .bind(id.0)
    .bind(before)
    .fetch_one(tx.conn())
    .await?;
    Ok(due)
}

macro_rules! unfetched {
    ($more:literal) => {
        concat!(
            "select p.id, r.id from packages p join recipients r on r.package_id = p.id
              where p.life = 'active' and p.expires_at > $1 and p.expires_at <= $1 + $2 * interval '1 day'
                and r.notified_at <= $1 - $2 * interval '1 day'
                and (r.reminded_at is null or r.reminded_at < p.expires_at - $2 * interval '1 day')
                and not exists (
                    select from downloads d where d.package_id = p.id and d.administrator_id is null
                       and (d.recipient_id = r.id or d.recipient_id is null)
                       and not coalesce(d.user_id = p.sender_user_id, false)
                       and not coalesce(d.visitor_id = p.sender_visitor_id, false))",
            $more
        )
    };
}

/// Recipients who have fetched nothing of a package that ends within so many days, were told of it at least as
/// long ago, and were not reminded yet. A download whose recipient is not known counts for all of them.
pub async fn unfetched(
    tx: &mut Tx,
    (now, days): (DateTime<Utc>, i64),
    limit: i64,
) -> Result<Vec<(PackageId, RecipientId)>> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as(unfetched!(" order by p.expires_at, r.id limit $3"))
            .bind(now)
            .bind(days)
            .bind(limit)
            .fetch_all(tx.conn())
            .await?;
    let ids = rows.into_iter();
    Ok(ids.map(|(p, r)| (PackageId(p), RecipientId(r))).collect())
}

/// Tells whether a recipient of a package, which this transaction has locked, is still one of those.
pub async fn is_unfetched(
    tx: &mut Tx,
    (now, days): (DateTime<Utc>, i64),
    id: RecipientId,
) -> Result<bool> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(unfetched!(" and r.id = $3"))
        .bind(now)
        .bind(days)
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.is_some())
}
