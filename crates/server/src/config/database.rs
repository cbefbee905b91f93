use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_store::cluster::ClusterOptions;

use super::secret::Secret;

/// Which PostgreSQL is used.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Database {
    /// One of our own in the data directory.
    Private {
        connections: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        binaries: Option<PathBuf>,
        #[serde(skip_serializing_if = "Option::is_none")]
        run_as: Option<String>,
    },
    /// One that somebody else runs.
    Server {
        connections: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<Secret>,
        #[serde(skip_serializing_if = "Option::is_none")]
        url_file: Option<PathBuf>,
    },
}

impl Database {
    /// The most connections of this process.
    pub fn connections(&self) -> u32 {
        match self {
            Self::Private { connections, .. } | Self::Server { connections, .. } => *connections,
        }
    }

    /// How the private server is found and run; `None` when there is none.
    pub fn cluster_options(&self, search: Vec<PathBuf>) -> Option<ClusterOptions> {
        match self {
            Self::Private {
                binaries, run_as, ..
            } => Some(ClusterOptions {
                binaries: binaries.clone(),
                run_as: run_as.clone(),
                search,
                ..ClusterOptions::default()
            }),
            Self::Server { .. } => None,
        }
    }

    /// Where the server is that somebody else runs; `None` when it is ours.
    pub fn url(&self) -> Result<Option<SecretString>> {
        match self {
            Self::Private { .. } => Ok(None),
            Self::Server { url, url_file, .. } => {
                let url = Secret::of(url.as_ref(), url_file.as_deref().map(Path::new))?;
                url.map(Some).context(
                    "database.url or database.url_file is needed for database.kind = \"server\"",
                )
            }
        }
    }
}
