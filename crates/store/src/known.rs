//! What engines said of the same content before (DET-19).
//!
//! There is no second place where verdicts are kept: what was said of a file that is still here is found by its
//! SHA-256, and goes when that file goes.

use chrono::{DateTime, Utc};
use sofie_domain::FileId;

use crate::{
    Database, Result, Tx,
    verdicts::{Verdict, VerdictRow},
};

/// A keyed hash of all that a verdict was made by beside the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Basis(pub [u8; 32]);

impl Basis {
    /// Hashes its parts. Keyed, because one of them may be the name of a file.
    #[must_use]
    pub fn of(db: &Database, parts: &[&str]) -> Self {
        // Each with its length before it, so that no two lists of parts are one text.
        let text = parts.iter().fold(String::new(), |text, part| {
            format!("{text}{}:{part}", part.len())
        });
        Self(db.keyed_hash("verdicts.basis", &text))
    }
}

/// What was said of the same content on one basis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// All rows of the round in which it was said.
    pub rows: Vec<Verdict>,
    /// The file that it was said of, which has the same content.
    pub file: FileId,
    /// The round.
    pub round: i32,
    /// The type of the content.
    pub media_type: Option<String>,
}

/// Tells whether the content of a file of this size was read to its end before.
pub async fn has_size(tx: &mut Tx, size: u64) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from files where size = $1 and sha256 is not null)",
    )
    .bind(i64::try_from(size).unwrap_or(i64::MAX))
    .fetch_one(tx.conn())
    .await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    wanted: i64,
    round: i32,
    media_type: Option<String>,
    #[sqlx(flatten)]
    verdict: VerdictRow,
}

/// Returns what was said of content with this SHA-256 on each of the bases, since the time that goes with it: what was
/// said last.
pub async fn said(
    tx: &mut Tx,
    sha256: &[u8; 32],
    wanted: &[(Basis, DateTime<Utc>)],
) -> Result<Vec<Known>> {
    let rows: Vec<Row> = sqlx::query_as(
        "with last as (
             select distinct on (w.place) w.place, v.file_id, v.round, v.basis, f.media_type
               from files f join verdicts v on v.file_id = f.id
                    join unnest($2::bytea[], $3::timestamptz[]) with ordinality as w (basis, since, place)
                      on v.basis = w.basis and v.started_at >= w.since
              where f.sha256 = $1
              order by w.place, v.id desc)
         select l.place as wanted, v.round, l.media_type, v.file_id, v.engine, v.outcome, v.level, v.qualifier,
                v.name, v.object_sealed, v.detail_sealed, v.engine_version, v.signature_version,
                v.signature_at, v.started_at, v.finished_at, v.exception_id, v.basis
           from last l join verdicts v on (v.file_id, v.round, v.basis) = (l.file_id, l.round, l.basis)
          order by l.place, v.id",
    )
    .bind(&sha256[..])
    .bind(wanted.iter().map(|(basis, _)| basis.0.to_vec()).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, since)| *since).collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await?;
    let mut found: Vec<Known> = Vec::new();
    let mut last = None;
    for row in rows {
        let (file, verdict) = row.verdict.into_verdict(tx)?;
        if last.replace(row.wanted) != Some(row.wanted) {
            found.push(Known {
                rows: Vec::new(),
                file,
                round: row.round,
                media_type: row.media_type,
            });
        }
        if let Some(known) = found.last_mut() {
            known.rows.push(verdict);
        }
    }
    Ok(found)
}
