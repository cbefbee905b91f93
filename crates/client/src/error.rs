//! What can go wrong, and the exit code of each.

use std::path::PathBuf;

use crate::wire::Problem;

/// The outcome of whatever this crate does.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a package could not be sent or fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// The server could not be reached, or the connection broke and did not come back.
    #[error("the server can't be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The server had nothing to say for too long.
    #[error("the server stopped answering")]
    Stalled,
    /// Something answered that is not SOFiE, or not in its words.
    #[error("the answer of the server can't be understood: {0}")]
    Strange(String),
    /// The server can't do it now.
    #[error("the server can't do it now: {0}")]
    Unavailable(Box<Problem>),
    /// The server does not allow it or found the input wrong.
    #[error("the server refused: {0}")]
    Refused(Box<Problem>),
    /// A file or folder here can't be read or written.
    #[error("can't {action} {path}")]
    File {
        /// What was tried: `read`, `write`, ….
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder here is not as it must be.
    #[error("{path}: {why}")]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// There is no such package, or the link is wrong or no longer works.
    #[error("there is nothing under this link or id, or not any more")]
    NotFound,
    /// A code, a password or a login is needed, or the one given is wrong.
    #[error("{0}")]
    ProofNeeded(String),
    /// The checks of the package are not over.
    #[error("the files are still being checked; try again later")]
    NotReady,
}

impl Error {
    /// Returns the exit code of a command that ends with this error. The codes are part of the command line's contract.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NotReady => 4,
            Self::Unreachable(_) | Self::Stalled | Self::Strange(_) | Self::Unavailable(_) => 5,
            Self::Refused(_) => 6,
            Self::File { .. } | Self::BadFile { .. } => 7,
            Self::NotFound => 8,
            Self::ProofNeeded(_) => 9,
        }
    }

    /// Tells whether the same may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Stalled => true,
            Self::Unavailable(problem) => problem.code != "no_space",
            _ => false,
        }
    }

    /// Tells whether the server said that it did nothing, and may do it a little later.
    pub(crate) fn is_undone(&self) -> bool {
        matches!(self, Self::Unavailable(_)) && self.is_passing()
    }

    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_as_documented() {
        let problem = || Box::new(Problem::unknown(503));
        for (error, code) in [
            (Error::Usage(String::new()), 2),
            (Error::NotReady, 4),
            (Error::Stalled, 5),
            (Error::Unavailable(problem()), 5),
            (Error::Refused(problem()), 6),
            (
                Error::BadFile {
                    path: "x".into(),
                    why: "empty",
                },
                7,
            ),
            (Error::NotFound, 8),
            (Error::ProofNeeded(String::new()), 9),
        ] {
            assert_eq!(error.exit_code(), code, "{error:?}");
        }
    }
}
