//! Backups (OPS-10): a folder with all rows as they were at one moment and every blob that they name.
//!
//! ```text
//! backup.json         what is in it, with lengths and digests; written last: without it there is no backup
//! backup.mac          binds it to the installation
//! database/T.copy     the rows of the table T, as text
//! blobs.list          of each blob: name, stored length, SHA-256 of the stored bytes
//! blobs/ab/ab…        the blobs, as they lie in the store
//! sofie.toml          the configuration without its secrets
//! ```
//!
//! Keys are never in it.

mod manifest;
mod read;
mod write;

use std::{io, path::PathBuf};

pub use self::manifest::{BlobLine, KeyUse, Manifest, Part, TablePart};
pub use self::read::{Backup, Restored, reopen_uploads};
pub use self::write::{Wanted, Written, write};

/// The folder's parts by name.
const MANIFEST: &str = "backup.json";
const MAC: &str = "backup.mac";
const DATABASE: &str = "database";
const BLOB_LIST: &str = "blobs.list";
const BLOBS: &str = "blobs";
const CONFIGURATION: &str = "sofie.toml";

/// Under this name a backup that is being written holds off the unlinking of blobs.
const LEASE: &str = "backup";

/// How many blobs are copied at once.
const AT_ONCE: usize = 4;

/// Why a backup could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder is in use.
    #[error("{0} is not empty")]
    NotEmpty(PathBuf),
    /// There is no whole backup.
    #[error("{0} is no backup, or one that was not finished")]
    NoBackup(PathBuf),
    /// A part is not what the manifest says.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// It was made by a program whose tables look different.
    #[error("the backup is of another version of the schema: restore it by SOFiE {0}, then update")]
    OtherSchema(String),
    /// There is something in the database.
    #[error("the database is not empty")]
    DatabaseNotEmpty,
    /// The manifest is not of the installation whose rows are in it.
    #[error("the backup's manifest is not authentic: somebody changed it")]
    Forged,
    /// Another backup is being written.
    #[error("another backup is being written")]
    Busy,
    /// A file.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The database.
    #[error("the database failed")]
    Store(#[from] sofie_store::Error),
    /// The blobs.
    #[error("the blob {blob} could not be copied")]
    Blob {
        /// Which.
        blob: String,
        /// Why not.
        #[source]
        source: sofie_vault::Error,
    },
    /// The blob store as a whole.
    #[error("the blob store failed")]
    Vault(#[from] sofie_vault::Error),
    /// A use case.
    #[error(transparent)]
    App(#[from] crate::Error),
}

/// Whether a backup is being written, whose blobs must stay.
pub(crate) async fn under_way(tx: &mut sofie_store::Tx) -> crate::Result<bool> {
    Ok(sofie_store::schedule::led(tx, LEASE).await?)
}

/// Says with which file an operation failed.
fn failed(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.into();
    move |source| BackupError::File {
        action,
        path,
        source,
    }
}
