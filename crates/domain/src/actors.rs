//! Who acts.

use crate::{AdministratorId, EmailAddress, SessionId, TokenId, UserId, VisitorId};

/// The one on whose behalf a call or a job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is known.
    Anonymous,
    /// A browser without an account; `email` once an address was proved by a code.
    Visitor {
        /// The browser.
        id: VisitorId,
        /// The proved address.
        email: Option<EmailAddress>,
    },
    /// A user at a browser or through an API token.
    User {
        /// The user.
        id: UserId,
        /// The user's address.
        email: EmailAddress,
        /// The login session, unless an API token was used.
        session: Option<SessionId>,
        /// The API token, if one was used.
        token: Option<TokenId>,
    },
    /// An administrator at a browser.
    Administrator {
        /// The administrator.
        id: AdministratorId,
        /// The administrator's address.
        email: EmailAddress,
        /// The login session.
        session: SessionId,
    },
    /// The system itself: a job, the scheduler, the command line on the server.
    System,
}

/// The kind of an actor, as the audit log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// See [`Actor::Anonymous`].
    Anonymous,
    /// See [`Actor::Visitor`].
    Visitor,
    /// See [`Actor::User`].
    User,
    /// See [`Actor::Administrator`].
    Administrator,
    /// See [`Actor::System`].
    System,
}

impl ActorKind {
    /// Returns the word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Visitor => "visitor",
            Self::User => "user",
            Self::Administrator => "administrator",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ActorKind {
        match self {
            Self::Anonymous => ActorKind::Anonymous,
            Self::Visitor { .. } => ActorKind::Visitor,
            Self::User { .. } => ActorKind::User,
            Self::Administrator { .. } => ActorKind::Administrator,
            Self::System => ActorKind::System,
        }
    }

    /// Returns the id behind the actor, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Anonymous | Self::System => None,
            Self::Visitor { id, .. } => Some(id.0),
            Self::User { id, .. } => Some(id.0),
            Self::Administrator { id, .. } => Some(id.0),
        }
    }

    /// Returns the proved address behind the actor, if there is one.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Anonymous | Self::System => None,
            Self::Visitor { email, .. } => email.as_ref(),
            Self::User { email, .. } | Self::Administrator { email, .. } => Some(email),
        }
    }
}
