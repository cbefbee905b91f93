//! What every server-side command stands on: the configuration, the data directory, the key and the database.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use sofie_store::cluster::{ClusterAccess, ClusterOptions, PrivateCluster};
use sofie_store::{ConnectOptions, Database};

use crate::cli::Place;
use crate::config::Config;
use crate::data_dir;
use crate::keys::Keys;

/// A restarted service waits so long for the process before it.
const PATIENCE: Duration = Duration::from_secs(15);

/// The configuration and the place of an installation; nothing is opened yet.
#[derive(Clone, Debug)]
pub struct Site {
    pub config: Config,
    pub dir: PathBuf,
}

impl Site {
    pub fn find(place: &Place) -> Result<Self> {
        let config = Config::load(place.config.as_deref())?;
        let dir = data_dir::choose(place.data_dir.as_deref(), &config)?;
        Ok(Self { config, dir })
    }

    /// How the private cluster is run; `None` when somebody else runs the database.
    pub fn cluster_options(&self) -> Option<ClusterOptions> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        self.config
            .database
            .cluster_options(std::env::split_paths(&path).collect())
    }

    pub fn kek_file(&self) -> PathBuf {
        data_dir::kek_file(&self.config, &self.dir)
    }

    fn make_dir(&self) -> Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir);
        made.with_context(|| format!("cannot make the data directory {}", self.dir.display()))
    }
}

/// The private PostgreSQL, if there is one, and in which way it is ours.
#[derive(Debug)]
pub enum Power {
    /// We run it, for ourselves and for the commands that join us.
    Cluster(PrivateCluster),
    /// We joined it, or run it until we are done.
    Guest(ClusterAccess),
    /// Somebody else does.
    Elsewhere,
}

/// An open installation.
#[derive(Debug)]
pub struct Ground {
    pub site: Site,
    pub keys: Keys,
    pub db: Database,
    pub power: Power,
}

/// What an installation is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The process that has the data directory, and its private PostgreSQL, to itself.
    Serve,
    /// A process that shares the installation with others.
    Share,
    /// A command, beside a running server or alone.
    Command,
}

impl Ground {
    /// Opens the installation; makes it when it is missing.
    pub async fn open(site: Site, purpose: Purpose) -> Result<Self> {
        site.make_dir()?;
        let (power, options) = match (site.cluster_options(), purpose) {
            (Some(options), Purpose::Serve) => {
                let options = ClusterOptions {
                    lock_wait: PATIENCE,
                    ..options
                };
                let cluster = PrivateCluster::start(&site.dir, &options).await?;
                let connect = cluster.connect_options();
                (Power::Cluster(cluster), connect)
            }
            (Some(options), Purpose::Share | Purpose::Command) => {
                let access = ClusterAccess::open_or_make(&site.dir, &options).await?;
                let connect = access.connect_options();
                (Power::Guest(access), connect)
            }
            (None, _) => {
                let url = site
                    .config
                    .database
                    .url()?
                    .context("there is no database")?;
                (Power::Elsewhere, ConnectOptions::Url(url))
            }
        };
        // A command leaves the connections to the server.
        let connections = if purpose == Purpose::Command {
            2
        } else {
            site.config.database.connections()
        };
        match Self::keys_and_database(&site, &options, connections).await {
            Ok((keys, db)) => Ok(Self {
                site,
                keys,
                db,
                power,
            }),
            Err(error) => {
                power.off().await;
                Err(error)
            }
        }
    }

    async fn keys_and_database(
        site: &Site,
        options: &ConnectOptions,
        connections: u32,
    ) -> Result<(Keys, Database)> {
        let keys = Keys::open(site.kek_file(), options).await?;
        let db = Database::connect(options, keys.columns()?, connections)
            .await
            .context("cannot reach the database")?;
        db.migrate()
            .await
            .context("cannot bring the database's schema up to date")?;
        Ok((keys, db))
    }

    /// Closes the connections, then the server if it is ours.
    pub async fn close(self) {
        self.db.close().await;
        self.power.off().await;
    }
}

impl Power {
    /// Stops the server if it is ours.
    pub async fn off(self) {
        match self {
            Self::Cluster(cluster) => cluster.stop().await,
            Self::Guest(access) => access.close().await,
            Self::Elsewhere => {}
        }
    }

    /// Waits for the end of a server that is ours and that nobody stopped.
    pub async fn failure(&self) -> anyhow::Error {
        match self {
            Self::Cluster(cluster) => cluster.given_up().await.into(),
            Self::Guest(_) | Self::Elsewhere => std::future::pending().await,
        }
    }
}
