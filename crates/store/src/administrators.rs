//! Administrators.

use chrono::{DateTime, Utc};
use sofie_domain::{
    AccountState, Administrator, AdministratorId, AdministratorPermission, EmailAddress,
};
use uuid::Uuid;

use crate::{Error, Result, Tx, row};

/// An administrator together with the stored hash of the password, for log-in only.
#[derive(Clone, Debug)]
pub struct WithPassword {
    /// The administrator.
    pub administrator: Administrator,
    /// The stored hash.
    pub password: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    password: String,
    state: String,
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for WithPassword {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let administrator = Administrator {
            id: AdministratorId(row.id),
            email: row::parse("administrators", "email", &row.email)?,
            name: row.name,
            state: row::parse("administrators", "state", &row.state)?,
            permissions: permissions(&row.permissions)?,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        };
        Ok(Self {
            administrator,
            password: row.password,
        })
    }
}

pub(crate) fn permissions(words: &[String]) -> Result<Vec<AdministratorPermission>> {
    words
        .iter()
        .map(|word| row::parse("administrators", "permissions", word))
        .collect()
}

/// Waits for everybody else who adds or changes administrators; held until the end of the transaction.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query("lock table administrators in share row exclusive mode")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Tells whether there is any administrator.
pub async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(
        sqlx::query_scalar("select exists (select 1 from administrators)")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Adds an administrator; fails with the constraint `administrators_email_key` when the address is taken.
pub async fn insert(tx: &mut Tx, administrator: &Administrator, password: &str) -> Result<()> {
    let words: Vec<&str> = administrator
        .permissions
        .iter()
        .map(|p| p.as_str())
        .collect();
    sqlx::query(
        "insert into administrators (id, email, name, password, state, permissions, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(administrator.id.0)
    .bind(administrator.email.as_str())
    .bind(&administrator.name)
    .bind(password)
    .bind(administrator.state.as_str())
    .bind(words)
    .bind(administrator.created_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Finds an administrator with the stored password.
pub async fn find(tx: &mut Tx, id: AdministratorId) -> Result<Option<WithPassword>> {
    let row: Option<Row> = sqlx::query_as("select * from administrators where id = $1")
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Finds an administrator by the address.
pub async fn find_by_email(tx: &mut Tx, email: &EmailAddress) -> Result<Option<WithPassword>> {
    let row: Option<Row> = sqlx::query_as("select * from administrators where email = $1")
        .bind(email.as_str())
        .fetch_optional(tx.conn())
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Lists all administrators, the first one first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Administrator>> {
    // Not the password: only who logs people in reads it, and only that role may.
    let rows: Vec<Row> = sqlx::query_as(
        "select id, email, name, '' as password, state, permissions, created_at, last_login_at
           from administrators order by created_at, id limit 1000",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| WithPassword::try_from(row).map(|found| found.administrator))
        .collect()
}

/// Changes where an administrator stands and what the administrator may do.
pub async fn update(
    tx: &mut Tx,
    id: AdministratorId,
    state: Option<AccountState>,
    permissions: Option<&[AdministratorPermission]>,
) -> Result<()> {
    let words: Option<Vec<&str>> =
        permissions.map(|list| list.iter().map(|p| p.as_str()).collect());
    let done = sqlx::query(
        "update administrators
            set state = coalesce($2, state), permissions = coalesce($3, permissions)
          where id = $1",
    )
    .bind(id.0)
    .bind(state.map(AccountState::as_str))
    .bind(words)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Sets the stored password.
pub async fn set_password(tx: &mut Tx, id: AdministratorId, password: &str) -> Result<()> {
    sqlx::query("update administrators set password = $2 where id = $1")
        .bind(id.0)
        .bind(password)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Remembers when the administrator logged in.
pub async fn logged_in(tx: &mut Tx, id: AdministratorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update administrators set last_login_at = $2 where id = $1")
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
