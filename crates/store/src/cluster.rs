//! The private PostgreSQL of an embedded installation (OPS-1).
//!
//! One data directory holds one cluster, in its folder `postgres`. It listens on a unix socket in that folder
//! only, and only the account that runs it and root can reach it. `initdb` works in `postgres.new`, which is
//! renamed when it is complete; a kill at any moment leaves nothing that the next start cannot clear away.
//!
//! PostgreSQL refuses to run as root, so for root the server belongs to another account. That account may have
//! no right to walk to the data directory (below a home directory, say): the server is therefore handed the
//! open folder, and reaches it as `/proc/self/fd/9`.

mod account;
mod binaries;
mod error;
mod folder;
mod postmaster;
mod remains;
mod supervisor;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use self::account::Account;
use self::binaries::Binaries;
pub use self::error::ClusterError;
use self::folder::{Folder, Lock};
use self::postmaster::Launch;
use self::supervisor::{State, Supervisor};
use crate::ConnectOptions;

/// How to find and run the server; the default is right for a Debian or RHEL package of PostgreSQL.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The folder with `initdb` and `postgres`; when it is set no other is tried.
    pub binaries: Option<PathBuf>,
    /// More folders to look into after the usual ones, such as those of `PATH`.
    pub search: Vec<PathBuf>,
    /// The account that runs the server when we are root; `postgres`, else `nobody`, when not set.
    pub run_as: Option<String>,
    /// How long to wait for another process to let the data directory go.
    pub lock_wait: Duration,
    /// How long the server may take until it accepts connections, recovery after a crash included.
    pub start_timeout: Duration,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            binaries: None,
            search: Vec::new(),
            run_as: None,
            lock_wait: Duration::ZERO,
            start_timeout: Duration::from_mins(5),
        }
    }
}

/// A running private server that belongs to this process.
///
/// It is started again when it dies by itself. Dropped without [`PrivateCluster::stop`], it is told to stop but
/// not waited for.
#[derive(Debug)]
pub struct PrivateCluster {
    connect: ConnectOptions,
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    /// Keeps the path `/proc/self/fd/N` true that `connect` may hold.
    _folder: Folder,
    _lock: Lock,
}

impl PrivateCluster {
    /// Starts the server of the data directory `dir` and makes what is missing: the directory, the cluster, the
    /// role and the database.
    ///
    /// A server that a killed process left behind is stopped first. Fails with [`ClusterError::Locked`] while
    /// another process has the data directory.
    pub async fn start(dir: &Path, options: &ClusterOptions) -> Result<Self, ClusterError> {
        folder::create_private(dir)?;
        let lock = Lock::take(dir, options.lock_wait).await?;
        let made_by = folder::made_by(dir)?;
        let binaries = Binaries::find(options, made_by)?;
        let account = Account::choose(dir, options)?;
        if made_by.is_none() {
            postmaster::initialise(dir, &binaries, &account).await?;
        }
        let folder = Folder::open(dir)?;
        folder.configure(&account)?;
        remains::clear(&folder.path).await?;
        let launch = Launch {
            binaries,
            account,
            folder: folder.clone(),
            start_timeout: options.start_timeout,
        };
        let running = launch.start().await?;
        let connect = folder.connect_options();
        let (stop, stop_asked) = watch::channel(false);
        let state = Supervisor::spawn(launch, running, stop_asked);
        Ok(Self {
            connect,
            state,
            stop,
            _folder: folder,
            _lock: lock,
        })
    }

    /// Tells how to connect; good while this value lives.
    pub fn connect_options(&self) -> ConnectOptions {
        self.connect.clone()
    }

    /// Waits until the server is down for good although nobody stopped it, and tells why.
    pub async fn given_up(&self) -> ClusterError {
        let mut state = self.state.clone();
        let ended = state
            .wait_for(|state| !matches!(state, State::Running))
            .await;
        match ended.as_deref() {
            Ok(State::GaveUp(reason)) => ClusterError::GaveUp(reason.clone()),
            _ => ClusterError::GaveUp("its supervisor ended".to_owned()),
        }
    }

    /// Stops the server: fast shutdown, and after ten seconds an immediate one.
    pub async fn stop(self) {
        // An error means that the supervisor has ended, and the server with it.
        let _ = self.stop.send(true);
        let mut state = self.state.clone();
        let _ = state
            .wait_for(|state| !matches!(state, State::Running))
            .await;
    }
}

/// Access to a data directory's database for a command that may run beside a server or alone.
#[derive(Debug)]
pub enum ClusterAccess {
    /// No process had the data directory: the server is ours until [`ClusterAccess::close`].
    Owned(Box<PrivateCluster>),
    /// Another process runs the server; we are a guest.
    Attached(AttachedCluster),
}

/// The server of another process.
#[derive(Debug)]
pub struct AttachedCluster {
    connect: ConnectOptions,
    _folder: Folder,
}

impl ClusterAccess {
    /// Joins the server that runs on `dir`, or starts it when none does.
    ///
    /// Never makes a cluster: fails with [`ClusterError::Absent`] where there is none.
    pub async fn open(dir: &Path, options: &ClusterOptions) -> Result<Self, ClusterError> {
        if folder::made_by(dir)?.is_none() {
            return Err(ClusterError::Absent {
                dir: dir.to_owned(),
            });
        }
        Self::open_or_make(dir, options).await
    }

    /// Joins the server that runs on `dir`, or starts it as [`PrivateCluster::start`] does.
    pub async fn open_or_make(dir: &Path, options: &ClusterOptions) -> Result<Self, ClusterError> {
        match PrivateCluster::start(dir, options).await {
            Ok(cluster) => Ok(Self::Owned(Box::new(cluster))),
            Err(ClusterError::Locked { .. }) => {
                Self::attach(dir, options).await.map(Self::Attached)
            }
            Err(error) => Err(error),
        }
    }

    async fn attach(dir: &Path, options: &ClusterOptions) -> Result<AttachedCluster, ClusterError> {
        let folder = Folder::open(dir)?;
        postmaster::wait_until_usable(&folder, options.start_timeout).await?;
        Ok(AttachedCluster {
            connect: folder.connect_options(),
            _folder: folder,
        })
    }

    /// Tells how to connect; good while this value lives.
    pub fn connect_options(&self) -> ConnectOptions {
        match self {
            Self::Owned(cluster) => cluster.connect_options(),
            Self::Attached(attached) => attached.connect.clone(),
        }
    }

    /// Stops the server when it is ours.
    pub async fn close(self) {
        if let Self::Owned(cluster) = self {
            cluster.stop().await;
        }
    }
}
