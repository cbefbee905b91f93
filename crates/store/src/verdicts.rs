//! What engines said of files, and the rounds of checks.
//!
//! A round is one pass of the checks over a file; a re-check begins the next one. Rows of earlier rounds stay.

use chrono::{DateTime, Utc};
use sofie_domain::{Category, EngineVerdict, FileCheck, FileId, Outcome, PackageId, RiskLevel};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    row::{convert, parse},
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
    /// The object inside the file.
    pub object: Option<String>,
    /// More words for people.
    pub detail: Option<String>,
    /// The program's version.
    pub engine_version: Option<String>,
    /// The signatures' version.
    pub signature_version: Option<String>,
    /// When the engine was asked.
    pub started_at: DateTime<Utc>,
    /// When it had answered.
    pub finished_at: DateTime<Utc>,
}

/// Where the checks of a locked file stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The state.
    pub check: FileCheck,
    /// The number of the round, from 1.
    pub number: i32,
}

/// Locks a file and returns where its checks stand.
pub async fn lock_round(tx: &mut Tx, file: FileId) -> Result<Option<Round>> {
    let row: Option<(String, i32)> =
        sqlx::query_as("select check_state, check_round from files where id = $1 for update")
            .bind(file.0)
            .fetch_optional(tx.conn())
            .await?;
    row.map(|(check, number)| {
        Ok(Round {
            check: parse("files", "check_state", &check)?,
            number,
        })
    })
    .transpose()
}

/// The present round of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// The number of the round, from 1.
    pub number: i32,
    /// Whether an engine was asked in it.
    pub tried: bool,
}

/// Returns the present round of every file of a package.
pub async fn rounds(tx: &mut Tx, package: PackageId) -> Result<Vec<(FileId, Present)>> {
    let rows: Vec<(Uuid, i32, bool)> = sqlx::query_as(
        "select f.id, f.check_round,
                exists (select from verdicts v where v.file_id = f.id and v.round = f.check_round)
           from files f where f.package_id = $1",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, number, tried)| (FileId(id), Present { number, tried }))
        .collect())
}

/// Begins the next round for every settled file of a package.
pub async fn next_round(tx: &mut Tx, package: PackageId) -> Result<()> {
    sqlx::query(
        "update files set check_state = 'pending', checked_at = null, check_round = check_round + 1
          where package_id = $1 and check_state <> 'pending'",
    )
    .bind(package.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts these rows in the place of those that a round of a file had.
pub async fn replace(tx: &mut Tx, file: FileId, round: i32, rows: &[Verdict]) -> Result<()> {
    sqlx::query("delete from verdicts where file_id = $1 and round = $2")
        .bind(file.0)
        .bind(round)
        .execute(tx.conn())
        .await?;
    for row in rows {
        insert(tx, file, round, row).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, file: FileId, round: i32, row: &Verdict) -> Result<()> {
    let (outcome, level) = outcome_words(row.verdict.outcome);
    sqlx::query(
        "insert into verdicts (file_id, round, engine, outcome, level, qualifier, name, object_sealed,
                               detail_sealed, engine_version, signature_version, started_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(file.0)
    .bind(round)
    .bind(&row.verdict.engine)
    .bind(outcome)
    .bind(level)
    .bind(&row.qualifier)
    .bind(&row.name)
    .bind(seal(tx, "verdicts.object", file, row.object.as_deref())?)
    .bind(seal(tx, "verdicts.detail", file, row.detail.as_deref())?)
    .bind(&row.engine_version)
    .bind(&row.signature_version)
    .bind(row.started_at)
    .bind(row.finished_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn seal(tx: &Tx, column: &str, file: FileId, text: Option<&str>) -> Result<Option<Vec<u8>>> {
    text.map(|text| tx.seal(column, file, text)).transpose()
}

#[derive(sqlx::FromRow)]
struct VerdictRow {
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
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
}

impl VerdictRow {
    fn into_verdict(self, tx: &Tx) -> Result<(FileId, Verdict)> {
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
            },
            qualifier: self.qualifier,
            name: self.name,
            object: open("verdicts.object", self.object_sealed)?,
            detail: open("verdicts.detail", self.detail_sealed)?,
            engine_version: self.engine_version,
            signature_version: self.signature_version,
            started_at: self.started_at,
            finished_at: self.finished_at,
        };
        Ok((file, verdict))
    }
}

/// Returns what the engines said of the files of a package in their present rounds, file by file.
pub async fn of_package(tx: &mut Tx, package: PackageId) -> Result<Vec<(FileId, Verdict)>> {
    let rows: Vec<VerdictRow> = sqlx::query_as(
        "select v.file_id, v.engine, v.outcome, v.level, v.qualifier, v.name, v.object_sealed, v.detail_sealed,
                v.engine_version, v.signature_version, v.started_at, v.finished_at
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
                v.engine_version, v.signature_version, v.started_at, v.finished_at
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

/// Returns the words of an outcome for the columns `outcome` and `level`.
#[must_use]
pub fn outcome_words(outcome: Outcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        Outcome::Clean => ("clean", None),
        Outcome::Infected => ("infected", None),
        Outcome::Encrypted => ("encrypted", None),
        Outcome::Incomplete => ("incomplete", None),
        Outcome::Unsupported => ("unsupported", None),
        Outcome::Error => ("error", None),
        Outcome::Suspicious(level) => ("suspicious", Some(level_word(level))),
        Outcome::PolicyHit(category) => ("policy_hit", Some(category_word(category))),
    }
}

const LEVELS: [RiskLevel; 3] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];

fn level_word(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Low => "low",
        RiskLevel::Medium => "medium",
        RiskLevel::High => "high",
    }
}

const CATEGORIES: [Category; 7] = [
    Category::Macro,
    Category::Executable,
    Category::Script,
    Category::ActiveContent,
    Category::Disguise,
    Category::Ambiguous,
    Category::Other,
];

fn category_word(category: Category) -> &'static str {
    match category {
        Category::Macro => "macro",
        Category::Executable => "executable",
        Category::Script => "script",
        Category::ActiveContent => "active_content",
        Category::Disguise => "disguise",
        Category::Ambiguous => "ambiguous",
        Category::Other => "other",
    }
}

fn outcome(word: &str, level: Option<&str>) -> Result<Outcome> {
    let wrong = |column| Error::Inconsistent {
        table: "verdicts",
        column,
    };
    let plain = match word {
        "clean" => Outcome::Clean,
        "infected" => Outcome::Infected,
        "encrypted" => Outcome::Encrypted,
        "incomplete" => Outcome::Incomplete,
        "unsupported" => Outcome::Unsupported,
        "error" => Outcome::Error,
        "suspicious" => {
            let known = LEVELS.into_iter().find(|l| Some(level_word(*l)) == level);
            return known.map(Outcome::Suspicious).ok_or_else(|| wrong("level"));
        }
        "policy_hit" => {
            let known = CATEGORIES
                .into_iter()
                .find(|c| Some(category_word(*c)) == level);
            return known.map(Outcome::PolicyHit).ok_or_else(|| wrong("level"));
        }
        _ => return Err(wrong("outcome")),
    };
    match level {
        None => Ok(plain),
        Some(_) => Err(wrong("level")),
    }
}

/// Counts the files of a package by whether the present round has a verdict; for progress and metrics.
pub async fn oldest_waiting(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    Ok(
        sqlx::query_scalar("select min(checks_started_at) from packages where life = 'submitted'")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Counts the rows of a file; for tests and pages that page.
pub async fn count(tx: &mut Tx, file: FileId) -> Result<u64> {
    let rows: i64 = sqlx::query_scalar("select count(*) from verdicts where file_id = $1")
        .bind(file.0)
        .fetch_one(tx.conn())
        .await?;
    convert("verdicts", "count", rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_go_both_ways() {
        let mut all = vec![
            Outcome::Clean,
            Outcome::Infected,
            Outcome::Encrypted,
            Outcome::Incomplete,
            Outcome::Unsupported,
            Outcome::Error,
        ];
        all.extend(LEVELS.map(Outcome::Suspicious));
        all.extend(CATEGORIES.map(Outcome::PolicyHit));
        for one in all {
            let (word, level) = outcome_words(one);
            assert_eq!(outcome(word, level).unwrap(), one);
        }
        assert!(outcome("fine", None).is_err());
        assert!(outcome("suspicious", None).is_err());
        assert!(outcome("clean", Some("low")).is_err());
    }
}
