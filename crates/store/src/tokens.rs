//! API tokens.

use chrono::{DateTime, Utc};
use sofie_domain::{EmailAddress, TokenId, UserId, UserPermission};
use uuid::Uuid;

use crate::{Result, Tx, row, users};

/// A token as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Identifies the token; it is not the secret.
    pub id: TokenId,
    /// What the owner calls it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it no longer works.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that works, with the account behind it as it is now.
#[derive(Clone, Debug)]
pub struct Working {
    /// The token.
    pub id: TokenId,
    /// Its owner.
    pub user: UserId,
    /// The owner's address.
    pub email: EmailAddress,
    /// What the owner may do.
    pub permissions: Vec<UserPermission>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Adds a token.
pub async fn insert(tx: &mut Tx, user: UserId, token: &Token, hash: &[u8; 32]) -> Result<()> {
    sqlx::query(
        "insert into api_tokens (id, user_id, name, hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.id.0)
    .bind(user.0)
    .bind(&token.name)
    .bind(hash.as_slice())
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Finds a token that works by the hash of its secret: neither revoked nor expired, its owner
/// active and allowed to use tokens.
pub async fn find(tx: &mut Tx, hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<Working>> {
    type Row = (Uuid, Uuid, String, Vec<String>, Option<DateTime<Utc>>);
    let found: Option<Row> = sqlx::query_as(
        "select t.id, u.id, u.email, u.permissions, t.last_used_at
           from api_tokens t join users u on u.id = t.user_id
          where t.hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)
            and u.state = 'active' and 'api_tokens' = any (u.permissions)",
    )
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    let Some((id, user, email, permissions, last_used_at)) = found else {
        return Ok(None);
    };
    Ok(Some(Working {
        id: TokenId(id),
        user: UserId(user),
        email: row::parse("users", "email", &email)?,
        permissions: users::permissions(&permissions)?,
        last_used_at,
    }))
}

/// Remembers that a token was used.
pub async fn touch(tx: &mut Tx, id: TokenId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update api_tokens set last_used_at = $2 where id = $1")
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lists the tokens of a user that are not revoked, newest first.
pub async fn list(tx: &mut Tx, user: UserId) -> Result<Vec<Token>> {
    type Row = (
        Uuid,
        String,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, created_at, expires_at, last_used_at from api_tokens
          where user_id = $1 and revoked_at is null order by created_at desc, id desc limit 1000",
    )
    .bind(user.0)
    .fetch_all(tx.conn())
    .await?;
    let token = |(id, name, created_at, expires_at, last_used_at)| Token {
        id: TokenId(id),
        name,
        created_at,
        expires_at,
        last_used_at,
    };
    Ok(rows.into_iter().map(token).collect())
}

/// Revokes a token of a user; false when the user has no such token.
pub async fn revoke(tx: &mut Tx, user: UserId, id: TokenId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "update api_tokens set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null",
    )
    .bind(id.0)
    .bind(user.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
