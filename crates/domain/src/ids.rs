//! Typed identifiers: one list, so that an id of one noun can't be passed for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Returns a fresh id (UUID version 7: sorts by time of creation).
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// Identifies an administrator.
    AdministratorId;
    /// Identifies an exception from the policy.
    ExceptionId;
    /// Identifies a file of a package; also the address of its upload.
    FileId;
    /// Identifies a group of users.
    GroupId;
    /// Identifies one installation.
    InstanceId;
    /// Identifies a check whether everything stored is intact.
    IntegrityRunId;
    /// Identifies a job row.
    JobId;
    /// Identifies a mail in the outbox.
    MailId;
    /// Identifies a package.
    PackageId;
    /// Identifies a recipient of one package.
    RecipientId;
    /// Identifies a request for files.
    RequestId;
    /// Identifies a login session.
    SessionId;
    /// Identifies an API token.
    TokenId;
    /// Identifies a user.
    UserId;
    /// Identifies the browser of somebody without an account.
    VisitorId;
}
