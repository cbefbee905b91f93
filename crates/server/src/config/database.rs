use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sofie_store::ConnectOptions;
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
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_url: Option<Secret>,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_url_file: Option<PathBuf>,
        #[serde(default)]
        unverified: bool,
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

    /// How processes reach the server that somebody else runs; `None` when it is ours.
    pub fn server(&self) -> Result<Option<ConnectOptions>> {
        match self {
            Self::Private { .. } => Ok(None),
            Self::Server {
                url,
                url_file,
                unverified,
                ..
            } => {
                let url = Secret::of(url.as_ref(), url_file.as_deref())?.context(
                    "database.url or database.url_file is needed for database.kind = \"server\"",
                )?;
                let unverified = *unverified;
                Ok(Some(ConnectOptions::Server { url, unverified }))
            }
        }
    }

    /// How the owner of the tables reaches it: like the processes, unless it is said otherwise.
    pub fn owner(&self) -> Result<Option<ConnectOptions>> {
        let Self::Server {
            owner_url,
            owner_url_file,
            unverified,
            ..
        } = self
        else {
            return Ok(None);
        };
        match Secret::of(owner_url.as_ref(), owner_url_file.as_deref())? {
            Some(url) => {
                let unverified = *unverified;
                Ok(Some(ConnectOptions::Server { url, unverified }))
            }
            None => self.server(),
        }
    }
}
