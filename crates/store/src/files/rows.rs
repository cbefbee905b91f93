//! The row of a file, as it is shown.

use chrono::{DateTime, Utc};
use sofie_domain::{File, FileId, FilePath, PackageId, Reason, Release};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    row::{convert, parse},
};

/// The columns of a [`FileRow`].
macro_rules! columns {
    () => {
        "f.id, f.package_id, f.path_sealed, f.size, f.completed_at, f.media_type, f.sha256, f.crc32,
                f.check_state, f.released_at, f.released_by, f.released_reason"
    };
}
pub(super) use columns;

/// Selects a [`FileRow`].
macro_rules! select {
    () => {
        concat!("select ", rows::columns!(), " from files f")
    };
}
pub(super) use select;

#[derive(Debug, sqlx::FromRow)]
pub(super) struct FileRow {
    id: Uuid,
    package_id: Uuid,
    path_sealed: Vec<u8>,
    size: i64,
    completed_at: Option<DateTime<Utc>>,
    media_type: Option<String>,
    sha256: Option<Vec<u8>>,
    crc32: Option<i64>,
    check_state: String,
    released_at: Option<DateTime<Utc>>,
    released_by: Option<String>,
    released_reason: Option<String>,
}

impl FileRow {
    pub(super) fn into_file(self, tx: &Tx) -> Result<File> {
        let id = FileId(self.id);
        let wrong = |column| Error::Inconsistent {
            table: "files",
            column,
        };
        let path = tx.open("files.path", id, &self.path_sealed)?;
        let sha256 = self.sha256.map(|hash| convert("files", "sha256", hash));
        let crc32 = self.crc32.map(|crc| convert("files", "crc32", crc));
        let release = match (self.released_at, self.released_by, self.released_reason) {
            (Some(at), Some(by), Some(reason)) => Some(Release {
                at,
                by,
                reason: Reason::parse(&reason).map_err(|_| wrong("released_reason"))?,
            }),
            _ => None,
        };
        Ok(File {
            id,
            package_id: PackageId(self.package_id),
            path: FilePath::parse(&path).map_err(|_| wrong("path_sealed"))?,
            size: convert("files", "size", self.size)?,
            completed_at: self.completed_at,
            media_type: self.media_type,
            sha256: sha256.transpose()?,
            crc32: crc32.transpose()?,
            check: parse("files", "check_state", &self.check_state)?,
            release,
        })
    }
}
