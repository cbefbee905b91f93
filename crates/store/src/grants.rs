//! What a browser has shown for one package or request.

use chrono::{DateTime, Utc};
use sofie_domain::{Grant, PackageId, RecipientId, RequestId, UserId, VisitorId};
use uuid::Uuid;

use crate::{Result, Tx};

/// A grant as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GrantRow {
    /// Identifies the grant.
    pub id: Uuid,
    /// The recipient whose link was opened.
    pub recipient_id: Option<Uuid>,
    /// Hash of the code that was mailed last.
    pub code_hash: Option<Vec<u8>>,
    /// When it was mailed.
    pub code_sent_at: Option<DateTime<Utc>>,
    /// How many wrong codes were given since.
    pub code_tries: i32,
    /// When the address was proved.
    pub proved_at: Option<DateTime<Utc>>,
    /// When the password was given.
    pub password_at: Option<DateTime<Utc>>,
    /// Until when a spent access lasts.
    pub access_until: Option<DateTime<Utc>>,
}

impl GrantRow {
    /// Returns what the grant is worth at `now`; what was shown before `since` counts no more.
    #[must_use]
    pub fn grant(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Grant {
        Grant {
            recipient_id: self.recipient_id.map(RecipientId),
            proved: self.proved_at.is_some_and(|at| at >= since),
            password: self.password_at.is_some_and(|at| at >= since),
            access: self.access_until.is_some_and(|until| now < until),
        }
    }
}

/// Remembers that a link of a package was opened in a browser.
pub async fn open_package(
    tx: &mut Tx,
    visitor: VisitorId,
    package: PackageId,
    recipient: Option<RecipientId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into grants (id, visitor_id, package_id, recipient_id, opened_at)
         values ($1, $2, $3, $4, $5)
         on conflict (visitor_id, package_id, recipient_id) where package_id is not null
         do update set opened_at = $5",
    )
    .bind(Uuid::now_v7())
    .bind(visitor.0)
    .bind(package.0)
    .bind(recipient.map(|id| id.0))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers that the link of a request was opened in a browser.
pub async fn open_request(
    tx: &mut Tx,
    visitor: VisitorId,
    request: RequestId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into grants (id, visitor_id, request_id, opened_at)
         values ($1, $2, $3, $4)
         on conflict (visitor_id, request_id) where request_id is not null do nothing",
    )
    .bind(Uuid::now_v7())
    .bind(visitor.0)
    .bind(request.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Finds what a browser has shown for a package: the grant that is worth most, or was opened last. What was
/// proved before `since` counts no more.
pub async fn for_package(
    tx: &mut Tx,
    visitor: VisitorId,
    package: PackageId,
    since: DateTime<Utc>,
) -> Result<Option<GrantRow>> {
    Ok(sqlx::query_as(
        "select id, recipient_id, code_hash, code_sent_at, code_tries, proved_at, password_at, access_until
           from grants
          where visitor_id = $1 and package_id = $2
          order by coalesce(proved_at >= $3, false) desc, opened_at desc
          limit 1",
    )
    .bind(visitor.0)
    .bind(package.0)
    .bind(since)
    .fetch_optional(tx.conn())
    .await?)
}

/// Finds what a browser has shown for a request.
pub async fn for_request(
    tx: &mut Tx,
    visitor: VisitorId,
    request: RequestId,
) -> Result<Option<GrantRow>> {
    Ok(sqlx::query_as(
        "select id, recipient_id, code_hash, code_sent_at, code_tries, proved_at, password_at, access_until
           from grants
          where visitor_id = $1 and request_id = $2",
    )
    .bind(visitor.0)
    .bind(request.0)
    .fetch_optional(tx.conn())
    .await?)
}

/// Stores the hash of a new code; an older one is worthless from now on.
pub async fn set_code(tx: &mut Tx, grant: Uuid, hash: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update grants set code_hash = $2, code_sent_at = $3, code_tries = 0 where id = $1",
    )
    .bind(grant)
    .bind(hash.as_slice())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a try before the code is compared, so that parallel guesses can't share one; returns the count.
pub async fn count_try(tx: &mut Tx, grant: Uuid) -> Result<i32> {
    Ok(sqlx::query_scalar(
        "update grants set code_tries = code_tries + 1 where id = $1 returning code_tries",
    )
    .bind(grant)
    .fetch_one(tx.conn())
    .await?)
}

/// Remembers that the address was proved; the code is used up.
pub async fn prove(tx: &mut Tx, grant: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update grants set proved_at = $2, code_hash = null where id = $1")
        .bind(grant)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Remembers that the password was given.
pub async fn give_password(tx: &mut Tx, grant: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update grants set password_at = $2 where id = $1")
        .bind(grant)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Remembers until when a spent access lasts.
pub async fn give_access(tx: &mut Tx, grant: Uuid, until: DateTime<Utc>) -> Result<()> {
    sqlx::query("update grants set access_until = $2 where id = $1")
        .bind(grant)
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Counts the accesses spent: of one recipient, or of everybody together for a link that names nobody.
pub async fn accesses_spent(
    tx: &mut Tx,
    package: PackageId,
    recipient: Option<RecipientId>,
) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from accesses
          where package_id = $1 and ($2::uuid is null or recipient_id = $2)",
    )
    .bind(package.0)
    .bind(recipient.map(|id| id.0))
    .fetch_one(tx.conn())
    .await?)
}

/// Keeps others from spending accesses of a package until the transaction ends, so that two callers can't both
/// spend the last one.
pub async fn lock_accesses(tx: &mut Tx, package: PackageId) -> Result<()> {
    sqlx::query("select 1 from packages where id = $1 for update")
        .bind(package.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Spends an access.
pub async fn spend_access(
    tx: &mut Tx,
    package: PackageId,
    recipient: Option<RecipientId>,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("insert into accesses (id, package_id, recipient_id, user_id, at) values ($1, $2, $3, $4, $5)")
        .bind(Uuid::now_v7())
        .bind(package.0)
        .bind(recipient.map(|id| id.0))
        .bind(user.map(|id| id.0))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
