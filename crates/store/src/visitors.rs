//! Browsers of people without an account.

use chrono::{DateTime, Utc};
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
        "insert into visitors (id, hash, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $3, $4)",
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
pub async fn find(tx: &mut Tx, hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<Visitor>> {
    let found: Option<(Uuid, Option<String>)> = sqlx::query_as(
        "select id, case when email_proved_at is null then null else email end
           from visitors
          where hash = $1 and expires_at > $2",
    )
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    let Some((id, email)) = found else {
        return Ok(None);
    };
    let email = email
        .map(|text| row::parse("visitors", "email", &text))
        .transpose()?;
    Ok(Some(Visitor {
        id: VisitorId(id),
        email,
    }))
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
