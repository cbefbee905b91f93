//! Checks whether everything stored is intact: how far each is, and what is known of each file.

use chrono::{DateTime, Utc};
use sofie_domain::{FileId, IntegrityRunId, PackageId};
use uuid::Uuid;

use crate::{Result, Tx};

/// A check.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Run {
    /// Its row.
    #[sqlx(try_from = "Uuid")]
    pub id: IntegrityRunId,
    /// `running`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// Whether every byte is read.
    pub deep: bool,
    /// Who asked; nobody is the schedule.
    pub asked_by: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The shard of blobs that it is in; 256 when it is through.
    pub shard: i32,
    /// The last blob in it that was looked at.
    pub after: Option<Vec<u8>>,
    /// Complete files looked at so far.
    pub files: i64,
    /// Their plain bytes.
    pub bytes: i64,
    /// How many problems of each kind were found.
    pub problems: serde_json::Value,
    /// Whether administrators were told of some.
    pub told: bool,
    /// Why it failed.
    pub error: Option<String>,
}

/// What a look at a file said.
#[derive(Clone, Debug)]
pub struct Look {
    /// The file.
    pub file: FileId,
    /// `ok`, `corrupted` or `inaccessible`.
    pub state: &'static str,
    /// What is wrong, in a word and in words.
    pub problem: Option<(&'static str, String)>,
}

/// How many files are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Complete files that somebody may still ask for.
    pub total: i64,
    /// Those that were intact when somebody last looked.
    pub ok: i64,
    /// Those whose bytes are not the ones that were stored.
    pub corrupted: i64,
    /// Those whose bytes could not be had.
    pub inaccessible: i64,
    /// Those that nobody has looked at.
    pub unchecked: i64,
}

/// A file that was not intact when somebody last looked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Finding {
    /// The file.
    #[sqlx(try_from = "Uuid")]
    pub file_id: FileId,
    /// Its package.
    #[sqlx(try_from = "Uuid")]
    pub package_id: PackageId,
    /// `corrupted` or `inaccessible`.
    pub state: String,
    /// What is wrong, in a word.
    pub kind: String,
    /// The same in words.
    pub detail: String,
    /// When somebody last looked.
    pub checked_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, state, deep, asked_by, started_at, ended_at, shard, after, files, bytes, problems, told, error";

/// Begins a check, unless one is running; tells whether it did.
pub async fn begin(
    tx: &mut Tx,
    id: IntegrityRunId,
    deep: bool,
    asked_by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into integrity_runs (id, state, deep, asked_by, started_at) values ($1, 'running', $2, $3, $4)
         on conflict do nothing",
    )
    .bind(id.0)
    .bind(deep)
    .bind(asked_by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the check that is running.
pub async fn running(tx: &mut Tx) -> Result<Option<Run>> {
    let sql = format!("select {COLUMNS} from integrity_runs where state = 'running'");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_optional(tx.conn())
        .await?)
}

/// Returns the last check, running or not.
pub async fn last(tx: &mut Tx) -> Result<Option<Run>> {
    let sql =
        format!("select {COLUMNS} from integrity_runs order by started_at desc, id desc limit 1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_optional(tx.conn())
        .await?)
}

/// Holds a check until the transaction ends, if it is running.
pub async fn lock(tx: &mut Tx, id: IntegrityRunId) -> Result<Option<Run>> {
    let sql = format!(
        "select {COLUMNS} from integrity_runs where id = $1 and state = 'running' for update"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?)
}

/// Writes down how far a check is.
pub async fn save(tx: &mut Tx, run: &Run) -> Result<()> {
    sqlx::query(
        "update integrity_runs
            set state = $2, ended_at = $3, shard = $4, after = $5, files = $6, bytes = $7, problems = $8, told = $9,
                error = $10
          where id = $1",
    )
    .bind(run.id.0)
    .bind(&run.state)
    .bind(run.ended_at)
    .bind(run.shard)
    .bind(&run.after)
    .bind(run.files)
    .bind(run.bytes)
    .bind(&run.problems)
    .bind(run.told)
    .bind(&run.error)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what looks at files said; a file that is gone meanwhile is left out. Returns those that were not known
/// to be as bad before.
pub async fn note(
    tx: &mut Tx,
    looks: &[Look],
    deep: bool,
    now: DateTime<Utc>,
) -> Result<Vec<FileId>> {
    let ids: Vec<Uuid> = looks.iter().map(|look| look.file.0).collect();
    let states: Vec<&str> = looks.iter().map(|look| look.state).collect();
    let problem = |look: &Look| look.problem.clone();
    let (kinds, details): (Vec<Option<&str>>, Vec<Option<String>>) =
        looks.iter().map(|look| problem(look).unzip()).unzip();
    let news: Vec<Uuid> = sqlx::query_scalar(
        "with looks as (
             select n.* from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as n (file_id, state, kind, detail)
               join files f on f.id = n.file_id),
         before as (select file_id, state from file_integrity where file_id = any($1)),
         noted as (
             insert into file_integrity (file_id, state, kind, detail, deep, checked_at)
             select file_id, state, kind, detail, $5, $6 from looks
             on conflict (file_id) do update
                set state = excluded.state, kind = excluded.kind, detail = excluded.detail, deep = excluded.deep,
                    checked_at = excluded.checked_at
             returning file_id, state)
         select noted.file_id from noted left join before using (file_id)
          where noted.state <> 'ok' and before.state is distinct from noted.state",
    )
    .bind(ids)
    .bind(states)
    .bind(kinds)
    .bind(details)
    .bind(deep)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    Ok(news.into_iter().map(FileId).collect())
}

/// Counts the files in each state; those whose package's key is destroyed are nobody's any more.
pub async fn counts(tx: &mut Tx) -> Result<Counts> {
    Ok(sqlx::query_as(
        "select count(*) as total,
                count(*) filter (where i.state = 'ok') as ok,
                count(*) filter (where i.state = 'corrupted') as corrupted,
                count(*) filter (where i.state = 'inaccessible') as inaccessible,
                count(*) filter (where i.state is null) as unchecked
           from files f join package_keys k using (package_id) left join file_integrity i on i.file_id = f.id
          where f.completed_at is not null",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Counts the files that are corrupted, and those that are inaccessible.
pub async fn bad(tx: &mut Tx) -> Result<(i64, i64)> {
    Ok(sqlx::query_as(
        "select count(*) filter (where i.state = 'corrupted'), count(*) filter (where i.state = 'inaccessible')
           from file_integrity i join files f on f.id = i.file_id join package_keys k using (package_id)
          where i.state <> 'ok'",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns the files that are not intact, the last found first.
pub async fn findings(tx: &mut Tx, limit: i64) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(
        "select i.file_id, f.package_id, i.state, i.kind, i.detail, i.checked_at
           from file_integrity i join files f on f.id = i.file_id join package_keys k using (package_id)
          where i.state <> 'ok' order by i.checked_at desc, i.file_id limit $1",
    )
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}
