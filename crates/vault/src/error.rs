use std::io;

/// What can go wrong in the vault.
///
/// Messages say what this layer tried; the cause is in `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No blob, finished or not, has this id.
    #[error("no such blob")]
    NotFound,
    /// A blob or an upload of this id exists already.
    #[error("a blob of this id exists already")]
    AlreadyExists,
    /// The blob is committed: nothing can be appended any more.
    #[error("the blob is committed and can't be changed")]
    Committed,
    /// Somebody else in this process is appending to the blob.
    #[error("another writer is appending to the blob")]
    Busy,
    /// The caller wanted to append elsewhere than at the durable end.
    #[error("the blob's durable length is {actual}, not the offset given")]
    OffsetMismatch {
        /// Plain bytes that are durable: the only offset an appender may start at.
        actual: u64,
    },
    /// The plain length is not the one expected.
    #[error("the blob has {actual} plain bytes, {expected} were expected")]
    LengthMismatch {
        /// What the blob says.
        actual: u64,
        /// What the caller says.
        expected: u64,
    },
    /// The range does not lie in the blob.
    #[error("the range is outside the blob's {len} bytes")]
    Range {
        /// Plain length of the blob.
        len: u64,
    },
    /// The volume is full (or the quota used up).
    #[error("no space left in the blob store")]
    NoSpace(#[source] io::Error),
    /// A sync failed. Final for the upload: what the kernel holds may differ from the disk.
    #[error("could not sync the blob to stable storage")]
    Sync(#[source] io::Error),
    /// Any other input or output error.
    #[error("could not {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The stored bytes are not what was written, or the id, generation, context or key is wrong.
    /// The two can't be told apart, on purpose.
    #[error("the blob does not authenticate: {0}")]
    Corrupt(&'static str),
    /// The directory is not this installation's store.
    #[error("the blob store is not ours: {0}")]
    Marker(&'static str),
    /// A cryptographic primitive refused; memory or entropy is short.
    #[error("a cryptographic operation failed")]
    Crypto,
    /// The runtime is shutting down and dropped the work.
    #[error("the blocking task was cut short")]
    Stopped,
}

impl Error {
    /// Sorts an I/O error: a full volume and a missing file have variants of their own.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace(source),
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::AlreadyExists => Self::AlreadyExists,
            _ => Self::Io { action, source },
        }
    }

    /// Whether the volume is full, whichever call found out.
    pub fn is_no_space(&self) -> bool {
        match self {
            Self::NoSpace(_) => true,
            Self::Sync(source) => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ),
            _ => false,
        }
    }
}
