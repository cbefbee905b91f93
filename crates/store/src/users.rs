//! Users.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sofie_domain::{AccountState, EmailAddress, User, UserId, UserPermission};
use uuid::Uuid;

use crate::{Cursor, Error, Page, Result, Tx, row};

/// A user together with the stored hash of the password, for log-in only.
#[derive(Clone, Debug)]
pub struct WithPassword {
    /// The user.
    pub user: User,
    /// The stored hash; none while the user is invited.
    pub password: Option<String>,
}

/// What of a user to change; fields that are none stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The person's name.
    pub name: Option<String>,
    /// The language; `Some(None)` takes the choice back.
    pub locale: Option<Option<String>>,
    /// Where the account stands.
    pub state: Option<AccountState>,
    /// What the user may do.
    pub permissions: Option<Vec<UserPermission>>,
}

/// A user without the password: only who logs people in reads it, and only that role may.
macro_rules! select {
    ($end:literal) => {
        concat!(
            "select id, email, name, null::text as password, state, locale, permissions, created_at, last_login_at, ",
            $end
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    password: Option<String>,
    state: String,
    locale: Option<String>,
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
    ordinal: i64,
}

impl TryFrom<Row> for WithPassword {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let user = User {
            id: UserId(row.id),
            email: row::parse("users", "email", &row.email)?,
            name: row.name,
            state: row::parse("users", "state", &row.state)?,
            locale: row.locale,
            permissions: permissions(&row.permissions)?,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        };
        Ok(Self {
            user,
            password: row.password,
        })
    }
}

pub(crate) fn permissions(words: &[String]) -> Result<Vec<UserPermission>> {
    words
        .iter()
        .map(|word| row::parse("users", "permissions", word))
        .collect()
}

fn words(permissions: &[UserPermission]) -> Vec<&'static str> {
    permissions.iter().map(|p| p.as_str()).collect()
}

/// Adds a user; fails with the constraint `users_email_key` when the address is taken.
pub async fn insert(tx: &mut Tx, user: &User, password: Option<&str>) -> Result<()> {
    sqlx::query(
        "insert into users (id, email, name, password, state, locale, permissions, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(user.id.0)
    .bind(user.email.as_str())
    .bind(&user.name)
    .bind(password)
    .bind(user.state.as_str())
    .bind(&user.locale)
    .bind(words(&user.permissions))
    .bind(user.created_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Finds a user.
pub async fn find(tx: &mut Tx, id: UserId) -> Result<Option<User>> {
    let row: Option<Row> = sqlx::query_as(select!("0::bigint as ordinal from users where id = $1"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row
        .map(WithPassword::try_from)
        .transpose()?
        .map(|found| found.user))
}

/// Finds a user with the stored password.
pub async fn find_with_password(tx: &mut Tx, id: UserId) -> Result<Option<WithPassword>> {
    let row: Option<Row> =
        sqlx::query_as("select *, 0::bigint as ordinal from users where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    row.map(TryInto::try_into).transpose()
}

/// Finds users.
pub async fn by_ids(tx: &mut Tx, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = sqlx::query_as(select!(
        "0::bigint as ordinal from users where id = any($1)"
    ))
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let user = WithPassword::try_from(row)?.user;
            Ok((user.id, user))
        })
        .collect()
}

/// Returns the users who may log in and decide on what others send.
pub async fn approvers(tx: &mut Tx) -> Result<Vec<User>> {
    let rows: Vec<Row> = sqlx::query_as(select!(
        "0::bigint as ordinal from users where state = 'active' and $1 = any(permissions) order by email"
    ))
    .bind(UserPermission::Approve.as_str())
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| WithPassword::try_from(row).map(|found| found.user))
        .collect()
}

/// Returns the names of users.
pub async fn names(tx: &mut Tx, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as("select id, name from users where id = any($1)")
        .bind(ids)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| (UserId(id), name))
        .collect())
}

/// Finds a user by the address.
pub async fn find_by_email(tx: &mut Tx, email: &EmailAddress) -> Result<Option<WithPassword>> {
    let row: Option<Row> =
        sqlx::query_as("select *, 0::bigint as ordinal from users where email = $1")
            .bind(email.as_str())
            .fetch_optional(tx.conn())
            .await?;
    row.map(TryInto::try_into).transpose()
}

/// Finds the users among addresses.
pub async fn by_emails(
    tx: &mut Tx,
    emails: &[EmailAddress],
) -> Result<HashMap<EmailAddress, User>> {
    let emails: Vec<&str> = emails.iter().map(EmailAddress::as_str).collect();
    let rows: Vec<Row> = sqlx::query_as(select!(
        "0::bigint as ordinal from users where email = any($1)"
    ))
    .bind(emails)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let user = WithPassword::try_from(row)?.user;
            Ok((user.email.clone(), user))
        })
        .collect()
}

/// Lists users, newest first; `text` must occur in the address or the name.
pub async fn list(
    tx: &mut Tx,
    text: Option<&str>,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<User>> {
    let rows: Vec<Row> = sqlx::query_as(
        select!("(extract(epoch from created_at) * 1000000)::bigint as ordinal
           from users
          where ($1::text is null or position(lower($1) in email) > 0 or position(lower($1) in lower(name)) > 0)
            and ($2::bigint is null or (extract(epoch from created_at) * 1000000)::bigint < $2)
          order by created_at desc, id desc
          limit $3"),
    )
    .bind(text)
    .bind(after.map(|cursor| cursor.0))
    .bind(crate::page::fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let page = Page::cut(rows, limit, |row| row.ordinal);
    let items: Result<Vec<User>> = page
        .items
        .into_iter()
        .map(|row| WithPassword::try_from(row).map(|found| found.user))
        .collect();
    Ok(Page {
        items: items?,
        next: page.next,
    })
}

/// Changes a user; fails with [`Error::Stale`] when there is none.
pub async fn update(tx: &mut Tx, id: UserId, change: &Change) -> Result<()> {
    let done = sqlx::query(
        "update users
            set name = coalesce($2, name),
                locale = case when $3 then $4 else locale end,
                state = coalesce($5, state),
                permissions = coalesce($6, permissions)
          where id = $1",
    )
    .bind(id.0)
    .bind(&change.name)
    .bind(change.locale.is_some())
    .bind(change.locale.as_ref().and_then(Option::as_ref))
    .bind(change.state.map(AccountState::as_str))
    .bind(change.permissions.as_deref().map(words))
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Sets the stored password; an invited user becomes active, a disabled one stays disabled.
pub async fn set_password(tx: &mut Tx, id: UserId, password: &str) -> Result<()> {
    sqlx::query(
        "update users
            set password = $2, state = case state when 'invited' then 'active' else state end
          where id = $1",
    )
    .bind(id.0)
    .bind(password)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers when the user logged in.
pub async fn logged_in(tx: &mut Tx, id: UserId, now: DateTime<Utc>) -> Result<bool> {
    let watched: Option<bool> = sqlx::query_scalar(
        "update users set last_login_at = $2, login_watched = false
           from (select id, login_watched from users where id = $1 for update) as before
          where users.id = before.id returning before.login_watched",
    )
    .bind(id.0)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(watched.unwrap_or(false))
}

/// Makes the user's next log-in one that [`logged_in`] tells about.
pub async fn watch_login(tx: &mut Tx, id: UserId) -> Result<()> {
    sqlx::query("update users set login_watched = true where id = $1")
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Counts users, for the dashboard.
pub async fn count(tx: &mut Tx) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("select count(*) from users")
        .fetch_one(tx.conn())
        .await?;
    row::convert("users", "count", count)
}
