//! What can go wrong between us and the database.

/// A failed query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database can't be reached or has no connection to spare; trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database takes no changes at present: a standby, or a primary that was demoted.
    #[error("the database is read-only at present")]
    ReadOnly,
    /// The connection would not be safe.
    #[error(
        "the connection to {host} would not be safe: write sslmode=verify-full into the database's address, and \
         sslrootcert=FILE for a certificate authority of your own"
    )]
    Unsafe {
        /// The server.
        host: String,
    },
    /// The schema is not the one that this program needs.
    #[error(transparent)]
    Schema(#[from] crate::schema::Unusable),
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

    /// Tells whether it was the database that could not do it at present; trying again later may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::ReadOnly)
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
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            sqlx::Error::Database(refusal) => match (refusal.kind(), refusal.constraint()) {
                (
                    ErrorKind::UniqueViolation
                    | ErrorKind::CheckViolation
                    | ErrorKind::ForeignKeyViolation,
                    Some(name),
                ) => Self::Constraint(name.to_owned()),
                _ => match refusal.code().as_deref() {
                    Some("25006") => Self::ReadOnly,
                    Some(code) if is_passing(code) => Self::Unavailable(error),
                    _ => Self::Database(error),
                },
            },
            _ => Self::Database(error),
        }
    }
}

/// Whether a refusal of this SQLSTATE is about the moment, not about the statement.
fn is_passing(code: &str) -> bool {
    // A deadlock; a lock or a statement that took too long.
    const CODES: &[&str] = &["40P01", "55P03", "57014"];
    // The connection broke; no connection, memory or disk is left; the server shuts down or starts up.
    const CLASSES: &[&str] = &["08", "53", "57P"];
    CODES.contains(&code) || CLASSES.iter().any(|class| code.starts_with(class))
}
