//! Exceptions: what two administrators agreed to let pass.

use chrono::{DateTime, Utc};
use sofie_domain::{
    AdministratorId, Exception, ExceptionId, Excused, NamePattern, Senders, Sha256,
};
use uuid::Uuid;

use crate::{Cursor, Error, Page, Result, Tx, page::fetch};

/// An exception with its history.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it says.
    pub exception: Exception,
    /// The name of the group that it is about, if it is there.
    pub group: Option<String>,
    /// Why.
    pub reason: String,
    /// Who proposed it, and when.
    pub proposed: (String, DateTime<Utc>),
    /// Who agreed, and when.
    pub approved: Option<(String, DateTime<Utc>)>,
    /// Who ended it before its time, and when.
    pub revoked: Option<(String, DateTime<Utc>)>,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

/// Writes a proposal.
pub async fn propose(
    tx: &mut Tx,
    exception: &Exception,
    (by, reason): (AdministratorId, &str),
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let (sha256, engine, pattern) = match &exception.excused {
        Excused::Content(sha256) => (Some(sha256.0.to_vec()), None, None),
        Excused::Finding { engine, name } => (None, Some(engine), Some(name.as_str())),
    };
    let reason = tx.seal("exceptions.reason", exception.id, reason)?;
    sqlx::query(
        "insert into exceptions (id, sha256, engine, pattern, sender, reason_sealed, proposed_by, proposed_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(exception.id.0)
    .bind(sha256)
    .bind(engine)
    .bind(pattern)
    .bind(exception.senders.to_string())
    .bind(reason)
    .bind(by.0)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts a proposal in force that somebody else made; tells whether there was one.
pub async fn approve(
    tx: &mut Tx,
    id: ExceptionId,
    by: AdministratorId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "update exceptions set approved_by = $2, approved_at = $3
          where id = $1 and approved_by is null and revoked_by is null and expires_at > $3 and proposed_by <> $2",
    )
    .bind(id.0)
    .bind(by.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an exception, or refuses a proposal; tells whether it was still standing.
pub async fn revoke(
    tx: &mut Tx,
    id: ExceptionId,
    by: AdministratorId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "update exceptions set revoked_by = $2, revoked_at = $3
          where id = $1 and revoked_by is null and expires_at > $3",
    )
    .bind(id.0)
    .bind(by.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    ordinal: i64,
    sha256: Option<Vec<u8>>,
    engine: Option<String>,
    pattern: Option<String>,
    sender: String,
    group_name: Option<String>,
    reason_sealed: Vec<u8>,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    approved_by: Option<String>,
    approved_at: Option<DateTime<Utc>>,
    revoked_by: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select x.id, x.ordinal, x.sha256, x.engine, x.pattern, x.sender, g.name as group_name, x.reason_sealed,
                    p.email as proposed_by, x.proposed_at, a.email as approved_by, x.approved_at,
                    r.email as revoked_by, x.revoked_at, x.expires_at
               from exceptions x join administrators p on p.id = x.proposed_by
               left join administrators a on a.id = x.approved_by
               left join administrators r on r.id = x.revoked_by
               left join groups g on x.sender = 'group:' || g.id",
            $rest
        )
    };
}

/// Lists exceptions, newest first.
pub async fn list(tx: &mut Tx, after: Option<Cursor>, limit: usize) -> Result<Page<Record>> {
    let rows: Vec<Row> = sqlx::query_as(select!(
        " where ($1::bigint is null or x.ordinal < $1) order by x.ordinal desc limit $2"
    ))
    .bind(after.map(|cursor| cursor.0))
    .bind(fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let page = Page::cut(rows, limit, |row| row.ordinal);
    let next = page.next;
    let items = page.items.into_iter().map(|row| record(tx, row));
    let items = items.collect::<Result<_>>()?;
    Ok(Page { items, next })
}

/// Returns one exception.
pub async fn find(tx: &mut Tx, id: ExceptionId) -> Result<Option<Record>> {
    let row: Option<Row> = sqlx::query_as(select!(" where x.id = $1"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| record(tx, row)).transpose()
}

/// Returns the exceptions that count now.
pub async fn active(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Exception>> {
    let rows: Vec<Row> = sqlx::query_as(select!(
        " where x.approved_at is not null and x.revoked_at is null and x.expires_at > $1 order by x.ordinal"
    ))
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(exception).collect()
}

fn record(tx: &Tx, row: Row) -> Result<Record> {
    Ok(Record {
        exception: exception(&row)?,
        group: row.group_name,
        reason: tx.open("exceptions.reason", ExceptionId(row.id), &row.reason_sealed)?,
        proposed: (row.proposed_by, row.proposed_at),
        approved: row.approved_by.zip(row.approved_at),
        revoked: row.revoked_by.zip(row.revoked_at),
        expires_at: row.expires_at,
    })
}

fn exception(row: &Row) -> Result<Exception> {
    let broken = |column| Error::Inconsistent {
        table: "exceptions",
        column,
    };
    let excused = match (&row.sha256, &row.engine, &row.pattern) {
        (Some(sha256), None, None) => {
            let sha256 = sha256.as_slice().try_into();
            Excused::Content(Sha256(sha256.map_err(|_| broken("sha256"))?))
        }
        (None, Some(engine), Some(pattern)) => Excused::Finding {
            engine: engine.clone(),
            name: NamePattern::parse(pattern).ok_or(broken("pattern"))?,
        },
        _ => return Err(broken("sha256")),
    };
    Ok(Exception {
        id: ExceptionId(row.id),
        excused,
        senders: Senders::parse(&row.sender).ok_or(broken("sender"))?,
    })
}
