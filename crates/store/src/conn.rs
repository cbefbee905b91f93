//! A connection that is not waited for without end.
//!
//! A server that is gone without a word (its machine lost power, the network is cut) answers nothing and refuses
//! nothing, and TCP by itself waits for it for hours. The server's own time-outs are of no help then, so each step of a
//! statement has one here too, somewhat longer than theirs.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_util::{
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt as _},
};
use sqlx::{
    Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::timeout;

use crate::pool::Watch;

/// How long the server may keep silent; its own limit of a statement is 30 seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// A connection, for one statement.
#[derive(Debug)]
pub(crate) struct Conn<'c> {
    connection: &'c mut PgConnection,
    watch: &'c Watch,
    patience: Duration,
}

impl<'c> Conn<'c> {
    pub(crate) fn new(
        connection: &'c mut PgConnection,
        watch: &'c Watch,
        patience: Duration,
    ) -> Self {
        Self {
            connection,
            watch,
            patience,
        }
    }

    /// For what is no statement, such as a copy, and has its own pace.
    pub(crate) fn unhurried(self) -> &'c mut PgConnection {
        self.connection
    }
}

/// Waits for the server as long as one may; who waited in vain suspects all connections.
pub(crate) async fn within<T>(
    patience: Duration,
    watch: &Watch,
    answer: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    timeout(patience, answer).await.unwrap_or_else(|_| {
        watch.suspect(Instant::now());
        let silent = io::Error::new(io::ErrorKind::TimedOut, "the database keeps silent");
        Err(sqlx::Error::Io(silent))
    })
}

type Step = Either<PgQueryResult, PgRow>;

impl<'c> Executor<'c> for Conn<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let steps = self.connection.fetch_many(query);
        let begun = (steps, self.watch, self.patience);
        stream::try_unfold(begun, |(mut steps, watch, patience)| async move {
            let next = async { steps.next().await.transpose() };
            let step = within(patience, watch, next).await?;
            Ok(step.map(|step| (step, (steps, watch, patience))))
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let row = self.connection.fetch_optional(query);
        Box::pin(within(self.patience, self.watch, row))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        let description = self.connection.describe(sql);
        Box::pin(within(self.patience, self.watch, description))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        let statement = self.connection.prepare_with(sql, parameters);
        Box::pin(within(self.patience, self.watch, statement))
    }
}
