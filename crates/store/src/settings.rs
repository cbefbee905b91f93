//! What administrators changed from the defaults.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Result, Tx};

/// A changed setting. What the value means is the registry's, not the database's.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedSetting {
    /// The setting's stable name.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// A change to write.
#[derive(Clone)]
pub enum NewValue {
    /// A value that anybody who reads the database may see.
    Plain(Value),
    /// A text that is stored sealed.
    Secret(String),
}

impl std::fmt::Debug for NewValue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(value) => out.debug_tuple("Plain").field(value).finish(),
            Self::Secret(_) => out.write_str("Secret"),
        }
    }
}

/// Returns a number that grows with each change.
pub async fn revision(tx: &mut Tx) -> Result<i64> {
    Ok(
        sqlx::query_scalar("select revision from settings_revision where one")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Returns all changed settings, secrets opened.
pub async fn list(tx: &mut Tx) -> Result<Vec<ChangedSetting>> {
    let rows: Vec<(String, Option<Value>, Option<Vec<u8>>)> =
        sqlx::query_as("select key, value, value_sealed from settings order by key")
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|(key, value, sealed)| {
            let value = match sealed {
                Some(sealed) => Value::String(tx.open("settings.value", &key, &sealed)?),
                None => value.unwrap_or(Value::Null),
            };
            Ok(ChangedSetting { key, value })
        })
        .collect()
}

/// Locks the settings for a change until the end of the transaction, and counts the change.
pub async fn begin_change(tx: &mut Tx) -> Result<()> {
    sqlx::query("update settings_revision set revision = revision + 1 where one")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes one changed setting.
pub async fn write(
    tx: &mut Tx,
    key: &str,
    value: &NewValue,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let (plain, sealed) = match value {
        NewValue::Plain(value) => (Some(value), None),
        NewValue::Secret(text) => (None, Some(tx.seal("settings.value", key, text)?)),
    };
    sqlx::query(
        "insert into settings (key, value, value_sealed, updated_at, updated_by)
         values ($1, $2, $3, $4, $5)
         on conflict (key) do update set value = excluded.value, value_sealed = excluded.value_sealed,
                updated_at = excluded.updated_at, updated_by = excluded.updated_by",
    )
    .bind(key)
    .bind(plain)
    .bind(sealed)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts one setting back to its default.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<()> {
    sqlx::query("delete from settings where key = $1")
        .bind(key)
        .execute(tx.conn())
        .await?;
    Ok(())
}
