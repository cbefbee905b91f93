//! The settings in force, and how administrators change them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sofie_domain::{SettingValue, Settings};
use sofie_store::Tx;
use tokio::sync::{Mutex, RwLock};

use crate::{App, Result};

mod change;

pub(crate) use change::proposed;
pub use change::{SettingView, accepted, change, list, to_json};

/// How long a change made by another process may stay unseen.
const REFRESH: Duration = Duration::from_secs(5);

/// Keeps the settings in memory and asks the database for news now and then.
#[derive(Debug, Default)]
pub struct SettingsCache {
    cached: RwLock<Option<Cached>>,
    /// Held by the one who asks the database. The others go on with what is known: they may hold the
    /// connections that the asking waits for.
    asking: Mutex<()>,
}

#[derive(Debug)]
struct Cached {
    settings: Arc<Settings>,
    revision: i64,
    checked: Instant,
}

impl SettingsCache {
    async fn fresh(&self) -> Option<Arc<Settings>> {
        let cached = self.cached.read().await;
        cached
            .as_ref()
            .filter(|cached| cached.checked.elapsed() < REFRESH)
            .map(|cached| Arc::clone(&cached.settings))
    }

    /// Returns the settings as last known, without asking the database.
    pub async fn known(&self) -> Option<Arc<Settings>> {
        let cached = self.cached.read().await;
        cached.as_ref().map(|cached| Arc::clone(&cached.settings))
    }

    async fn known_at(&self, revision: i64) -> Option<Arc<Settings>> {
        let cached = self.cached.read().await;
        cached
            .as_ref()
            .filter(|cached| cached.revision == revision)
            .map(|cached| Arc::clone(&cached.settings))
    }

    /// Makes the next reader ask the database.
    pub(crate) async fn forget(&self) {
        // Whoever asks just now may have the rows from before the change.
        let _asking = self.asking.lock().await;
        *self.cached.write().await = None;
    }
}

impl App {
    /// Returns the settings in force, at most five seconds old; own changes are seen at once.
    pub async fn settings(&self) -> Result<Arc<Settings>> {
        let cache = &self.parts().settings;
        if let Some(settings) = cache.fresh().await {
            return Ok(settings);
        }
        let _asking = match (cache.asking.try_lock(), cache.known().await) {
            (Ok(asking), _) => asking,
            (Err(_), Some(known)) => return Ok(known),
            (Err(_), None) => cache.asking.lock().await,
        };
        if let Some(settings) = cache.fresh().await {
            return Ok(settings);
        }
        let mut tx = self.db().read().await?;
        let checked = Instant::now();
        // Read before the rows: a change in between is noticed the next time.
        let revision = sofie_store::settings::revision(&mut tx).await?;
        let settings = match cache.known_at(revision).await {
            Some(known) => known,
            None => Arc::new(load(&mut tx).await?),
        };
        *cache.cached.write().await = Some(Cached {
            settings: Arc::clone(&settings),
            revision,
            checked,
        });
        Ok(settings)
    }

    /// Returns the address under which people reach this installation, without a slash at the end.
    pub async fn base_url(&self) -> Result<String> {
        let configured = self.settings().await?.text("instance.base_url");
        let url = if configured.is_empty() {
            self.parts().local_url.clone()
        } else {
            configured
        };
        Ok(url.trim_end_matches('/').to_owned())
    }
}

/// Reads all settings; what does not fit the registry (another release wrote it) keeps its default.
async fn load(tx: &mut Tx) -> Result<Settings> {
    let mut settings = Settings::default();
    for changed in sofie_store::settings::list(tx).await? {
        let fits = from_json(&changed.value).is_some_and(|v| settings.set(&changed.key, v).is_ok());
        if !fits {
            tracing::warn!(setting.key = %changed.key, "a stored setting does not fit and is ignored");
        }
    }
    Ok(settings)
}

fn from_json(value: &serde_json::Value) -> Option<SettingValue> {
    use serde_json::Value;
    match value {
        Value::Bool(yes) => Some(SettingValue::Bool(*yes)),
        Value::Number(number) => number.as_i64().map(SettingValue::Integer),
        Value::String(text) => Some(SettingValue::Text(text.clone())),
        Value::Array(lines) => {
            let text = |line: &Value| line.as_str().map(str::to_owned);
            let lines: Option<Vec<String>> = lines.iter().map(text).collect();
            lines.map(SettingValue::List)
        }
        _ => None,
    }
}
