//! How a finished mail leaves.

use std::error::Error;

use async_trait::async_trait;

use crate::envelope::Envelope;

/// The server has taken the mail and answers for it from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the server said, usually with its queue id; for people.
    pub response: String,
}

/// The mail was not taken, as far as is known.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may be taken later: nobody answered, the connection broke, the server is busy, or is not set up right.
    ///
    /// After a break at the wrong moment the server may have taken it already; sending it again under the same
    /// `Message-ID` lets receivers drop the second.
    #[error("mail was not accepted for now")]
    Transient {
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server refuses this mail; it would again.
    #[error("mail was refused")]
    Permanent {
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl SendError {
    pub(crate) fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Transient {
            source: source.into(),
        }
    }

    pub(crate) fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Permanent {
            source: source.into(),
        }
    }

    /// Returns whether sending again can't help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent { .. })
    }
}

/// Hands mails over.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands one mail to the next server; returns once that server has answered for it, or time is up.
    ///
    /// May be called from many tasks at once. When the future is dropped the mail may still be sent.
    async fn send(&self, mail: &Envelope) -> Result<Accepted, SendError>;
}
