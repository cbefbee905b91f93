//! The rows of all tables as text, out of one snapshot and into an empty database.
//!
//! The text is that of PostgreSQL's COPY. It is not bound to a version of the server, needs no program of its own
//! and no rights beyond those of the owner of the tables.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use sqlx::AssertSqlSafe;

use crate::{Database, Error, Result, Tx, integrity};

/// What belongs to the database itself, or what only those need who are at work now; a copy of it would be wrong
/// elsewhere.
const TRANSIENT: [&str; 5] = [
    "_sqlx_migrations",
    "schema_state",
    "sessions",
    "rate_limits",
    "leases",
];

/// A table and how to write it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, quoted and with commas between.
    pub columns: String,
}

/// One version of the schema that was applied.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Applied {
    /// Its number.
    pub version: i64,
    /// Its digest.
    pub checksum: Vec<u8>,
}

/// Lists the tables that a dump holds, by name.
pub async fn tables(tx: &mut Tx) -> Result<Vec<Table>> {
    Ok(sqlx::query_as(
        "select c.relname::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
           from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname <> all ($1)
            and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          group by c.relname order by c.relname",
    )
    .bind(&TRANSIENT[..])
    .fetch_all(tx.conn())
    .await?)
}

/// Lists the versions of the schema that were applied.
pub async fn schema(tx: &mut Tx) -> Result<Vec<Applied>> {
    Ok(
        sqlx::query_as("select version, checksum from _sqlx_migrations order by version")
            .fetch_all(tx.conn())
            .await?,
    )
}

/// All rows as they were at one moment.
#[derive(Debug)]
pub struct Snapshot(Tx);

impl Snapshot {
    /// Takes the snapshot; what happens after it does not show.
    pub async fn take(db: &Database) -> Result<Self> {
        let mut tx = db.begin().await?;
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(tx.conn())
            .await?;
        // The rows of a large installation take a while, and those of the audit log longer still.
        tx.without_limits().await?;
        // The first query takes the snapshot.
        sqlx::query("select 1").execute(tx.conn()).await?;
        Ok(Self(tx))
    }

    /// The transaction, for queries of other nouns.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.0
    }

    /// Returns all rows of a table.
    pub async fn rows(
        &mut self,
        table: &Table,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + '_> {
        let copy = statement(&mut self.0, "copy %I (%s) to stdout", table).await?;
        let rows = self.0.conn().unhurried().copy_out_raw(&copy).await?;
        Ok(rows.map(|bytes| bytes.map_err(Error::from)))
    }

    /// Returns files as [`integrity::files`] does.
    pub async fn files(
        &mut self,
        shard: u8,
        after: Option<[u8; 16]>,
        limit: i64,
    ) -> Result<Vec<integrity::StoredFile>> {
        integrity::files(&mut self.0, shard, after, limit).await
    }
}

/// Fills an empty database, all or nothing.
#[derive(Debug)]
pub struct Loader {
    tx: Tx,
    /// What puts the references between tables back, which would dictate an order of the rows.
    references: Vec<String>,
}

impl Loader {
    /// Starts filling a migrated database; `None` if there is something in it.
    pub async fn begin(db: &Database) -> Result<Option<Self>> {
        let mut tx = db.begin().await?;
        tx.without_limits().await?;
        for table in tables(&mut tx).await? {
            // The one table that the schema itself begins with a row.
            let empty = if table.name == "settings_revision" {
                sqlx::query("delete from settings_revision")
                    .execute(tx.conn())
                    .await?;
                true
            } else {
                let check =
                    statement(&mut tx, "select not exists (select from %I)", &table).await?;
                sqlx::query_scalar(AssertSqlSafe(check))
                    .fetch_one(tx.conn())
                    .await?
            };
            if !empty {
                return Ok(None);
            }
        }
        let found: Vec<(String, String)> = sqlx::query_as(
            "select format('alter table %s drop constraint %I', conrelid::regclass, conname),
                    format('alter table %s add constraint %I %s', conrelid::regclass, conname,
                           pg_get_constraintdef(oid))
               from pg_constraint
              where contype = 'f' and connamespace = current_schema()::regnamespace",
        )
        .fetch_all(tx.conn())
        .await?;
        let mut references = Vec::new();
        for (drop, add) in found {
            sqlx::query(AssertSqlSafe(drop)).execute(tx.conn()).await?;
            references.push(add);
        }
        Ok(Some(Self { tx, references }))
    }

    /// Fills a table from the text of its rows; returns how many there were.
    pub async fn fill<E>(
        &mut self,
        table: &Table,
        rows: impl Stream<Item = std::result::Result<Bytes, E>>,
    ) -> Result<std::result::Result<u64, E>> {
        let known = tables(&mut self.tx).await?;
        if !known.contains(table) {
            return Err(Error::Inconsistent {
                table: "pg_class",
                column: "relname",
            });
        }
        let copy = statement(&mut self.tx, "copy %I (%s) from stdin", table).await?;
        let mut sink = self.tx.conn().unhurried().copy_in_raw(&copy).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(bytes) = rows.next().await {
            match bytes {
                Ok(bytes) => {
                    sink.send(bytes).await?;
                }
                Err(error) => {
                    sink.abort("the backup can't be read").await?;
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(sink.finish().await?))
    }

    /// Puts references and counters back, and makes all rows durable. Fails if a row refers to one that is missing.
    pub async fn finish(mut self) -> Result<()> {
        for add in std::mem::take(&mut self.references) {
            sqlx::query(AssertSqlSafe(add))
                .execute(self.tx.conn())
                .await?;
        }
        let counters: Vec<String> = sqlx::query_scalar(
            "select format('select setval(pg_get_serial_sequence(%L, %L), (select coalesce(max(%I), 0) + 1 from %s), false)',
                           c.oid::regclass, a.attname, a.attname, c.oid::regclass)
               from pg_class c join pg_attribute a on a.attrelid = c.oid
              where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attidentity <> ''",
        )
        .fetch_all(self.tx.conn())
        .await?;
        for counter in counters {
            sqlx::query(AssertSqlSafe(counter))
                .execute(self.tx.conn())
                .await?;
        }
        // Their bytes are not in a backup: they begin anew.
        sqlx::query("update files set received = 0 where completed_at is null")
            .execute(self.tx.conn())
            .await?;
        self.tx.commit().await
    }
}

/// Has PostgreSQL itself quote the table's name for a statement; the columns are quoted already.
async fn statement(tx: &mut Tx, pattern: &'static str, table: &Table) -> Result<String> {
    Ok(sqlx::query_scalar("select format($1, $2, $3)")
        .bind(pattern)
        .bind(&table.name)
        .bind(&table.columns)
        .fetch_one(tx.conn())
        .await?)
}
