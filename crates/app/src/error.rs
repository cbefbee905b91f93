//! What a caller can do about a failure.

use std::time::Duration;

use sofie_detection::RuleError;

/// One field of the input and what is wrong with it; the codes are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the API.
    pub field: &'static str,
    /// A stable word, such as `too_long`.
    pub code: &'static str,
    /// The line, from 1 on, if the field has lines and it is about one.
    pub line: Option<usize>,
}

impl FieldError {
    /// Says what is wrong with a whole field.
    #[must_use]
    pub fn new(field: &'static str, code: &'static str) -> Self {
        let line = None;
        Self { field, code, line }
    }
}

/// A use case that did not succeed. The variants say what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or the caller must not know that it does.
    #[error("not found")]
    NotFound,
    /// The caller must log in.
    #[error("not logged in")]
    Unauthenticated,
    /// The caller may not do this.
    #[error("not allowed")]
    Forbidden,
    /// The state does not allow it; the code says why, such as `version_conflict`.
    #[error("in conflict with the present state: {0}")]
    Conflict(&'static str),
    /// The input is wrong.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// YARA rules can't be used.
    #[error("rules can't be used")]
    Rules(Vec<RuleError>),
    /// A secret that the caller gave is wrong; the code is `wrong_credentials`, `wrong_code`, ….
    #[error("refused: {0}")]
    Refused(&'static str),
    /// More bytes than allowed.
    #[error("too large")]
    TooLarge,
    /// The body came too slowly; what came of an upload counts, and it can go on.
    #[error("the body came too slowly")]
    TooSlow,
    /// There is no room left on the storage.
    #[error("no space left")]
    NoSpace,
    /// Too many tries.
    #[error("too many tries")]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Something that is needed does not answer; trying again later may help.
    #[error("not available at present")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of ours; the caller learns nothing but that.
    #[error("internal fault")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Says that one field is wrong.
    #[must_use]
    pub fn invalid(field: &'static str, code: &'static str) -> Self {
        Self::Invalid(vec![FieldError::new(field, code)])
    }

    /// Says that one line of a field is wrong.
    #[must_use]
    pub fn invalid_line(field: &'static str, line: usize) -> Self {
        let (code, line) = ("invalid", Some(line));
        Self::Invalid(vec![FieldError { field, code, line }])
    }

    /// Wraps a fault of ours.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Wraps the failure of something that is needed.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

impl From<sofie_store::Error> for Error {
    fn from(error: sofie_store::Error) -> Self {
        match error {
            sofie_store::Error::Stale => Self::Conflict("version_conflict"),
            _ if error.is_passing() => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

impl From<sofie_domain::InvalidTransition> for Error {
    fn from(_: sofie_domain::InvalidTransition) -> Self {
        Self::Conflict("conflict")
    }
}

/// Returns what an error says, with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
