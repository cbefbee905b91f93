use std::io;
use std::path::PathBuf;

/// Why a private cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Another process has the data directory.
    #[error("the data directory {} is in use by process {holder}", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// The process that has it, as it wrote itself down.
        holder: String,
    },
    /// There is no cluster in the data directory.
    #[error("{} is not the data directory of an embedded installation: it has no folder `postgres`", dir.display())]
    Absent {
        /// The data directory.
        dir: PathBuf,
    },
    /// No usable server programs were found.
    #[error(
        "no PostgreSQL server programs (initdb, postgres; version {wanted}) in {searched}: \
         install PostgreSQL (Debian: apt-get install postgresql) or name their folder in the configuration"
    )]
    NoBinaries {
        /// The version that is needed.
        wanted: String,
        /// Where was looked.
        searched: String,
    },
    /// The account that should run the server does not exist.
    #[error("PostgreSQL cannot run as root and there is no account {names} to run it as")]
    NoAccountForRoot {
        /// The accounts that were tried.
        names: String,
    },
    /// We run as a user that the system has no name for.
    #[error(
        "initdb cannot make a database for user id {uid}, which has no entry in the passwd database: \
         add one, or start once with an account that has one"
    )]
    NamelessUser {
        /// The user id.
        uid: u32,
    },
    /// The cluster belongs to somebody else.
    #[error("{} belongs to user id {owner}, but we run as user id {uid}: run as that user, or change the owner", path.display())]
    ForeignOwner {
        /// The folder of the cluster.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
        /// Our user id.
        uid: u32,
    },
    /// `initdb` failed.
    #[error("initdb failed: {output}")]
    Init {
        /// What it printed last.
        output: String,
    },
    /// The server ended before it accepted a connection.
    #[error("the private PostgreSQL did not start: {output}")]
    Start {
        /// What it printed last.
        output: String,
    },
    /// The server does not accept connections in time.
    #[error("the private PostgreSQL did not accept connections within {seconds} seconds")]
    Slow {
        /// The limit.
        seconds: u64,
        /// The last refusal.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// Processes of an earlier server do not end.
    #[error("processes {pids:?} of an earlier PostgreSQL do not end")]
    StillRunning {
        /// Their ids.
        pids: Vec<i32>,
    },
    /// The server died and could not be started again.
    #[error("the private PostgreSQL is down: {0}")]
    GaveUp(String),
    /// The role or the database could not be made.
    #[error("cannot set up the database of the private PostgreSQL")]
    Database(#[source] sqlx::Error),
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl ClusterError {
    /// Makes the mapping of an I/O error that says what was tried on what.
    pub(super) fn io<E: Into<io::Error>>(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source: source.into(),
        }
    }
}
