//! The bootstrap configuration: one commented file, which holds the defaults too.

mod database;
mod http;
mod kafka;
mod keys;
mod licence;
mod log;
mod metrics;
mod secret;
mod storage;
mod telemetry;
#[cfg(test)]
mod tests;
mod worker;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Serialize};

pub use self::database::Database;
pub use self::http::Http;
pub use self::kafka::Kafka;
pub use self::keys::Keys;
pub use self::licence::Licence;
pub use self::log::{Log, LogFormat};
pub use self::metrics::Metrics;
pub use self::storage::{Storage, StorageKind};
pub use self::telemetry::Telemetry;
pub use self::worker::Worker;

/// The default configuration with its comments: the manual page, and the only place of the defaults.
pub const DEFAULTS: &str = include_str!("config/sofie.toml");

/// What a process must know before it has a database.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where files and the private database are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    pub http: Http,
    pub database: Database,
    pub storage: Storage,
    pub keys: Keys,
    pub worker: Worker,
    pub metrics: Metrics,
    pub kafka: Kafka,
    pub licence: Licence,
    pub telemetry: Telemetry,
    pub log: Log,
}

impl Config {
    /// Reads the defaults, then the file, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            anyhow::ensure!(
                file.is_file(),
                "there is no configuration file {}",
                file.display()
            );
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("SOFIE__").split("__");
        figment
            .merge(environment)
            .extract()
            .context("the configuration is wrong")
    }

    /// Writes the configuration in force, without its secrets.
    pub fn show(&self) -> Result<String> {
        toml::to_string_pretty(self).context("cannot write the configuration")
    }
}
