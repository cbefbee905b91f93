//! The audit log: rows are only ever added.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{Cursor, Page, Result, Tx};

/// An entry to write.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: sofie_domain::Event,
    /// Who did it.
    pub actor_kind: &'static str,
    /// The id behind the actor.
    pub actor_id: Option<Uuid>,
    /// How people know the actor.
    pub actor_label: Option<String>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// The kind and id of what it happened to.
    pub object: Option<(&'static str, String)>,
    /// Particulars.
    pub data: Value,
    /// The request that caused it.
    pub request_id: Option<String>,
}

/// An entry as it was written.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of NewEntry")]
pub struct Entry {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub event: String,
    pub severity: String,
    pub actor_kind: String,
    pub actor_label: Option<String>,
    pub ip: Option<String>,
    pub object_kind: Option<String>,
    pub object_id: Option<String>,
    pub data: Value,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this kind of event.
    pub event: Option<String>,
    /// Only entries whose actor or object contains this text.
    pub text: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Not at or after.
    pub to: Option<DateTime<Utc>>,
}

pub(crate) type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// The insert of the entries that [`bind_all`] binds as `$1` to `$11`; `$from` is put before their rows.
macro_rules! insert_all {
    ($from:literal) => {
        concat!(
            "insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                                object_id, data, request_id)
             select e.at, e.event, e.severity, e.actor_kind, e.actor_id, e.actor_label, e.ip::inet,
                    e.object_kind, e.object_id, e.data, e.request_id",
            $from,
            "unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[],
                    $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::text[])
             with ordinality as e (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                                   object_id, data, request_id, place)
             order by e.place"
        )
    };
}
pub(crate) use insert_all;

/// Binds entries, each column as one array, in the order of the table.
pub(crate) fn bind_all<'q>(query: Query<'q>, entries: &[NewEntry]) -> Query<'q> {
    fn column<T>(entries: &[NewEntry], value: impl Fn(&NewEntry) -> T) -> Vec<T> {
        entries.iter().map(value).collect()
    }
    query
        .bind(column(entries, |e| e.at))
        .bind(column(entries, |e| e.event.as_str()))
        .bind(column(entries, |e| e.event.severity().as_str()))
        .bind(column(entries, |e| e.actor_kind))
        .bind(column(entries, |e| e.actor_id))
        .bind(column(entries, |e| e.actor_label.clone()))
        .bind(column(entries, |e| e.ip.map(|ip| ip.to_string())))
        .bind(column(entries, |e| e.object.as_ref().map(|o| o.0)))
        .bind(column(entries, |e| e.object.as_ref().map(|o| o.1.clone())))
        .bind(column(entries, |e| e.data.clone()))
        .bind(column(entries, |e| e.request_id.clone()))
}

/// Binds the columns of an entry after its time, in the order of the table.
pub(crate) fn bind<'q>(query: Query<'q>, entry: Option<&NewEntry>) -> Query<'q> {
    let (object_kind, object_id) = entry.and_then(|e| e.object.clone()).unzip();
    query
        .bind(entry.map(|e| e.event.as_str()))
        .bind(entry.map(|e| e.event.severity().as_str()))
        .bind(entry.map(|e| e.actor_kind))
        .bind(entry.and_then(|e| e.actor_id))
        .bind(entry.and_then(|e| e.actor_label.clone()))
        .bind(entry.and_then(|e| e.ip).map(|ip| ip.to_string()))
        .bind(object_kind)
        .bind(object_id)
        .bind(entry.map(|e| e.data.clone()))
        .bind(entry.and_then(|e| e.request_id.clone()))
}

/// Adds an entry; it becomes part of the log with the transaction that it tells about.
pub async fn write(tx: &mut Tx, entry: &NewEntry) -> Result<()> {
    write_all(tx, std::slice::from_ref(entry)).await
}

/// Adds entries by one statement, in this order.
pub async fn write_all(tx: &mut Tx, entries: &[NewEntry]) -> Result<()> {
    let query = sqlx::query(insert_all!(" from "));
    bind_all(query, entries).execute(tx.conn()).await?;
    Ok(())
}

/// Lists entries, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Entry>> {
    let rows: Vec<Entry> = sqlx::query_as(
        "select seq, at, event, severity, actor_kind, actor_label, host(ip) as ip, object_kind, object_id, data
           from audit
          where ($1::bigint is null or seq < $1)
            and ($2::text is null or event = $2)
            and ($3::text is null or position(lower($3) in lower(coalesce(actor_label, ''))) > 0
                 or position(lower($3) in lower(coalesce(object_id, ''))) > 0)
            and ($4::timestamptz is null or at >= $4)
            and ($5::timestamptz is null or at < $5)
          order by seq desc
          limit $6",
    )
    .bind(after.map(|cursor| cursor.0))
    .bind(&filter.event)
    .bind(&filter.text)
    .bind(filter.from)
    .bind(filter.to)
    .bind(crate::page::fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    Ok(Page::cut(rows, limit, |row| row.seq))
}
