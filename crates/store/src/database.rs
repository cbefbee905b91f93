//! The pool and the unit of work.

use std::{path::PathBuf, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};

use crate::{ColumnCipher, Error, Result};

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
    /// A connection string of the `postgres://` form.
    Url(SecretString),
}

impl ConnectOptions {
    fn to_sqlx(&self) -> Result<PgConnectOptions> {
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
            Self::Url(url) => url.expose_secret().parse()?,
        };
        Ok(options.application_name("sofie").options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("timezone", "UTC"),
        ]))
    }
}

/// A connection that was used less than this ago is taken to be alive.
const TRUSTED: Duration = Duration::from_secs(1);

/// The database of an installation.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    cipher: Arc<dyn ColumnCipher>,
    trips: Trips,
}

/// Counts how often the database was asked; only tests look.
#[derive(Clone, Debug, Default)]
struct Trips {
    #[cfg(feature = "test-util")]
    count: Arc<std::sync::atomic::AtomicU64>,
}

impl Trips {
    #[cfg_attr(
        not(feature = "test-util"),
        expect(clippy::unused_self, reason = "counting is for tests")
    )]
    fn add(&self) {
        #[cfg(feature = "test-util")]
        self.count
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

impl Database {
    /// Opens a pool of at most `connections`; a caller waits at most five seconds for one.
    pub async fn connect(
        options: &ConnectOptions,
        cipher: Arc<dyn ColumnCipher>,
        connections: u32,
    ) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_mins(5))
            // A question to the database before each question to the database is one too many; a connection
            // that breaks in use is thrown away when it is given back.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for >= TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options.to_sqlx()?)
            .await?;
        Ok(Self {
            pool,
            cipher,
            trips: Trips::default(),
        })
    }

    /// Brings the schema up to date; running it twice changes nothing.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATIONS
            .run(&self.pool)
            .await
            .map_err(|error| match error {
                sqlx::migrate::MigrateError::Execute(error) => error.into(),
                other => Error::Database(sqlx::Error::Migrate(Box::new(other))),
            })
    }

    /// Starts a transaction; dropped without [`Tx::commit`] it changes nothing.
    ///
    /// Connections that turn out to be dead are passed over: nothing was asked of them yet.
    pub async fn begin(&self) -> Result<Tx> {
        let mut spare = self.pool.size();
        loop {
            self.trips.add();
            match self.pool.begin().await.map_err(Error::from) {
                Ok(transaction) => return Ok(self.unit(Inner::Transaction(transaction))),
                Err(error) if spare > 0 && error.is_broken_connection() => spare -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes a connection for reading, each statement by itself.
    pub async fn read(&self) -> Result<Tx> {
        Ok(self.unit(Inner::Connection(self.pool.acquire().await?)))
    }

    fn unit(&self, inner: Inner) -> Tx {
        Tx {
            inner,
            cipher: Arc::clone(&self.cipher),
            trips: self.trips.clone(),
        }
    }

    /// Returns how many times the database was asked through this value and its clones.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.trips.count.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection; running statements end first.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[derive(Debug)]
enum Inner {
    Transaction(sqlx::Transaction<'static, Postgres>),
    Connection(PoolConnection<Postgres>),
}

/// A unit of work: what every query function takes.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    cipher: Arc<dyn ColumnCipher>,
    trips: Trips,
}

impl Tx {
    /// Makes all changes durable and visible at once.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Transaction(transaction) => {
                self.trips.add();
                Ok(transaction.commit().await?)
            }
            Inner::Connection(_) => Ok(()),
        }
    }

    /// Returns the connection for one statement.
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        self.trips.add();
        match &mut self.inner {
            Inner::Transaction(transaction) => transaction,
            Inner::Connection(connection) => connection,
        }
    }

    /// Seals a text for a column of a row.
    pub(crate) fn seal(
        &self,
        column: &str,
        row: impl std::fmt::Display,
        plain: &str,
    ) -> Result<Vec<u8>> {
        Ok(self
            .cipher
            .seal(&format!("{column}:{row}"), plain.as_bytes())?)
    }

    /// Opens a sealed text.
    pub(crate) fn open(
        &self,
        column: &str,
        row: impl std::fmt::Display,
        sealed: &[u8],
    ) -> Result<String> {
        let plain = self.cipher.open(&format!("{column}:{row}"), sealed)?;
        String::from_utf8(plain).map_err(|_| crate::CipherError.into())
    }

    /// Hashes a value that is compared but never read, such as a file's name within its package.
    pub(crate) fn keyed_hash(
        &self,
        column: &str,
        row: impl std::fmt::Display,
        value: &str,
    ) -> [u8; 32] {
        self.cipher
            .keyed_hash(&format!("{column}:{row}"), value.as_bytes())
    }
}

#[cfg(feature = "test-util")]
impl Tx {
    /// Runs a statement, such as what another process would do; for tests.
    pub async fn run(&mut self, sql: &'static str) -> Result<()> {
        sqlx::query(sql).execute(self.conn()).await?;
        Ok(())
    }

    /// Returns the one number that a query finds; for tests.
    pub async fn number(&mut self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(self.conn()).await?)
    }
}
