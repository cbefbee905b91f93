//! Log-in sessions: the row decides whether a signed cookie still means anything.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sofie_domain::{
    AdministratorId, AdministratorPermission, EmailAddress, SessionId, UserId, UserPermission,
};
use uuid::Uuid;

use crate::{Result, Tx, administrators, row, users};

/// Whose session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user's.
    User(UserId),
    /// An administrator's.
    Administrator(AdministratorId),
}

impl Owner {
    fn user(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.0),
            Self::Administrator(_) => None,
        }
    }

    fn administrator(self) -> Option<Uuid> {
        match self {
            Self::Administrator(id) => Some(id.0),
            Self::User(_) => None,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Administrator(_) => "administrator",
        }
    }
}

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Identifies the session; it is not the secret.
    pub id: SessionId,
    /// The hash of the secret in the cookie.
    pub hash: [u8; 32],
    /// Whose.
    pub owner: Owner,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// A session with the account behind it as it is now.
#[derive(Clone, Debug)]
pub struct Working<Id, Permission> {
    /// The session.
    pub id: SessionId,
    /// The account.
    pub account: Id,
    /// The account's address.
    pub email: EmailAddress,
    /// What the account may do.
    pub permissions: Vec<Permission>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When the account last proved in it who it is.
    pub authenticated_at: DateTime<Utc>,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Identifies the session.
    pub id: SessionId,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// From where it began.
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// Begins a session.
pub async fn insert(tx: &mut Tx, session: &NewSession, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into sessions (id, hash, kind, user_id, administrator_id, created_at, last_seen_at,
                               authenticated_at, expires_at, ip, user_agent)
         values ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8::inet, $9)",
    )
    .bind(session.id.0)
    .bind(session.hash.as_slice())
    .bind(session.owner.kind())
    .bind(session.owner.user())
    .bind(session.owner.administrator())
    .bind(now)
    .bind(session.expires_at)
    .bind(session.ip.map(|ip| ip.to_string()))
    .bind(&session.user_agent)
    .execute(tx.conn())
    .await?;
    Ok(())
}

type Row = (
    Uuid,
    Uuid,
    String,
    Vec<String>,
    DateTime<Utc>,
    DateTime<Utc>,
);

/// Finds a user's session by the hash of its secret: neither over nor unused since `idle_since`, the user
/// active.
pub async fn find_user(
    tx: &mut Tx,
    hash: &[u8; 32],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<Working<UserId, UserPermission>>> {
    let found: Option<Row> = sqlx::query_as(
        "select s.id, u.id, u.email, u.permissions, s.last_seen_at, s.authenticated_at
           from sessions s join users u on u.id = s.user_id
          where s.hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and u.state = 'active'",
    )
    .bind(hash.as_slice())
    .bind(now)
    .bind(idle_since)
    .fetch_optional(tx.conn())
    .await?;
    let Some((id, account, email, permissions, last_seen_at, authenticated_at)) = found else {
        return Ok(None);
    };
    Ok(Some(Working {
        id: SessionId(id),
        account: UserId(account),
        email: row::parse("users", "email", &email)?,
        permissions: users::permissions(&permissions)?,
        last_seen_at,
        authenticated_at,
    }))
}

/// Finds an administrator's session, as [`find_user`] does a user's.
pub async fn find_administrator(
    tx: &mut Tx,
    hash: &[u8; 32],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<Working<AdministratorId, AdministratorPermission>>> {
    let found: Option<Row> = sqlx::query_as(
        "select s.id, a.id, a.email, a.permissions, s.last_seen_at, s.authenticated_at
           from sessions s join administrators a on a.id = s.administrator_id
          where s.hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and a.state = 'active'",
    )
    .bind(hash.as_slice())
    .bind(now)
    .bind(idle_since)
    .fetch_optional(tx.conn())
    .await?;
    let Some((id, account, email, permissions, last_seen_at, authenticated_at)) = found else {
        return Ok(None);
    };
    Ok(Some(Working {
        id: SessionId(id),
        account: AdministratorId(account),
        email: row::parse("administrators", "email", &email)?,
        permissions: administrators::permissions(&permissions)?,
        last_seen_at,
        authenticated_at,
    }))
}

/// Gives a session a new secret because its owner proved again who it is; the old one is worth nothing from
/// now on. Returns when the session ends in any case; none when there is no such session.
pub async fn renew(
    tx: &mut Tx,
    id: SessionId,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar(
        "update sessions set hash = $2, authenticated_at = $3, last_seen_at = $3
          where id = $1 returning expires_at",
    )
    .bind(id.0)
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Remembers that a session was used.
pub async fn touch(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update sessions set last_seen_at = $2 where id = $1 and last_seen_at < $2")
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lists the sessions of an owner that are not over, newest first.
pub async fn list(
    tx: &mut Tx,
    owner: Owner,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<Listed>> {
    type Row = (
        Uuid,
        DateTime<Utc>,
        DateTime<Utc>,
        Option<String>,
        Option<String>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "select id, created_at, last_seen_at, host(ip), user_agent from sessions
          where user_id is not distinct from $1 and administrator_id is not distinct from $2
            and expires_at > $3 and last_seen_at > $4
          order by created_at desc, id desc",
    )
    .bind(owner.user())
    .bind(owner.administrator())
    .bind(now)
    .bind(idle_since)
    .fetch_all(tx.conn())
    .await?;
    let listed = |(id, created_at, last_seen_at, ip, user_agent)| Listed {
        id: SessionId(id),
        created_at,
        last_seen_at,
        ip,
        user_agent,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Ends one session of an owner; false when the owner has no such session.
pub async fn end(tx: &mut Tx, owner: Owner, id: SessionId) -> Result<bool> {
    let done = sqlx::query(
        "delete from sessions
          where id = $1 and user_id is not distinct from $2 and administrator_id is not distinct from $3",
    )
    .bind(id.0)
    .bind(owner.user())
    .bind(owner.administrator())
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the sessions of an owner, except perhaps one; returns how many.
pub async fn end_all(tx: &mut Tx, owner: Owner, except: Option<SessionId>) -> Result<u64> {
    let done = sqlx::query(
        "delete from sessions
          where user_id is not distinct from $1 and administrator_id is not distinct from $2
            and id is distinct from $3",
    )
    .bind(owner.user())
    .bind(owner.administrator())
    .bind(except.map(|id| id.0))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Ends the oldest sessions of an owner so that at most `keep` stay.
pub async fn keep_newest(tx: &mut Tx, owner: Owner, keep: u32) -> Result<()> {
    sqlx::query(
        "delete from sessions where id in (
            select id from sessions
             where user_id is not distinct from $1 and administrator_id is not distinct from $2
             order by created_at desc, id desc offset $3)",
    )
    .bind(owner.user())
    .bind(owner.administrator())
    .bind(i64::from(keep))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets sessions that are over; returns how many.
pub async fn clean_up(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("delete from sessions where expires_at < $1")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
