//! What engines said of files, in every round of checks.

use chrono::{DateTime, Utc};
use sofie_domain::{EngineVerdict, ExceptionId, File, FileCheck, FileId, PackageId};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    audit::{self, NewEntry, Query},
    known::Basis,
    objects::{self, List},
    outcomes::{outcome, outcome_words},
};

/// One row of an engine about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The engine and what it says.
    pub verdict: EngineVerdict,
    /// More about the outcome: which limit, which kind of error, how much was looked at.
    pub qualifier: Option<String>,
    /// The engine's name for what it found; empty when it found nothing.
    pub name: String,
    /// The exception that lets it pass.
    pub exception: Option<ExceptionId>,
    /// The object inside the file.
    pub object: Option<String>,
    /// More words for people.
    pub detail: Option<String>,
    /// The program's version.
    pub engine_version: Option<String>,
    /// The signatures' version.
    pub signature_version: Option<String>,
    /// When the signatures were made, if the engine tells.
    pub signature_at: Option<DateTime<Utc>>,
    /// When the engine was asked.
    pub started_at: DateTime<Utc>,
    /// When it had answered.
    pub finished_at: DateTime<Utc>,
    /// All that it was made by beside the content; nothing if it speaks for this time only.
    pub basis: Option<Basis>,
}

/// What came of one try at a file.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// The file, with its state after the try.
    pub file: &'a File,
    /// The round that was tried.
    pub round: i32,
    /// What the engines said.
    pub rows: &'a [Verdict],
    /// What is in the file, if there is more to say than the file itself.
    pub objects: Option<&'a List>,
    /// When the try ended.
    pub at: DateTime<Utc>,
    /// What the audit log says of it.
    pub entries: &'a [NewEntry],
}

/// Writes what came of a try: the rows in place of those that the round had, what is in the file, its state,
/// the audit entries. One statement, however many rows. Tells whether it did: it does nothing if somebody else settled
/// the file in the meantime, or began another round.
pub async fn record(tx: &mut Tx, tried: &Tried<'_>) -> Result<bool> {
    let file = tried.file;
    let query = sqlx::query(concat!(
        "with held as (
             update files set check_state = $12, checked_at = $13, media_type = $14, sha256 = $15, crc32 = $16
              where id = $17 and check_round = $18 and check_state = 'pending'
             returning id
         ), gone as (
             delete from verdicts v using held where v.file_id = held.id and v.round = $18
         ), said as (
             insert into verdicts (file_id, round, engine, outcome, level, qualifier, name, object_sealed,
                                   detail_sealed, engine_version, signature_version, signature_at,
                                   started_at, finished_at, exception_id, basis)
             select held.id, $18, r.engine, r.outcome, r.level, r.qualifier, r.name, r.object, r.detail,
                    r.engine_version, r.signature_version, r.signature_at, r.started_at, r.finished_at, r.exception,
                    r.basis
               from held, unnest($19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bytea[],
                                 $25::bytea[], $26::text[], $27::text[], $28::timestamptz[], $29::timestamptz[],
                                 $30::timestamptz[], $31::uuid[], $32::bytea[])
                    with ordinality as r (engine, outcome, level, qualifier, name, object, detail, engine_version,
                                          signature_version, signature_at, started_at, finished_at, exception, basis, place)
              order by r.place
         ), listed as (
             insert into object_lists (file_id, round, objects_sealed)
             select held.id, $18, $33 from held where $33::bytea is not null
                 on conflict (file_id, round) do update set objects_sealed = excluded.objects_sealed
         ), noted as (",
        audit::insert_all!(" from held, "),
        ")
         select count(*) from held"
    ));
    let settled = file.check != FileCheck::Pending;
    let query = audit::bind_all(query, tried.entries)
        .bind(file.check.as_str())
        .bind(settled.then_some(tried.at))
        .bind(file.media_type.as_deref())
        .bind(file.sha256.map(|hash| hash.to_vec()))
        .bind(file.crc32.map(i64::from))
        .bind(file.id.0)
        .bind(tried.round);
    let list = tried.objects.map(|list| objects::seal(tx, file.id, list));
    let row = bind_rows(tx, query, file.id, tried.rows)?
        .bind(list.transpose()?)
        .fetch_one(tx.conn())
        .await?;
    Ok(sqlx::Row::try_get::<i64, _>(&row, 0)? == 1)
}

/// Writes what engines said of a delivered file in the place of what they had said in this round, if it still stands.
pub async fn amend(tx: &mut Tx, (file, round): (FileId, i32), rows: &[Verdict]) -> Result<()> {
    let query = sqlx::query(
        "with held as (
             select id from files where id = $1 and check_round = $2 and check_state in ('clean', 'flagged') for update
         ), gone as (
             delete from verdicts v using held
              where v.file_id = held.id and v.round = $2 and v.engine = any($3::text[])
         )
         insert into verdicts (file_id, round, engine, outcome, level, qualifier, name, object_sealed,
                               detail_sealed, engine_version, signature_version, signature_at,
                               started_at, finished_at, exception_id, basis)
         select held.id, $2, r.*
           from held, unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[],
                             $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                             $15::uuid[], $16::bytea[]) as r",
    );
    let query = query.bind(file.0).bind(round);
    bind_rows(tx, query, file, rows)?.execute(tx.conn()).await?;
    Ok(())
}

/// Binds the columns of rows, each as one array, in the order of the table.
fn bind_rows<'q>(tx: &Tx, query: Query<'q>, file: FileId, rows: &[Verdict]) -> Result<Query<'q>> {
    let column = |value: fn(&Verdict) -> Option<String>| rows.iter().map(value).collect::<Vec<_>>();
    let seal = |column: &str, value: fn(&Verdict) -> Option<&str>| {
        let sealed = rows.iter().map(|row| {
            value(row)
                .map(|text| tx.seal(column, file, text))
                .transpose()
        });
        sealed.collect::<Result<Vec<_>>>()
    };
    let words = |row: &Verdict| outcome_words(row.verdict.outcome);
    let times =
        |value: fn(&Verdict) -> Option<DateTime<Utc>>| rows.iter().map(value).collect::<Vec<_>>();
    Ok(query
        .bind(column(|row| Some(row.verdict.engine.clone())))
        .bind(rows.iter().map(|row| words(row).0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| words(row).1).collect::<Vec<_>>())
        .bind(column(|row| row.qualifier.clone()))
        .bind(column(|row| Some(row.name.clone())))
        .bind(seal("verdicts.object", |row| row.object.as_deref())?)
        .bind(seal("verdicts.detail", |row| row.detail.as_deref())?)
        .bind(column(|row| row.engine_version.clone()))
        .bind(column(|row| row.signature_version.clone()))
        .bind(times(|row| row.signature_at))
        .bind(times(|row| Some(row.started_at)))
        .bind(times(|row| Some(row.finished_at)))
        .bind(
            rows.iter()
                .map(|row| row.exception.map(|id| id.0))
                .collect::<Vec<_>>(),
        )
        .bind(
            rows.iter()
                .map(|row| row.basis.map(|basis| basis.0.to_vec()))
                .collect::<Vec<_>>(),
        ))
}

#[derive(sqlx::FromRow)]
pub(crate) struct VerdictRow {
    file_id: Uuid,
    engine: String,
    outcome: String,
    level: Option<String>,
    qualifier: Option<String>,
    name: String,
    object_sealed: Option<Vec<u8>>,
    detail_sealed: Option<Vec<u8>>,
    engine_version: Option<String>,
    signature_version: Option<String>,
    signature_at: Option<DateTime<Utc>>,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    exception_id: Option<Uuid>,
    basis: Option<Vec<u8>>,
}

impl VerdictRow {
    pub(crate) fn into_verdict(self, tx: &Tx) -> Result<(FileId, Verdict)> {
        let file = FileId(self.file_id);
        let open = |column, sealed: Option<Vec<u8>>| {
            sealed
                .map(|sealed| tx.open(column, file, &sealed))
                .transpose()
        };
        let outcome = outcome(&self.outcome, self.level.as_deref())?;
        let verdict = Verdict {
            verdict: EngineVerdict {
                engine: self.engine,
                outcome,
                excused: self.exception_id.is_some(),
            },
            qualifier: self.qualifier,
            name: self.name,
            exception: self.exception_id.map(ExceptionId),
            object: open("verdicts.object", self.object_sealed)?,
            detail: open("verdicts.detail", self.detail_sealed)?,
            engine_version: self.engine_version,
            signature_version: self.signature_version,
            signature_at: self.signature_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            basis: self
                .basis
                .map(|bytes| bytes.try_into().map(Basis))
                .transpose()
                .map_err(|_| Error::Inconsistent {
                    table: "verdicts",
                    column: "basis",
                })?,
        };
        Ok((file, verdict))
    }
}

/// Returns what the engines said of the files of a package in their present rounds, file by file.
pub async fn of_package(tx: &mut Tx, package: PackageId) -> Result<Vec<(FileId, Verdict)>> {
    let rows: Vec<VerdictRow> = sqlx::query_as(
        "select v.file_id, v.engine, v.outcome, v.level, v.qualifier, v.name, v.object_sealed, v.detail_sealed,
                v.engine_version, v.signature_version, v.signature_at, v.started_at, v.finished_at,
                v.exception_id, v.basis
           from files f join verdicts v on v.file_id = f.id and v.round = f.check_round
          where f.package_id = $1
          order by f.ordinal, v.id",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.into_verdict(tx)).collect()
}

/// Returns what the engines said of the files of a package in every round, file by file, oldest first.
pub async fn history(tx: &mut Tx, package: PackageId) -> Result<Vec<(FileId, Verdict)>> {
    let rows: Vec<VerdictRow> = sqlx::query_as(
        "select v.file_id, v.engine, v.outcome, v.level, v.qualifier, v.name, v.object_sealed, v.detail_sealed,
                v.engine_version, v.signature_version, v.signature_at, v.started_at, v.finished_at,
                v.exception_id, v.basis
           from files f join verdicts v on v.file_id = f.id
          where f.package_id = $1
          order by f.ordinal, v.id",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.into_verdict(tx)).collect()
}

/// Packages that were sent, have files without a verdict, and that no job works on; for the sweep.
pub async fn forgotten(tx: &mut Tx, jobs: &[&str], limit: i64) -> Result<Vec<PackageId>> {
    let rows: Vec<(Uuid,)> = sqlx::query_as(
        "select p.id from packages p
          where p.life = 'submitted' and (p.checks_started_at is not null
                 or exists (select from files f where f.package_id = p.id and f.check_state = 'pending'))
            and not exists (select from jobs j where j.name = any($1) and j.state in ('queued', 'running')
                               and j.payload ->> 'package_id' = p.id::text)
          order by p.submitted_at limit $2",
    )
    .bind(jobs)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(id,)| PackageId(id)).collect())
}
