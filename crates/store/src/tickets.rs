//! What engines that take minutes remember of files.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sofie_domain::{FileId, PackageId};
use uuid::Uuid;

use crate::{Result, Tx};

/// What one engine remembers of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What only the engine reads.
    pub text: String,
    /// Whether it has to be given the file again, and is not just asked after it.
    pub again: bool,
}

/// Returns the tickets of a file in a round, by engine.
pub async fn of_file(tx: &mut Tx, file: FileId, round: i32) -> Result<BTreeMap<String, Ticket>> {
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "select engine, ticket, again from tickets where file_id = $1 and round = $2",
    )
    .bind(file.0)
    .bind(round)
    .fetch_all(tx.conn())
    .await?;
    let ticket = |(engine, text, again)| (engine, Ticket { text, again });
    Ok(rows.into_iter().map(ticket).collect())
}

/// Notes what an engine remembers of a file.
pub async fn save(
    tx: &mut Tx,
    (file, round, engine): (FileId, i32, &str),
    ticket: &Ticket,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "insert into tickets (file_id, round, engine, ticket, again, given_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (file_id, round, engine)
         do update set ticket = excluded.ticket, again = excluded.again, given_at = excluded.given_at",
    )
    .bind(file.0)
    .bind(round)
    .bind(engine)
    .bind(&ticket.text)
    .bind(ticket.again)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the files of a package that passed while an engine still worked on them.
pub async fn unanswered(tx: &mut Tx, package: PackageId) -> Result<Vec<FileId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct f.id from files f
           join tickets t on t.file_id = f.id and t.round = f.check_round and not t.again
           join verdicts v on v.file_id = f.id and v.round = f.check_round and v.engine = t.engine
          where f.package_id = $1 and f.check_state in ('clean', 'flagged') and v.outcome = 'error'",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(FileId).collect())
}
