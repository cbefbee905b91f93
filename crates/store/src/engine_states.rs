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
    /// When it was tested.
    pub checked_at: DateTime<Utc>,
}

/// Notes the state of an engine.
pub async fn save(tx: &mut Tx, state: &EngineState) -> Result<()> {
    sqlx::query(
        "insert into engine_states (engine, available, version, signature_version, signature_at, last_error,
                                    probes, checked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (engine) do update
         set available = excluded.available, version = excluded.version,
             signature_version = excluded.signature_version, signature_at = excluded.signature_at,
             last_error = excluded.last_error, probes = excluded.probes, checked_at = excluded.checked_at",
    )
    .bind(&state.engine)
    .bind(state.available)
    .bind(&state.version)
    .bind(&state.signature_version)
    .bind(state.signature_at)
    .bind(&state.last_error)
    .bind(&state.probes)
    .bind(state.checked_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the state of an engine.
pub async fn find(tx: &mut Tx, engine: &str) -> Result<Option<EngineState>> {
    Ok(sqlx::query_as(
        "select engine, available, version, signature_version, signature_at, last_error, probes, checked_at
           from engine_states where engine = $1",
    )
    .bind(engine)
    .fetch_optional(tx.conn())
    .await?)
}

/// Returns the states of all engines that were ever seen.
pub async fn list(tx: &mut Tx) -> Result<Vec<EngineState>> {
    Ok(sqlx::query_as(
        "select engine, available, version, signature_version, signature_at, last_error, probes, checked_at
           from engine_states order by engine",
    )
    .fetch_all(tx.conn())
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
