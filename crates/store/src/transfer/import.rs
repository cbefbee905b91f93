//! Everything in from a file, in one transaction.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::AsyncRead;

use super::file::{Counter, Header, Part, Reader, TableHeader};
use super::{Contents, Counting, PLAIN, Table, TransferError, migrations, read_table, tables};
use crate::ConnectOptions;

/// What the migrations themselves fill in; the rows of the export stand in their place.
const SEEDED: [&str; 1] = ["settings_revision"];

/// Fails unless the database has no tables, or ours without any rows.
pub async fn ensure_empty(options: &ConnectOptions) -> Result<(), TransferError> {
    let mut connection = options.open_for_upkeep().await?;
    let begun: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut connection)
        .await?;
    let tables = tables(&mut connection).await?;
    if begun {
        ensure_no_rows(&mut connection, &tables).await?;
    } else if let Some(table) = tables.into_iter().next() {
        return Err(TransferError::Foreign(table.name));
    }
    connection.close().await?;
    Ok(())
}

/// Reads all rows into a database that has the same schema and no rows; `tell` hears of each table that was read
/// back and compared. Whatever goes wrong, nothing is changed.
pub async fn import(
    options: &ConnectOptions,
    input: impl AsyncRead + Unpin,
    mut tell: impl FnMut(&Contents) + Send,
) -> Result<(), TransferError> {
    let (mut reader, header) = Reader::begin(input).await?;
    let mut connection = options.open_for_upkeep().await?;
    sqlx::raw_sql(PLAIN).execute(&mut connection).await?;
    let mut tx = connection.begin().await?;
    let migrations = migrations(&mut tx).await?;
    if header != (Header { migrations }) {
        return Err(TransferError::OtherSchema);
    }
    let tables = tables(&mut tx).await?;
    ensure_no_rows(&mut tx, &tables).await?;
    sqlx::raw_sql("delete from settings_revision")
        .execute(&mut *tx)
        .await?;
    // Tables refer to each other, even in circles: references are looked at when all rows are there.
    look_at_references(&mut tx, "deferrable initially deferred").await?;
    let expected = read_rows(&mut tx, &mut reader, &tables).await?;
    sqlx::raw_sql("set constraints all immediate")
        .execute(&mut *tx)
        .await?;
    look_at_references(&mut tx, "not deferrable").await?;
    for table in &tables {
        let arrived = read_table(&mut tx, table, async |_: &[u8]| Ok(())).await?;
        if expected.get(&table.name) != Some(&arrived) {
            return Err(TransferError::Differs(table.name.clone()));
        }
        tell(&arrived);
    }
    tx.commit().await?;
    // The planner knows nothing of the new rows yet.
    sqlx::raw_sql("analyze").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn ensure_no_rows(
    connection: &mut PgConnection,
    tables: &[Table],
) -> Result<(), TransferError> {
    let seeded = |table: &&Table| !SEEDED.contains(&table.name.as_str());
    for table in tables.iter().filter(seeded) {
        let refuse = async |_: &[u8]| Err(TransferError::NotEmpty(table.name.clone()));
        read_table(connection, table, refuse).await?;
    }
    Ok(())
}

/// Changes when references are looked at. The catalogue makes the statements: no name comes from anywhere else.
async fn look_at_references(
    connection: &mut PgConnection,
    when: &'static str,
) -> Result<(), sqlx::Error> {
    let statements: Vec<String> = sqlx::query_scalar(
        "select format('alter table %s alter constraint %I ', conrelid::regclass, conname) || $1
           from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by oid",
    )
    .bind(when)
    .fetch_all(&mut *connection)
    .await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Copies the rows of the file into the tables; returns what the file says that they hold.
async fn read_rows<R: AsyncRead + Unpin>(
    connection: &mut PgConnection,
    reader: &mut Reader<R>,
    tables: &[Table],
) -> Result<HashMap<String, Contents>, TransferError> {
    let mut expected = HashMap::new();
    loop {
        match reader.next().await? {
            Part::Table(header) => {
                let table = find(tables, &header)?;
                let contents = read_into(connection, reader, table).await?;
                expected.insert(table.name.clone(), contents);
            }
            Part::Counters(counters) => set_counters(connection, &counters).await?,
            Part::End => return Ok(expected),
            Part::Rows(_) | Part::Contents(_) => {
                return Err(TransferError::Damaged("its parts are out of order"));
            }
        }
    }
}

fn find<'t>(tables: &'t [Table], header: &TableHeader) -> Result<&'t Table, TransferError> {
    let table = tables.iter().find(|table| table.name == header.name);
    table
        .filter(|table| table.columns == header.columns)
        .ok_or(TransferError::OtherSchema)
}

async fn read_into<R: AsyncRead + Unpin>(
    connection: &mut PgConnection,
    reader: &mut Reader<R>,
    table: &Table,
) -> Result<Contents, TransferError> {
    let mut counting = Counting::default();
    let mut copy = connection.copy_in_raw(&table.copy_in).await?;
    let said = loop {
        match reader.next().await {
            Ok(Part::Rows(bytes)) => {
                counting.add(&bytes);
                copy.send(bytes).await?;
            }
            Ok(Part::Contents(said)) => break said,
            Ok(_) => {
                copy.abort("out of order").await?;
                return Err(TransferError::Damaged("its parts are out of order"));
            }
            Err(error) => {
                copy.abort("not readable").await?;
                return Err(error);
            }
        }
    };
    copy.finish().await?;
    if said != counting.finish(&table.name) {
        return Err(TransferError::Damaged("rows are missing or were changed"));
    }
    Ok(said)
}

async fn set_counters(
    connection: &mut PgConnection,
    counters: &[Counter],
) -> Result<(), TransferError> {
    for counter in counters {
        let Some(last) = counter.last else { continue };
        sqlx::query(
            "select setval(pg_get_serial_sequence(format('%I', $1::text), $2)::regclass, $3)",
        )
        .bind(&counter.table_name)
        .bind(&counter.column_name)
        .bind(last)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
