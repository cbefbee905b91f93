//! What can go wrong between us and the database.

/// A failed query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database can't be reached or has no connection to spare; trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A unique or check constraint said no; the name is the constraint's.
    #[error("the constraint {0} refused the row")]
    Constraint(String),
    /// The row does not exist or was changed in the meantime.
    #[error("the row is not in the state that the change needs")]
    Stale,
    /// A row holds what no version of this program writes.
    #[error("the column {table}.{column} holds what it must not")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A sealed column does not open.
    #[error("a sealed column does not open")]
    Sealed(#[from] crate::CipherError),
    /// Anything else that the database said.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
}

impl Error {
    /// Tells whether the connection was found dead: another one may do.
    pub(crate) fn is_broken_connection(&self) -> bool {
        match self {
            Self::Unavailable(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) => true,
            // Class 57P: what the server said when it ended the connection.
            Self::Unavailable(sqlx::Error::Database(refusal)) => {
                refusal.code().is_some_and(|code| code.starts_with("57P"))
            }
            _ => false,
        }
    }

    /// Tells whether the named constraint refused the row.
    #[must_use]
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Self::Constraint(constraint) if constraint == name)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            sqlx::Error::Database(refusal) => match (refusal.kind(), refusal.constraint()) {
                (
                    ErrorKind::UniqueViolation
                    | ErrorKind::CheckViolation
                    | ErrorKind::ForeignKeyViolation,
                    Some(name),
                ) => Self::Constraint(name.to_owned()),
                // Class 57P: the server shuts down or starts up; 53: out of connections, memory or disk.
                _ if refusal
                    .code()
                    .is_some_and(|c| c.starts_with("57P") || c.starts_with("53")) =>
                {
                    Self::Unavailable(error)
                }
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}
