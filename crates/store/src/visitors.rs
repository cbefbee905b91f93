//! Browsers of people without an account.

use chrono::{DateTime, TimeDelta, Utc};
use sofie_domain::{EmailAddress, VisitorId};
use uuid::Uuid;

use crate::{Result, Tx, row};

/// A browser that showed its cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Identifies the browser.
    pub id: VisitorId,
    /// The address that was proved in it, for the guest form.
    pub email: Option<EmailAddress>,
    /// What was proved in it before this counts no more.
    pub proofs_since: DateTime<Utc>,
    /// When it was last written down that it called.
    pub last_seen_at: DateTime<Utc>,
}

/// For how long what was proved in a browser counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Without a call.
    pub idle: TimeDelta,
    /// In any case.
    pub longest: TimeDelta,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: Option<String>,
    email_proved_at: Option<DateTime<Utc>>,
    last_seen_at: DateTime<Utc>,
    active_since: DateTime<Utc>,
}

/// Remembers a new browser by the hash of its cookie's secret.
pub async fn insert(
    tx: &mut Tx,
    id: VisitorId,
    hash: &[u8; 32],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into visitors (id, hash, created_at, last_seen_at, active_since, expires_at)
         values ($1, $2, $3, $3, $3, $4)",
    )
    .bind(id.0)
    .bind(hash.as_slice())
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Finds a browser by the hash of its cookie's secret.
pub async fn find(
    tx: &mut Tx,
    hash: &[u8; 32],
    trust: Trust,
    now: DateTime<Utc>,
) -> Result<Option<Visitor>> {
    let found: Option<Row> = sqlx::query_as(
        "select id, email, email_proved_at, last_seen_at, active_since
           from visitors
          where hash = $1 and expires_at > $2",
    )
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let proofs_since = if row.last_seen_at <= now - trust.idle {
        now
    } else {
        row.active_since.max(now - trust.longest)
    };
    let proved = row.email_proved_at.is_some_and(|at| at >= proofs_since);
    let email = row
        .email
        .filter(|_| proved)
        .map(|text| row::parse("visitors", "email", &text))
        .transpose()?;
    Ok(Some(Visitor {
        id: VisitorId(row.id),
        email,
        proofs_since,
        last_seen_at: row.last_seen_at,
    }))
}

/// Notes that the browser called, and what it may no longer count on.
pub async fn touch(tx: &mut Tx, visitor: &Visitor, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update visitors
            set last_seen_at = greatest(last_seen_at, $2), active_since = greatest(active_since, $3)
          where id = $1",
    )
    .bind(visitor.id.0)
    .bind(now)
    .bind(visitor.proofs_since)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back what the browser proved and the links that it opened; its cookie is worth nothing from now on.
pub async fn forget(tx: &mut Tx, id: VisitorId, now: DateTime<Utc>) -> Result<()> {
    for statement in [
        "delete from grants where visitor_id = $1",
        "delete from guest_codes where visitor_id = $1",
    ] {
        sqlx::query(statement).bind(id.0).execute(tx.conn()).await?;
    }
    sqlx::query(
        "update visitors
            set email = null, email_proved_at = null, expires_at = least(expires_at, $2)
          where id = $1",
    )
    .bind(id.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers that an address was proved in the browser.
pub async fn prove(
    tx: &mut Tx,
    id: VisitorId,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("update visitors set email = $2, email_proved_at = $3 where id = $1")
        .bind(id.0)
        .bind(email.as_str())
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets browsers whose time is over and that sent nothing; returns how many.
pub async fn clean_up(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query(
        "delete from visitors v
          where expires_at <= $1
            and not exists (select 1 from packages p where p.sender_visitor_id = v.id)",
    )
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
