//! What a kind of engine has to know; all the rest is the [`Runtime`](crate::Runtime)'s.

use async_trait::async_trait;

use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::verdict::{EngineReport, ErrorKind};

/// Talks to one kind of engine. Time-outs of a whole scan, turns, fail-over and self-tests are not its affair.
#[async_trait]
pub(crate) trait Adapter: std::fmt::Debug + Send + Sync {
    /// At how many places the same engine can be reached.
    fn endpoints(&self) -> usize;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether it may take minutes: then it is proved by being reached, and asked again by a ticket.
    fn answers_later(&self) -> bool {
        false
    }

    /// Whether what it says may depend on a file's name.
    fn sees_name(&self) -> bool {
        true
    }

    /// Finds out whether it is there, and what it is; a trivial question, answered at once.
    async fn reach(&self, endpoint: usize) -> Result<Reached, Failure>;

    /// Looks at one file. An endpoint that fails before it took any content leaves `body` untouched.
    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport;
}

/// An engine that answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// What it says it is.
    pub versions: Versions,
    /// The most files that it takes at once, if it tells.
    pub at_once: Option<u16>,
}

/// An engine that does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// In words.
    pub words: String,
}

impl Failure {
    /// A failure, told with its causes.
    pub(crate) fn new(kind: ErrorKind, error: &dyn std::error::Error) -> Self {
        let mut words = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            words = format!("{words}: {cause}");
            next = cause.source();
        }
        Self { kind, words }
    }
}

/// A failure without causes to tell.
pub(crate) fn failed(kind: ErrorKind, words: impl Into<String>) -> Failure {
    let words = words.into();
    Failure { kind, words }
}
