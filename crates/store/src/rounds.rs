//! The rounds of checks.
//!
//! A round is one pass of the checks over a file; a re-check begins the next one. What engines said in earlier
//! rounds stays.

use chrono::{DateTime, Utc};
use sofie_domain::{ENCRYPTED_ENGINE, FileId, PackageId};
use uuid::Uuid;

use crate::{Result, Tx};

/// The present round of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// The number of the round, from 1.
    pub number: i32,
    /// Whether an engine was asked in it.
    pub tried: bool,
    /// When engines last looked at the file to the end.
    pub looked_at: Option<DateTime<Utc>>,
    /// Until when only the process that was told its password looks into it.
    pub reserved_until: Option<DateTime<Utc>>,
}

/// A file, and the columns of [`Present`].
type Row = (
    Uuid,
    i32,
    bool,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

/// Returns the present round of every file of a package.
pub async fn present(tx: &mut Tx, package: PackageId) -> Result<Vec<(FileId, Present)>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select f.id, f.check_round,
                exists (select from verdicts v where v.file_id = f.id and v.round = f.check_round),
                coalesce(f.rescanned_at, f.checked_at), f.reserved_until
           from files f where f.package_id = $1",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    let present = |(id, number, tried, looked_at, reserved_until)| {
        let present = Present {
            number,
            tried,
            looked_at,
            reserved_until,
        };
        (FileId(id), present)
    };
    Ok(rows.into_iter().map(present).collect())
}

/// Begins the next round for every settled file of a package.
pub async fn next(tx: &mut Tx, package: PackageId) -> Result<()> {
    sqlx::query(
        "update files set check_state = 'pending', checked_at = null, check_round = check_round + 1
          where package_id = $1 and check_state <> 'pending'",
    )
    .bind(package.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins the next round of one file, perhaps for the process that was told its password.
pub async fn next_of(
    tx: &mut Tx,
    file: FileId,
    reserved_until: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query(
        "update files set check_state = 'pending', checked_at = null, check_round = check_round + 1,
                reserved_until = $2
          where id = $1",
    )
    .bind(file.0)
    .bind(reserved_until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the files of a package that are held because the internal engine could not open all of them. What is held
/// for danger or by a rule is not among them: administrators decide about that, its sender may not try again.
pub async fn locked_files(tx: &mut Tx, package: PackageId) -> Result<Vec<FileId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select f.id from files f
          where f.package_id = $1 and f.check_state = 'unscannable'
            and exists (select from verdicts v where v.file_id = f.id and v.round = f.check_round
                           and v.engine = $2 and v.outcome = 'encrypted')",
    )
    .bind(package.0)
    .bind(ENCRYPTED_ENGINE)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(FileId).collect())
}

/// Leaves the files of a package that were reserved to whoever comes.
pub async fn unreserve(tx: &mut Tx, package: PackageId) -> Result<()> {
    sqlx::query("update files set reserved_until = null where package_id = $1 and reserved_until is not null")
        .bind(package.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Begins the next round of one file that passed in `round`; tells whether it still stood so.
pub async fn reopen(tx: &mut Tx, file: FileId, round: i32) -> Result<bool> {
    let done = sqlx::query(
        "update files set check_state = 'pending', checked_at = null, check_round = check_round + 1
          where id = $1 and check_round = $2 and check_state in ('clean', 'flagged')",
    )
    .bind(file.0)
    .bind(round)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that engines looked at a file once more, and that it stands as it stood in `round`.
pub async fn note_rescan(tx: &mut Tx, file: FileId, round: i32, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("update files set rescanned_at = $3 where id = $1 and check_round = $2")
        .bind(file.0)
        .bind(round)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}
