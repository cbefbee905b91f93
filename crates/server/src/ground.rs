//! What every server-side command stands on: the configuration, the data directory, the key and the database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use sofie_store::cluster::{ClusterAccess, ClusterOptions, PrivateCluster};
use sofie_store::{ConnectOptions, Database, NoCipher, schema};
use sofie_vault::KekFiles;

use crate::cli::Place;
use crate::config::Config;
use crate::data_dir;
use crate::keys::Keys;
use crate::lifecycle::Lifecycle;

/// A restarted service waits so long for the process before it.
const PATIENCE: Duration = Duration::from_secs(15);

/// The configuration and the place of an installation; nothing is opened yet.
#[derive(Clone, Debug)]
pub struct Site {
    pub config: Config,
    /// The file that the configuration was read from, if any.
    pub file: Option<PathBuf>,
    pub dir: PathBuf,
}

impl Site {
    pub fn find(place: &Place) -> Result<Self> {
        let config = Config::load(place.config.as_deref())?;
        let dir = data_dir::choose(place.data_dir.as_deref(), &config)?;
        let file = place.config.clone();
        Ok(Self { config, file, dir })
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

    /// Where keys are kept, what opens them, and what seals new ones.
    pub fn kek_files(&self) -> Result<KekFiles> {
        let keys = &self.config.keys;
        let seals = keys.seals()?.into_iter().map(|seal| seal.open());
        let seals = seals.collect::<Result<_, _>>()?;
        let files = KekFiles::new(self.kek_file()).opened_by(seals);
        Ok(files.sealed_by(keys.seal.name())?)
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

/// A database that answers. So far no key is needed, and no file.
#[derive(Debug)]
pub struct Base {
    pub site: Site,
    pub connect: ConnectOptions,
    pub power: Power,
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
    /// A command of the database's owner, who brings the schema up to date.
    Upkeep,
    /// A command of the database's owner, who moves what there is.
    Move,
}

impl Purpose {
    /// Whether the schema may be any, and the tables' owner is the one who connects.
    fn is_owners(self) -> bool {
        matches!(self, Self::Upkeep | Self::Move)
    }
}

impl Base {
    /// Starts or finds the database, and sees to it that the schema is the one that this program needs, except for
    /// the owner's commands.
    ///
    /// In our own PostgreSQL we bring it up to date; in somebody else's nobody does but `sofie migrate`, and processes
    /// have no right to.
    pub async fn open(site: Site, purpose: Purpose) -> Result<Self> {
        let base = Self::find(site, purpose).await?;
        let ready = match &base.power {
            _ if purpose.is_owners() => Ok(()),
            Power::Elsewhere => schema::check(&base.connect).await,
            Power::Cluster(_) | Power::Guest(_) => {
                schema::migrate(&base.connect, false, |_| ()).await
            }
        };
        if let Err(error) = ready {
            base.power.off().await;
            return Err(error).context("cannot use the database");
        }
        Ok(base)
    }

    async fn find(site: Site, purpose: Purpose) -> Result<Self> {
        let Some(options) = site.cluster_options() else {
            let database = &site.config.database;
            let connect = if purpose.is_owners() {
                database.owner()?
            } else {
                database.server()?
            };
            return Ok(Self {
                connect: connect.context("there is no database")?,
                site,
                power: Power::Elsewhere,
            });
        };
        if purpose == Purpose::Move {
            let access = ClusterAccess::open(&site.dir, &options).await?;
            return Ok(Self {
                connect: access.connect_options(),
                site,
                power: Power::Guest(access),
            });
        }
        site.make_dir()?;
        let (connect, power) = if purpose == Purpose::Serve {
            let options = ClusterOptions {
                lock_wait: PATIENCE,
                ..options
            };
            let cluster = PrivateCluster::start(&site.dir, &options).await?;
            (cluster.connect_options(), Power::Cluster(cluster))
        } else {
            let access = ClusterAccess::open_or_make(&site.dir, &options).await?;
            (access.connect_options(), Power::Guest(access))
        };
        Ok(Self {
            site,
            connect,
            power,
        })
    }
}

impl Ground {
    /// Opens the installation; makes it when it is missing.
    pub async fn open(site: Site, purpose: Purpose) -> Result<Self> {
        site.make_dir()?;
        Self::on(Base::open(site, purpose).await?, purpose, None).await
    }

    /// Opens the installation for a process that lives on, and so waits for what opens its keys.
    pub async fn open_for(life: &Lifecycle, site: Site, purpose: Purpose) -> Result<Self> {
        site.make_dir()?;
        Self::on(Base::open(site, purpose).await?, purpose, Some(life)).await
    }

    /// Opens the installation on a database that answers.
    pub async fn on(base: Base, purpose: Purpose, life: Option<&Lifecycle>) -> Result<Self> {
        // A command leaves the connections to the server.
        let connections = if purpose == Purpose::Command {
            2
        } else {
            base.site.config.database.connections()
        };
        match Self::keys_and_database(&base, connections, life).await {
            Ok((keys, db)) => Ok(Self {
                site: base.site,
                keys,
                db,
                power: base.power,
            }),
            Err(error) => {
                base.power.off().await;
                Err(error)
            }
        }
    }

    async fn keys_and_database(
        base: &Base,
        connections: u32,
        life: Option<&Lifecycle>,
    ) -> Result<(Keys, Database)> {
        let db = Database::connect(&base.connect, Arc::new(NoCipher), connections)
            .await
            .context("cannot reach the database")?;
        let keys = Keys::open(base.site.kek_files()?, &db, life).await?;
        // Sealed columns are under a key that only the database has, wrapped.
        let db = db.with_cipher(keys.ring.columns());
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
