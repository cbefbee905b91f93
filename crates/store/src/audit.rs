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

/// Adds an entry; it becomes part of the log with the transaction that it tells about.
pub async fn write(tx: &mut Tx, entry: &NewEntry) -> Result<()> {
    let (object_kind, object_id) = entry.object.clone().unzip();
    sqlx::query(
        "insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                            object_id, data, request_id)
         values ($1, $2, $3, $4, $5, $6, $7::inet, $8, $9, $10, $11)",
    )
    .bind(entry.at)
    .bind(entry.event.as_str())
    .bind(entry.event.severity().as_str())
    .bind(entry.actor_kind)
    .bind(entry.actor_id)
    .bind(&entry.actor_label)
    .bind(entry.ip.map(|ip| ip.to_string()))
    .bind(object_kind)
    .bind(object_id)
    .bind(&entry.data)
    .bind(&entry.request_id)
    .execute(tx.conn())
    .await?;
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
