//! The engines that administrators set up, beside the internal ones.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    Error, Result, Tx,
    row::{bigint, convert},
};

/// A configured engine. What its kind, limits and configuration mean is not the database's affair.
#[derive(Clone, PartialEq)]
pub struct Engine {
    /// Its id, also in verdicts; never used again for another one.
    pub id: String,
    /// What kind of engine it is.
    pub kind: String,
    /// For people.
    pub name: String,
    /// The stage that it works in.
    pub stage: String,
    /// Its place in the stage.
    pub position: i32,
    /// Whether files are shown to it.
    pub enabled: bool,
    /// Whether nothing is delivered without its word.
    pub mandatory: bool,
    /// The largest file that it is given.
    pub largest_file: u64,
    /// What becomes of larger ones.
    pub oversize: String,
    /// Which files it is shown.
    pub types: Value,
    /// How many files it is given at once.
    pub at_once: u16,
    /// How long it may take for a small file.
    pub seconds: u16,
    /// The configuration of its kind, without secrets.
    pub config: Map<String, Value>,
    /// The secrets of the configuration.
    pub secrets: Map<String, Value>,
    /// Counts changes.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Engine")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct EngineRow {
    id: String,
    kind: String,
    name: String,
    stage: String,
    position: i32,
    enabled: bool,
    mandatory: bool,
    largest_file: i64,
    oversize: String,
    types: Value,
    at_once: i32,
    seconds: i32,
    config: Value,
    secrets_sealed: Option<Vec<u8>>,
    version: i64,
    updated_at: DateTime<Utc>,
}

const SECRETS: &str = "engines.secrets";

impl EngineRow {
    fn into_engine(self, tx: &Tx) -> Result<Engine> {
        let opened = self.secrets_sealed.map_or(Ok(Map::new()), |sealed| {
            let text = tx.open(SECRETS, &self.id, &sealed)?;
            serde_json::from_str(&text).map_err(|_| wrong("secrets_sealed"))
        });
        // One engine whose secrets are lost, which then fails its self-test, must not take the others along.
        let secrets = opened.unwrap_or_else(|error| {
            tracing::error!(engine.id = self.id, %error, "the secrets of an engine can't be read");
            Map::new()
        });
        let Value::Object(config) = self.config else {
            return Err(wrong("config"));
        };
        Ok(Engine {
            id: self.id,
            kind: self.kind,
            name: self.name,
            stage: self.stage,
            position: self.position,
            enabled: self.enabled,
            mandatory: self.mandatory,
            largest_file: convert("engines", "largest_file", self.largest_file)?,
            oversize: self.oversize,
            types: self.types,
            at_once: convert("engines", "at_once", self.at_once)?,
            seconds: convert("engines", "seconds", self.seconds)?,
            config,
            secrets,
            version: self.version,
            updated_at: self.updated_at,
        })
    }
}

fn wrong(column: &'static str) -> Error {
    Error::Inconsistent {
        table: "engines",
        column,
    }
}

/// Returns all engines, stage by stage.
pub async fn list(tx: &mut Tx) -> Result<Vec<Engine>> {
    let rows: Vec<EngineRow> = sqlx::query_as(
        "select id, kind, name, stage, position, enabled, mandatory, largest_file, oversize, types, at_once,
                seconds, config, secrets_sealed, version, updated_at
           from engines where removed_at is null
          order by array_position(array['reputation', 'antivirus', 'sandbox'], stage), position, id",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.into_engine(tx)).collect()
}

/// Returns an engine and locks it until the end of the transaction.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<Option<Engine>> {
    let row: Option<EngineRow> = sqlx::query_as(
        "select id, kind, name, stage, position, enabled, mandatory, largest_file, oversize, types, at_once,
                seconds, config, secrets_sealed, version, updated_at
           from engines where id = $1 and removed_at is null for update",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| row.into_engine(tx)).transpose()
}

/// Returns the ids of all engines that there ever were, by kind.
pub async fn ever(tx: &mut Tx, kind: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select id from engines where kind = $1")
        .bind(kind)
        .fetch_all(tx.conn())
        .await?)
}

/// Adds an engine, as the last of its stage. Tells whether the id was free.
pub async fn insert(tx: &mut Tx, engine: &Engine) -> Result<bool> {
    let sealed = sealed(tx, engine)?;
    let done = sqlx::query(
        "insert into engines (id, kind, name, stage, position, enabled, mandatory, largest_file, oversize,
                              types, at_once, seconds, config, secrets_sealed, version, updated_at)
         values ($1, $2, $3, $4, (select coalesce(max(position), 0) + 1 from engines), $5, $6, $7, $8, $9, $10,
                 $11, $12, $13, 1, $14)
         on conflict (id) do nothing",
    )
    .bind(&engine.id)
    .bind(&engine.kind)
    .bind(&engine.name)
    .bind(&engine.stage)
    .bind(engine.enabled)
    .bind(engine.mandatory)
    .bind(bigint(engine.largest_file))
    .bind(&engine.oversize)
    .bind(&engine.types)
    .bind(i32::from(engine.at_once))
    .bind(i32::from(engine.seconds))
    .bind(Value::Object(engine.config.clone()))
    .bind(sealed)
    .bind(engine.updated_at)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a changed engine and counts the change; its kind and its place stay.
pub async fn update(tx: &mut Tx, engine: &Engine) -> Result<()> {
    let sealed = sealed(tx, engine)?;
    let done = sqlx::query(
        "update engines set name = $2, stage = $3, enabled = $4, mandatory = $5, largest_file = $6,
                oversize = $7, types = $8, at_once = $9, seconds = $10, config = $11, secrets_sealed = $12,
                version = version + 1, updated_at = $13
          where id = $1 and version = $14 and removed_at is null",
    )
    .bind(&engine.id)
    .bind(&engine.name)
    .bind(&engine.stage)
    .bind(engine.enabled)
    .bind(engine.mandatory)
    .bind(bigint(engine.largest_file))
    .bind(&engine.oversize)
    .bind(&engine.types)
    .bind(i32::from(engine.at_once))
    .bind(i32::from(engine.seconds))
    .bind(Value::Object(engine.config.clone()))
    .bind(sealed)
    .bind(engine.updated_at)
    .bind(engine.version)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

fn sealed(tx: &Tx, engine: &Engine) -> Result<Option<Vec<u8>>> {
    if engine.secrets.is_empty() {
        return Ok(None);
    }
    let text = Value::Object(engine.secrets.clone()).to_string();
    tx.seal(SECRETS, &engine.id, &text).map(Some)
}

/// Puts the engines into this order; those that are not named come after them.
pub async fn order(tx: &mut Tx, ids: &[String]) -> Result<()> {
    sqlx::query(
        "update engines set position = coalesce(array_position($1, id), 100000 + position)
          where removed_at is null",
    )
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an engine away and destroys its secrets. Its id stays taken.
pub async fn remove(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update engines set removed_at = $2, enabled = false, secrets_sealed = null where id = $1",
    )
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
