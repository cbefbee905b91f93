//! Everything out into a file.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio::io::AsyncWrite;

use super::file::{Counter, Header, TableHeader, Writer};
use super::{Contents, PLAIN, TransferError, migrations, read_table, tables};
use crate::ConnectOptions;

/// A connection that was just closed is counted by the server for a moment.
const PATIENCE: Duration = Duration::from_secs(3);

/// Writes all rows of one moment; `tell` hears of each table.
///
/// Fails with [`TransferError::InUse`] while a process of ours is connected: what it does later would be missing.
pub async fn export(
    options: &ConnectOptions,
    out: impl AsyncWrite + Unpin,
    mut tell: impl FnMut(&Contents) + Send,
) -> Result<(), TransferError> {
    let mut connection = options.open_for_upkeep().await?;
    ensure_idle(&mut connection).await?;
    sqlx::raw_sql(PLAIN).execute(&mut connection).await?;
    sqlx::raw_sql("begin isolation level repeatable read read only")
        .execute(&mut connection)
        .await?;
    let migrations = migrations(&mut connection).await?;
    let mut writer = Writer::begin(out, &Header { migrations }).await?;
    for table in tables(&mut connection).await? {
        let header = TableHeader {
            name: table.name.clone(),
            columns: table.columns.clone(),
        };
        writer.table(&header).await?;
        let sink = async |bytes: &[u8]| writer.rows(bytes).await;
        let contents = read_table(&mut connection, &table, sink).await?;
        writer.contents(&contents).await?;
        tell(&contents);
    }
    writer.counters(&counters(&mut connection).await?).await?;
    writer.end().await?;
    // Nothing was changed, so there is nothing to commit: the transaction ends with the connection.
    Ok(())
}

async fn ensure_idle(connection: &mut PgConnection) -> Result<(), TransferError> {
    let begun = Instant::now();
    loop {
        // Of other people's sessions not everybody sees the name.
        let others: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()
                and coalesce(application_name, 'sofie') = 'sofie'",
        )
        .fetch_one(&mut *connection)
        .await?;
        if others == 0 {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(TransferError::InUse(others));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How far the counters have come: numbers of rows that are gone are not given again.
async fn counters(connection: &mut PgConnection) -> Result<Vec<Counter>, sqlx::Error> {
    sqlx::query_as(
        "select c.relname::text as table_name, a.attname::text as column_name,
                pg_sequence_last_value(pg_get_serial_sequence(format('%I', c.relname), a.attname)::regclass) as last
           from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attidentity <> ''
          order by 1, 2",
    )
    .fetch_all(connection)
    .await
}
