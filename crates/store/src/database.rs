//! The pool and the unit of work.

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, Postgres, pool::PoolConnection};

use crate::{
    ColumnCipher, ConnectOptions, Error, Result,
    conn::{Conn, PATIENCE, within},
    pool::{Watch, pool},
};

/// The database of an installation.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    watch: Arc<Watch>,
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

impl Database {
    /// Opens a pool of at most `connections`; a caller waits at most five seconds for one.
    pub async fn connect(
        options: &ConnectOptions,
        cipher: Arc<dyn ColumnCipher>,
        connections: u32,
    ) -> Result<Self> {
        let (pool, watch) = pool(connections);
        let pool = pool
            .min_connections(1)
            .connect_with(options.for_work()?)
            .await?;
        Ok(Self {
            pool,
            watch,
            cipher,
            trips: Trips::default(),
        })
    }

    /// Hashes a value that is compared but never read.
    pub(crate) fn keyed_hash(&self, column: &str, value: &str) -> [u8; 32] {
        self.cipher.keyed_hash(column, value.as_bytes())
    }

    /// Returns the same database, its sealed columns under another cipher.
    #[must_use]
    pub fn with_cipher(&self, cipher: Arc<dyn ColumnCipher>) -> Self {
        Self {
            cipher,
            ..self.clone()
        }
    }

    /// Starts a transaction; dropped without [`Tx::commit`] it changes nothing.
    ///
    /// Connections that turn out to be dead are passed over: nothing was asked of them yet.
    pub async fn begin(&self) -> Result<Tx> {
        let mut spare = self.pool.size();
        loop {
            self.trips.add();
            let begun = within(PATIENCE, &self.watch, Box::pin(self.pool.begin())).await;
            match begun.map_err(Error::from) {
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

    /// The same database through connections of another role, made when they are needed; for tests.
    #[cfg(feature = "test-util")]
    pub fn in_role(&self, options: &ConnectOptions, connections: u32) -> Result<Self> {
        let (pool, watch) = pool(connections);
        Ok(Self {
            pool: pool.connect_lazy_with(options.for_work()?),
            watch,
            cipher: Arc::clone(&self.cipher),
            trips: self.trips.clone(),
        })
    }

    fn unit(&self, inner: Inner) -> Tx {
        Tx {
            inner,
            watch: Arc::clone(&self.watch),
            patience: PATIENCE,
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

    /// Asks the database for a sign of life; fails while it takes no changes.
    pub async fn ping(&self) -> Result<()> {
        let writable = "select current_setting('transaction_read_only') = 'off'";
        let answer = Box::pin(sqlx::query_scalar(writable).fetch_one(&self.pool));
        if within(PATIENCE, &self.watch, answer).await? {
            Ok(())
        } else {
            Err(Error::ReadOnly)
        }
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
    watch: Arc<Watch>,
    patience: Duration,
    cipher: Arc<dyn ColumnCipher>,
    trips: Trips,
}

impl Tx {
    /// Makes all changes durable and visible at once.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Transaction(transaction) => {
                self.trips.add();
                Ok(within(self.patience, &self.watch, Box::pin(transaction.commit())).await?)
            }
            Inner::Connection(_) => Ok(()),
        }
    }

    /// Returns the connection for one statement.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.trips.add();
        let connection = match &mut self.inner {
            Inner::Transaction(transaction) => &mut **transaction,
            Inner::Connection(connection) => &mut **connection,
        };
        Conn::new(connection, &self.watch, self.patience)
    }

    /// Lets its statements take as long as they need, here and at the server.
    pub(crate) async fn without_limits(&mut self) -> Result<()> {
        self.patience = Duration::MAX;
        for limit in [
            "set local statement_timeout = 0",
            "set local idle_in_transaction_session_timeout = 0",
        ] {
            sqlx::query(limit).execute(self.conn()).await?;
        }
        Ok(())
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

    /// Lets the database keep silent for this long only; for tests.
    pub fn hurry(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Returns the one number that a query finds; for tests.
    pub async fn number(&mut self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(self.conn()).await?)
    }
}
