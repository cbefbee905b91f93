//! What was last seen of each engine.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Result, Tx};

/// The state of an engine as it was last seen.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct EngineState {
    /// The engine's id.
    pub engine: String,
    /// Whether its self-test passed; not known before the first one.
    pub available: Option<bool>,
    /// The program's version.
    pub version: Option<String>,
    /// The signatures' version.
    pub signature_version: Option<String>,
    /// When the signatures were made.
    pub signature_at: Option<DateTime<Utc>>,
    /// What went wrong last; nothing after a test that passed.
    pub last_error: Option<String>,
    /// What each probe of the self-test showed.
    pub probes: Value,
    /// The canaries that it noticed since it was configured as it is.
    pub noticed: Vec<String>,
    /// When it was tested.
    pub checked_at: DateTime<Utc>,
}

/// An engine that works, and since when.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Working {
    /// The engine's id.
    pub engine: String,
    /// The program's version.
    pub version: Option<String>,
    /// The signatures' version.
    pub signature_version: Option<String>,
    /// Since when its self-tests have passed.
    pub since: DateTime<Utc>,
}

/// Notes the state of an engine.
pub async fn save(tx: &mut Tx, state: &EngineState) -> Result<()> {
    sqlx::query(
        "insert into engine_states (engine, available, version, signature_version, signature_at, last_error,
                                    probes, checked_at, signatures_since, available_since, noticed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $9)
         on conflict (engine) do update
         set available = excluded.available, version = excluded.version,
             signatures_since = case
                 when engine_states.signature_version is distinct from coalesce(excluded.signature_version,
                                                                                engine_states.signature_version)
                 then excluded.checked_at else engine_states.signatures_since end,
             available_since = case
                 when engine_states.available is distinct from excluded.available
                 then excluded.checked_at else engine_states.available_since end,
             signature_version = excluded.signature_version, signature_at = excluded.signature_at,
             last_error = excluded.last_error, probes = excluded.probes, checked_at = excluded.checked_at,
             noticed = excluded.noticed",
    )
    .bind(&state.engine)
    .bind(state.available)
    .bind(&state.version)
    .bind(&state.signature_version)
    .bind(state.signature_at)
    .bind(&state.last_error)
    .bind(&state.probes)
    .bind(state.checked_at)
    .bind(&state.noticed)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the state of an engine.
pub async fn find(tx: &mut Tx, engine: &str) -> Result<Option<EngineState>> {
    Ok(sqlx::query_as(
        "select engine, available, version, signature_version, signature_at, last_error, probes, noticed,
                checked_at
           from engine_states where engine = $1",
    )
    .bind(engine)
    .fetch_optional(tx.conn())
    .await?)
}

/// Returns the states of all engines that were ever seen.
pub async fn list(tx: &mut Tx) -> Result<Vec<EngineState>> {
    Ok(sqlx::query_as(
        "select engine, available, version, signature_version, signature_at, last_error, probes, noticed,
                checked_at
           from engine_states order by engine",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Returns the engines that work.
pub async fn working(tx: &mut Tx) -> Result<Vec<Working>> {
    Ok(sqlx::query_as(
        "select engine, version, signature_version, available_since as since from engine_states where available",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Since when the engines that files are shown to have the signatures that they have: the latest change of any.
pub async fn signatures_since(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar(
        "select max(s.signatures_since) from engine_states s left join engines e on e.id = s.engine
          where s.available and (e.enabled and e.removed_at is null or s.engine = 'yara')",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Forgets an engine that an administrator switched off.
pub async fn remove(tx: &mut Tx, engine: &str) -> Result<()> {
    sqlx::query("delete from engine_states where engine = $1")
        .bind(engine)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A moment at which an engine began or ceased to work.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it works since then.
    pub available: bool,
    /// The program's version.
    pub version: Option<String>,
    /// The signatures' version.
    pub signature_version: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// The changes of one engine that are kept.
const KEPT: i64 = 500;

/// Notes that an engine began or ceased to work.
pub async fn note_change(tx: &mut Tx, engine: &str, change: &Change) -> Result<()> {
    sqlx::query(
        "insert into engine_history (engine, at, available, version, signature_version, error)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(engine)
    .bind(change.at)
    .bind(change.available)
    .bind(&change.version)
    .bind(&change.signature_version)
    .bind(&change.error)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "delete from engine_history where engine = $1 and id <=
            (select id from engine_history where engine = $1 order by id desc offset $2 limit 1)",
    )
    .bind(engine)
    .bind(KEPT)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns when an engine began and ceased to work, newest first.
pub async fn changes(tx: &mut Tx, engine: &str, limit: i64) -> Result<Vec<Change>> {
    Ok(sqlx::query_as(
        "select at, available, version, signature_version, error
           from engine_history where engine = $1 order by id desc limit $2",
    )
    .bind(engine)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}
