//! What engines said of the packages of some time, for trying another policy on them (DET-22).

use chrono::{DateTime, Utc};
use sofie_domain::{EngineVerdict, FileId, PackageId};
use uuid::Uuid;

use crate::{Result, Tx, outcomes::outcome};

/// A sent package of that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The package.
    pub id: PackageId,
    /// Its place in the order of creation.
    pub ordinal: i64,
    /// Whether somebody without an account sent it.
    pub incoming: bool,
    /// Who sent it.
    pub sender: String,
    /// When it was sent and complete.
    pub submitted_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct SentRow {
    id: Uuid,
    ordinal: i64,
    incoming: bool,
    sender_email: String,
    submitted_at: DateTime<Utc>,
}

/// Returns packages that were sent at `since` or later, newest first, those after `last`.
pub async fn sent_since(
    tx: &mut Tx,
    since: DateTime<Utc>,
    last: Option<&Sent>,
    limit: i64,
) -> Result<Vec<Sent>> {
    let rows: Vec<SentRow> = sqlx::query_as(
        "select id, ordinal, sender_user_id is null as incoming, sender_email, submitted_at
           from packages
          where submitted_at >= $1 and ($2::bigint is null or (submitted_at, ordinal) < ($3, $2))
          order by submitted_at desc, ordinal desc limit $4",
    )
    .bind(since)
    .bind(last.map(|sent| sent.ordinal))
    .bind(last.map(|sent| sent.submitted_at))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    let sent = |row: SentRow| Sent {
        id: PackageId(row.id),
        ordinal: row.ordinal,
        incoming: row.incoming,
        sender: row.sender_email,
        submitted_at: row.submitted_at,
    };
    Ok(rows.into_iter().map(sent).collect())
}

/// Returns what engines said of the files of packages in their present rounds, once for each different thing;
/// files follow each other by package.
pub async fn said(
    tx: &mut Tx,
    packages: &[PackageId],
) -> Result<Vec<(PackageId, FileId, EngineVerdict)>> {
    type Row = (Uuid, Uuid, String, String, Option<String>, bool);
    let ids: Vec<Uuid> = packages.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select distinct f.package_id, f.id, v.engine, v.outcome, v.level, v.exception_id is not null
           from files f join verdicts v on v.file_id = f.id and v.round = f.check_round
          where f.package_id = any($1)
          order by f.package_id, f.id",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let said = |(package, file, engine, word, level, excused): Row| {
        let outcome = outcome(&word, level.as_deref())?;
        let verdict = EngineVerdict {
            engine,
            outcome,
            excused,
        };
        Ok((PackageId(package), FileId(file), verdict))
    };
    rows.into_iter().map(said).collect()
}
