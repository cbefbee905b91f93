//! What engines that take minutes call the files that they were given.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sofie_domain::FileId;

use crate::{Result, Tx};

/// Returns the tickets of a file in a round, by engine.
pub async fn of_file(tx: &mut Tx, file: FileId, round: i32) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("select engine, ticket from tickets where file_id = $1 and round = $2")
            .bind(file.0)
            .bind(round)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().collect())
}

/// Notes what an engine calls a file.
pub async fn save(
    tx: &mut Tx,
    (file, round, engine): (FileId, i32, &str),
    ticket: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into tickets (file_id, round, engine, ticket, given_at) values ($1, $2, $3, $4, $5)
         on conflict (file_id, round, engine) do update set ticket = excluded.ticket, given_at = excluded.given_at",
    )
    .bind(file.0)
    .bind(round)
    .bind(engine)
    .bind(ticket)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what an engine called a file, since it knows nothing of it any more.
pub async fn remove(tx: &mut Tx, (file, round, engine): (FileId, i32, &str)) -> Result<()> {
    sqlx::query("delete from tickets where file_id = $1 and round = $2 and engine = $3")
        .bind(file.0)
        .bind(round)
        .bind(engine)
        .execute(tx.conn())
        .await?;
    Ok(())
}
