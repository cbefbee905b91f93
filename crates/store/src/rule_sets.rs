//! Sets of YARA rules and their versions.

use chrono::{DateTime, Utc};
use sofie_domain::AdministratorId;

use crate::{
    Error, Result, Tx,
    row::{bigint, convert},
};

const SOURCE: &str = "rule_set_versions.source";

/// A set of rules.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RuleSet {
    /// Its name, which is its id.
    pub name: String,
    /// The version in force, if one is.
    pub active_version: Option<i32>,
}

/// One version of a set, without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The set.
    pub set: String,
    /// Counts from 1.
    pub number: i32,
    /// SHA-256 of the rules as they were written.
    pub sha256: Vec<u8>,
    /// Their length.
    pub bytes: u64,
    /// How many rules there are.
    pub rules: u64,
    /// The address of the administrator who uploaded it; none for the command line.
    pub author: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

type VersionRow = (
    String,
    i32,
    Vec<u8>,
    i64,
    i64,
    Option<String>,
    DateTime<Utc>,
);

fn version(row: VersionRow) -> Result<Version> {
    let (set, number, sha256, bytes, rules, author, created_at) = row;
    Ok(Version {
        set,
        number,
        sha256,
        bytes: convert("rule_set_versions", "bytes", bytes)?,
        rules: convert("rule_set_versions", "rules", rules)?,
        author,
        created_at,
    })
}

/// A version to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'v> {
    /// The set.
    pub set: &'v str,
    /// The rules as they were written.
    pub source: &'v str,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// How many rules there are.
    pub rules: u64,
    /// Who uploaded it.
    pub author: Option<AdministratorId>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Returns all sets.
pub async fn list(tx: &mut Tx) -> Result<Vec<RuleSet>> {
    Ok(
        sqlx::query_as("select name, active_version from rule_sets order by name")
            .fetch_all(tx.conn())
            .await?,
    )
}

/// Returns all sets and locks them until the end of the transaction: what is in force is decided about one by one.
pub async fn lock(tx: &mut Tx) -> Result<Vec<RuleSet>> {
    Ok(
        sqlx::query_as("select name, active_version from rule_sets order by name for update")
            .fetch_all(tx.conn())
            .await?,
    )
}

/// Returns all versions, the newest of each set first.
pub async fn versions(tx: &mut Tx) -> Result<Vec<Version>> {
    let rows: Vec<VersionRow> = sqlx::query_as(
        "select v.set_name, v.number, v.sha256, v.bytes, v.rules, a.email, v.created_at
           from rule_set_versions v left join administrators a on a.id = v.administrator_id
          order by v.set_name, v.number desc",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(version).collect()
}

/// Returns the versions that are in force.
pub async fn active(tx: &mut Tx) -> Result<Vec<Version>> {
    let rows: Vec<VersionRow> = sqlx::query_as(
        "select v.set_name, v.number, v.sha256, v.bytes, v.rules, null::text, v.created_at
           from rule_sets s join rule_set_versions v on v.set_name = s.name and v.number = s.active_version
          order by v.set_name",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(version).collect()
}

/// Returns the rules of a version as they were written.
pub async fn source(tx: &mut Tx, set: &str, number: i32) -> Result<Option<String>> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(
        "select source_sealed from rule_set_versions where set_name = $1 and number = $2",
    )
    .bind(set)
    .bind(number)
    .fetch_optional(tx.conn())
    .await?;
    sealed
        .map(|sealed| tx.open(SOURCE, id(set, number), &sealed))
        .transpose()
}

/// Adds a version, and the set if there is none; returns its number.
pub async fn insert(tx: &mut Tx, new: &NewVersion<'_>) -> Result<i32> {
    sqlx::query("insert into rule_sets (name) values ($1) on conflict (name) do nothing")
        .bind(new.set)
        .execute(tx.conn())
        .await?;
    let last: i32 = sqlx::query_scalar(
        "update rule_sets set last_version = last_version + 1 where name = $1 returning last_version",
    )
    .bind(new.set)
    .fetch_one(tx.conn())
    .await?;
    let sealed = tx.seal(SOURCE, id(new.set, last), new.source)?;
    sqlx::query(
        "insert into rule_set_versions
            (set_name, number, source_sealed, sha256, bytes, rules, administrator_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.set)
    .bind(last)
    .bind(sealed)
    .bind(new.sha256.as_slice())
    .bind(bigint(new.source.len() as u64))
    .bind(bigint(new.rules))
    .bind(new.author.map(|author| author.0))
    .bind(new.created_at)
    .execute(tx.conn())
    .await?;
    Ok(last)
}

/// Puts a version in force, or none.
pub async fn activate(tx: &mut Tx, set: &str, number: Option<i32>) -> Result<()> {
    let done = sqlx::query("update rule_sets set active_version = $2 where name = $1")
        .bind(set)
        .bind(number)
        .execute(tx.conn())
        .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Takes a set away, with all its versions.
pub async fn remove(tx: &mut Tx, set: &str) -> Result<()> {
    sqlx::query("delete from rule_sets where name = $1")
        .bind(set)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn id(set: &str, number: i32) -> String {
    format!("{set}/{number}")
}
