//! Moves everything that a database holds into another one, by way of a file.
//!
//! The file holds the rows as `COPY` writes them, which every version of PostgreSQL reads, and none of the schema:
//! that comes from the migrations, so both sides must have the same ones. What arrived is read back and compared, table
//! by table, before it counts.

mod export;
mod file;
mod import;

use std::pin::pin;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

pub use self::export::export;
pub use self::import::{ensure_empty, import};
use crate::Error;

/// What kept a move from being made.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database said no.
    #[error(transparent)]
    Database(#[from] Error),
    /// The file can't be read or written.
    #[error("the file can't be read or written")]
    File(#[from] std::io::Error),
    /// It is not a file that an export wrote, or not all of it.
    #[error("the file is not a complete export: {0}")]
    Damaged(&'static str),
    /// The two sides have different schemas.
    #[error(
        "the file was written on another version of the schema: use the same version of the program for both"
    )]
    OtherSchema,
    /// There is something already.
    #[error("the database is not empty: there are rows in {0}")]
    NotEmpty(String),
    /// The tables are somebody else's.
    #[error("the database is not empty: there is a table {0}, which is not ours")]
    Foreign(String),
    /// It is not what it was.
    #[error("the table {0} is not what it was in the export; nothing was kept")]
    Differs(String),
    /// Somebody may change what is being copied.
    #[error("the database is in use ({0} connections): stop the server's processes first")]
    InUse(i64),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What a table holds: how many rows, and the digest of them all in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of them, hexadecimal.
    pub sha256: String,
}

/// How text comes out must not depend on the server's configuration.
const PLAIN: &str = "set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
                     set extra_float_digits = 3; set client_encoding = 'UTF8'; set timezone = 'UTC'";

/// A table, with the statements that copy it. The catalogue makes them: no name comes from anywhere else.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Table {
    name: String,
    columns: Vec<String>,
    copy_out: String,
    copy_in: String,
}

/// All tables but those that tell about this very database.
///
/// The rows are sorted by the primary key, text by its bytes: the order is the same under every collation.
async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    sqlx::query_as(
        r#"select name, columns,
                  format('copy (select %s from %I order by %s) to stdout', list, name, sorting) as copy_out,
                  format('copy %I (%s) from stdin', name, list) as copy_in
             from (select c.relname::text as name,
                          (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
                          (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as list,
                          (select string_agg(quote_ident(a.attname)
                                             || case when a.attcollation = 0 then '' else ' collate "C"' end, ', '
                                             order by k.place)
                             from pg_index i, unnest(i.indkey) with ordinality as k (attnum, place), pg_attribute a
                            where i.indrelid = c.oid and i.indisprimary
                              and a.attrelid = c.oid and a.attnum = k.attnum) as sorting
                     from pg_class c
                    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                      and c.relname not in ('_sqlx_migrations', 'schema_state')) as found
            order by name"#,
    )
    .fetch_all(connection)
    .await
}

/// Reads a table in order, hands its bytes on, and tells what it holds.
async fn read_table(
    connection: &mut PgConnection,
    table: &Table,
    mut sink: impl AsyncFnMut(&[u8]) -> Result<(), TransferError>,
) -> Result<Contents, TransferError> {
    let mut counting = Counting::default();
    // The statement is of the catalogue's making.
    let copied = connection.copy_out_raw(&table.copy_out).await?;
    let mut copied = pin!(copied);
    while let Some(bytes) = copied.try_next().await? {
        counting.add(&bytes);
        sink(&bytes).await?;
    }
    Ok(counting.finish(&table.name))
}

struct Counting {
    rows: u64,
    digest: Context,
}

impl Default for Counting {
    fn default() -> Self {
        let (rows, digest) = (0, Context::new(&SHA256));
        Self { rows, digest }
    }
}

impl Counting {
    fn add(&mut self, bytes: &[u8]) {
        // A line break within a value is written as an escape.
        let ends = bytes.split(|byte| *byte == b'\n').count() - 1;
        self.rows += u64::try_from(ends).unwrap_or(u64::MAX);
        self.digest.update(bytes);
    }

    fn finish(self, table: &str) -> Contents {
        Contents {
            table: table.to_owned(),
            rows: self.rows,
            sha256: hex::encode(self.digest.finish()),
        }
    }
}

/// The migrations of a database with their digests: equal lists are equal schemas.
async fn migrations(connection: &mut PgConnection) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as(
        "select version, encode(checksum, 'hex') from _sqlx_migrations where success order by version",
    )
    .fetch_all(connection)
    .await
}
