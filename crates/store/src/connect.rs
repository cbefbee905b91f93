//! How the database is reached.

use std::{net::IpAddr, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::{Error, Result};

/// How to reach the database.
#[derive(Clone, Debug)]
pub enum ConnectOptions {
    /// A unix socket in a directory, as the private cluster offers it.
    Socket {
        /// The directory of the socket.
        directory: PathBuf,
        /// The port that names the socket.
        port: u16,
        /// The role.
        user: String,
        /// The database.
        database: String,
    },
    /// A server that somebody else runs.
    Server {
        /// A connection string of the `postgres://` form.
        url: SecretString,
        /// Whether it may be another machine that does not prove who it is.
        unverified: bool,
    },
}

/// Who could read or change what goes over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// It does not leave the machine.
    Local,
    /// It is encrypted, and the server proved its name.
    Verified,
    /// Whoever is between us and this host.
    None(String),
}

/// Nobody waits longer for one statement, or for somebody else's lock; a process that stops in the middle of a
/// transaction does not hold its locks for ever.
const FOR_WORK: [(&str, &str); 3] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "5min"),
];
/// A migration or a copy takes as long as it takes, but holds nobody up by waiting for a lock.
const FOR_UPKEEP: [(&str, &str); 2] = [("statement_timeout", "0"), ("lock_timeout", "10s")];

impl ConnectOptions {
    fn base(&self) -> Result<PgConnectOptions> {
        let options = match self {
            Self::Socket {
                directory,
                port,
                user,
                database,
            } => PgConnectOptions::new_without_pgpass()
                .socket(directory)
                .port(*port)
                .username(user)
                .database(database)
                .ssl_mode(PgSslMode::Disable),
            Self::Server { url, .. } => url.expose_secret().parse()?,
        };
        Ok(options
            .application_name("sofie")
            .options([("timezone", "UTC")]))
    }

    fn safe(&self) -> Result<PgConnectOptions> {
        let options = self.base()?;
        match (self, protection(&options)) {
            (
                Self::Server {
                    unverified: false, ..
                },
                Protection::None(host),
            ) => Err(Error::Unsafe { host }),
            _ => Ok(options),
        }
    }

    /// The connections that processes work with.
    pub(crate) fn for_work(&self) -> Result<PgConnectOptions> {
        Ok(self.safe()?.options(FOR_WORK))
    }

    /// Opens a connection for a change of the schema or a copy of everything.
    pub(crate) async fn open_for_upkeep(&self) -> Result<PgConnection> {
        let options = self.safe()?.options(FOR_UPKEEP);
        Ok(PgConnection::connect_with(&options).await?)
    }

    /// Fails when the address can't be read, or when the connection would not be safe; nothing is opened.
    pub fn ensure_safe(&self) -> Result<()> {
        self.safe().map(|_| ())
    }

    /// Tells who could listen.
    pub fn protection(&self) -> Result<Protection> {
        Ok(protection(&self.base()?))
    }

    /// Returns the host and the port of a server that is reached over the network; nothing for a socket.
    pub fn endpoint(&self) -> Result<Option<(String, u16)>> {
        let options = self.base()?;
        let host = options.get_host();
        if options.get_socket().is_some() || host.starts_with('/') {
            return Ok(None);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Some((host.to_owned(), options.get_port())))
    }

    /// The same database for another role; for tests.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn as_user(&self, name: &str) -> Self {
        let mut options = self.clone();
        if let Self::Socket { user, .. } = &mut options {
            name.clone_into(user);
        }
        options
    }
}

fn protection(options: &PgConnectOptions) -> Protection {
    let host = options.get_host();
    // The parser leaves brackets around an address of version 6.
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let here = address
        .parse::<IpAddr>()
        .map_or(host == "localhost", |ip| ip.is_loopback());
    if options.get_socket().is_some() || host.starts_with('/') || here {
        Protection::Local
    } else if matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) {
        Protection::Verified
    } else {
        Protection::None(host.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Protection {
        let (url, unverified) = (url.to_owned().into(), false);
        let options = ConnectOptions::Server { url, unverified };
        options.protection().unwrap()
    }

    #[test]
    fn a_server_is_at_a_host_and_a_port() {
        let of = |url: &str| {
            let (url, unverified) = (url.to_owned().into(), false);
            ConnectOptions::Server { url, unverified }
                .endpoint()
                .unwrap()
        };
        let at = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(
            of("postgres://u@db.example.org/d"),
            at("db.example.org", 5432)
        );
        assert_eq!(
            of("postgres://u:p@[2001:db8::1]:6432/d"),
            at("2001:db8::1", 6432)
        );
        assert_eq!(of("postgres:///d?host=/run/postgresql&user=u"), None);
    }

    #[test]
    fn only_a_verified_name_protects_what_leaves_the_machine() {
        for here in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:5433/d",
            "postgres://u@[::1]/d?sslmode=disable",
            "postgres://u@%2Frun%2Fpostgresql/d",
            "postgres:///d?host=/run/postgresql&user=u",
        ] {
            assert_eq!(of(here), Protection::Local, "{here}");
        }
        let safe = "postgres://u@db.example.org/d?sslmode=verify-full";
        assert_eq!(of(safe), Protection::Verified);
        for mode in ["disable", "prefer", "require", "verify-ca"] {
            let url = format!("postgres://u@db.example.org/d?sslmode={mode}");
            let host = "db.example.org".to_owned();
            assert_eq!(of(&url), Protection::None(host), "{mode}");
        }
        // Another host than the one that is written first.
        let other = "postgres://u@localhost/d?hostaddr=192.0.2.1";
        assert_eq!(of(other), Protection::None("192.0.2.1".to_owned()));
    }

    #[test]
    fn what_is_not_safe_is_not_opened_unless_it_is_asked_for() {
        let url = || "postgres://u@db.example.org/d".to_owned().into();
        let options = |unverified| ConnectOptions::Server {
            url: url(),
            unverified,
        };
        let refused = options(false).for_work().unwrap_err();
        assert!(matches!(refused, Error::Unsafe { .. }), "{refused}");
        assert!(options(true).for_work().is_ok());
    }
}
