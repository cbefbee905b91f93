//! The codes that prove a guest's address for the guest form.

use chrono::{DateTime, Utc};
use sofie_domain::{EmailAddress, VisitorId};

use crate::{Result, Tx, row};

/// The code that was mailed last to the address that a browser gave.
#[derive(Clone, Debug)]
pub struct GuestCode {
    /// The address.
    pub email: EmailAddress,
    /// The hash of the code.
    pub hash: Vec<u8>,
    /// When it was mailed.
    pub sent_at: DateTime<Utc>,
    /// How many codes were tried, this time included.
    pub tries: i32,
}

/// Stores the hash of a new code; an older one is worthless from now on.
pub async fn set(
    tx: &mut Tx,
    visitor: VisitorId,
    email: &EmailAddress,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into guest_codes (visitor_id, email, code_hash, sent_at) values ($1, $2, $3, $4)
         on conflict (visitor_id) do update set email = $2, code_hash = $3, sent_at = $4, tries = 0",
    )
    .bind(visitor.0)
    .bind(email.as_str())
    .bind(hash.as_slice())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a try and returns what to compare it with.
pub async fn attempt(tx: &mut Tx, visitor: VisitorId) -> Result<Option<GuestCode>> {
    let found: Option<(String, Vec<u8>, DateTime<Utc>, i32)> = sqlx::query_as(
        "update guest_codes set tries = tries + 1 where visitor_id = $1
         returning email, code_hash, sent_at, tries",
    )
    .bind(visitor.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some((email, hash, sent_at, tries)) = found else {
        return Ok(None);
    };
    let email = row::parse("guest_codes", "email", &email)?;
    Ok(Some(GuestCode {
        email,
        hash,
        sent_at,
        tries,
    }))
}

/// Forgets the code of a browser.
pub async fn forget(tx: &mut Tx, visitor: VisitorId) -> Result<()> {
    sqlx::query("delete from guest_codes where visitor_id = $1")
        .bind(visitor.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
