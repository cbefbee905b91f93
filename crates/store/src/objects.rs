//! What is in a file: the objects that the inspector saw in a round of checks, sealed as one.

use serde::{Deserialize, Serialize};
use sofie_domain::FileId;

use crate::{Error, Result, Tx};

/// How many objects of one file are kept.
pub const MOST: usize = 1000;

const COLUMN: &str = "object_lists.objects";

/// The file itself, or a member of a container in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Where it is, as findings name it.
    pub path: String,
    /// Media type by content.
    pub media_type: String,
    /// Unpacked size in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal, if it was read to its end.
    pub sha256: Option<String>,
    /// 0 for the file itself, 1 for a member of it, and so on.
    pub depth: u32,
    /// Only its bytes as they are were searched, not what its format packs.
    pub surface_only: bool,
}

/// The objects of one file, each container before its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// At most [`MOST`].
    pub objects: Vec<Object>,
    /// How many more there are.
    pub unlisted: u64,
}

/// Seals a list for the row of its file.
pub(crate) fn seal(tx: &Tx, file: FileId, list: &List) -> Result<Vec<u8>> {
    let json = serde_json::to_string(list).map_err(|_| WRONG)?;
    tx.seal(COLUMN, file, &json)
}

/// Returns what is in a file by the last round that said it.
pub async fn of_file(tx: &mut Tx, file: FileId) -> Result<Option<List>> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as(
        "select objects_sealed from object_lists where file_id = $1 order by round desc limit 1",
    )
    .bind(file.0)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|(sealed,)| opened(tx, file, &sealed)).transpose()
}

/// Returns what is in a file by one round.
pub async fn of_round(tx: &mut Tx, file: FileId, round: i32) -> Result<Option<List>> {
    let row: Option<(Vec<u8>,)> =
        sqlx::query_as("select objects_sealed from object_lists where file_id = $1 and round = $2")
            .bind(file.0)
            .bind(round)
            .fetch_optional(tx.conn())
            .await?;
    row.map(|(sealed,)| opened(tx, file, &sealed)).transpose()
}

fn opened(tx: &Tx, file: FileId, sealed: &[u8]) -> Result<List> {
    let json = tx.open(COLUMN, file, sealed)?;
    serde_json::from_str(&json).map_err(|_| WRONG)
}

const WRONG: Error = Error::Inconsistent {
    table: "object_lists",
    column: "objects_sealed",
};
