//! Requests for files.

use chrono::{DateTime, Utc};
use sofie_domain::{Note, PackageId, Request, RequestId, Title, UserId};
use uuid::Uuid;

use crate::{Cursor, Error, Page, Result, Tx, page, row};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    seq: i64,
    user_id: Uuid,
    email: String,
    title_sealed: Vec<u8>,
    note_sealed: Vec<u8>,
    has_password: bool,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
    fulfilled_at: Option<DateTime<Utc>>,
    package_id: Option<Uuid>,
}

impl Row {
    fn parse(self, tx: &Tx) -> Result<Request> {
        let title = tx.open("requests.title", self.id, &self.title_sealed)?;
        let note = tx.open("requests.note", self.id, &self.note_sealed)?;
        let wrong = |column| Error::Inconsistent {
            table: "requests",
            column,
        };
        Ok(Request {
            id: RequestId(self.id),
            user_id: UserId(self.user_id),
            email: row::parse("requests", "email", &self.email)?,
            title: Title::parse(&title).map_err(|_| wrong("title_sealed"))?,
            note: Note::parse(&note).map_err(|_| wrong("note_sealed"))?,
            has_password: self.has_password,
            created_at: self.created_at,
            expires_at: self.expires_at,
            cancelled_at: self.cancelled_at,
            package_id: self.package_id.map(PackageId),
            fulfilled_at: self.fulfilled_at,
        })
    }
}

/// The secrets of a new request.
#[derive(Debug)]
pub struct Secrets<'a> {
    /// The upload password as an Argon2id string.
    pub password: Option<&'a str>,
    /// The hash of the link's secret.
    pub link_hash: &'a [u8; 32],
    /// The link's secret.
    pub link: &'a str,
}

/// Stores a new request.
pub async fn insert(tx: &mut Tx, request: &Request, secrets: &Secrets<'_>) -> Result<()> {
    let title = tx.seal("requests.title", request.id, request.title.as_str())?;
    let note = tx.seal("requests.note", request.id, request.note.as_str())?;
    let link = tx.seal("requests.link", request.id, secrets.link)?;
    sqlx::query(
        "insert into requests (id, user_id, email, title_sealed, note_sealed, password, link_hash, link_sealed,
                               created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(request.id.0)
    .bind(request.user_id.0)
    .bind(request.email.as_str())
    .bind(title)
    .bind(note)
    .bind(secrets.password)
    .bind(secrets.link_hash.as_slice())
    .bind(link)
    .bind(request.created_at)
    .bind(request.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the answer to a request that is being made, if there is one.
pub async fn draft(tx: &mut Tx, id: RequestId) -> Result<Option<PackageId>> {
    let found: Option<Uuid> =
        sqlx::query_scalar("select id from packages where request_id = $1 and life = 'uploading'")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.map(PackageId))
}

/// Reads a request and keeps others from answering it or taking it back until the transaction ends.
pub async fn lock(tx: &mut Tx, id: RequestId) -> Result<Option<Request>> {
    sqlx::query("select 1 from requests where id = $1 for update")
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    find(tx, id).await
}

/// Reads a request.
pub async fn find(tx: &mut Tx, id: RequestId) -> Result<Option<Request>> {
    let found: Option<Row> = sqlx::query_as(
        "select id, seq, user_id, email, title_sealed, note_sealed, password is not null as has_password,
                created_at, expires_at, cancelled_at, fulfilled_at,
                (select p.id from packages p where p.request_id = requests.id and p.life <> 'shredded'
                  order by p.created_at desc limit 1) as package_id
           from requests where id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    found.map(|row| row.parse(tx)).transpose()
}

/// Lists a user's requests, newest first.
pub async fn of_user(
    tx: &mut Tx,
    user: UserId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Request>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, seq, user_id, email, title_sealed, note_sealed, password is not null as has_password,
                created_at, expires_at, cancelled_at, fulfilled_at,
                (select p.id from packages p where p.request_id = requests.id and p.life <> 'shredded'
                  order by p.created_at desc limit 1) as package_id
           from requests
          where user_id = $1 and ($2::bigint is null or seq < $2)
          order by seq desc
          limit $3",
    )
    .bind(user.0)
    .bind(after.map(|cursor| cursor.0))
    .bind(page::fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let Page { items, next } = Page::cut(rows, limit, |row| row.seq);
    let items = items
        .into_iter()
        .map(|row| row.parse(tx))
        .collect::<Result<_>>()?;
    Ok(Page { items, next })
}

/// Finds a request by the hash of its link's secret.
pub async fn by_link(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<RequestId>> {
    let found: Option<Uuid> = sqlx::query_scalar("select id from requests where link_hash = $1")
        .bind(hash.as_slice())
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.map(RequestId))
}

/// Reads the secret of a request's link, for its owner.
pub async fn link(tx: &mut Tx, id: RequestId) -> Result<String> {
    let sealed: Vec<u8> = sqlx::query_scalar("select link_sealed from requests where id = $1")
        .bind(id.0)
        .fetch_one(tx.conn())
        .await?;
    tx.open("requests.link", id, &sealed)
}

/// Reads the upload password as an Argon2id string.
pub async fn password(tx: &mut Tx, id: RequestId) -> Result<Option<String>> {
    let found: Option<Option<String>> =
        sqlx::query_scalar("select password from requests where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.flatten())
}

/// Takes a request back.
pub async fn cancel(tx: &mut Tx, id: RequestId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update requests set cancelled_at = $2 where id = $1 and cancelled_at is null")
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Marks a request as answered; tells whether it was open until now.
pub async fn fulfil(tx: &mut Tx, id: RequestId, now: DateTime<Utc>) -> Result<bool> {
    let done =
        sqlx::query("update requests set fulfilled_at = $2 where id = $1 and fulfilled_at is null")
            .bind(id.0)
            .bind(now)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}
