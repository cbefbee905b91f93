//! What a backup says about itself.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_vault::{BlobId, Sealed};

use super::BackupError;

/// The only format so far.
pub(super) const FORMAT: u32 = 1;

/// The whole of `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of the backup.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// When the snapshot was taken.
    pub made_at: DateTime<Utc>,
    /// The installation.
    pub instance: String,
    /// The versions of the schema that were applied, with their digests.
    pub schema: Vec<(i64, String)>,
    /// The key-encryption keys that are needed to read it.
    pub keys: Vec<KeyUse>,
    /// The rows.
    pub tables: Vec<TablePart>,
    /// The list of blobs.
    pub blob_list: Part,
    /// How many blobs there are.
    pub blobs: u64,
    /// Their stored bytes.
    pub blob_bytes: u64,
    /// Files whose blobs could not be copied, because they were missing or damaged already.
    pub lost: Vec<String>,
    /// The configuration.
    pub configuration: Part,
}

/// A key-encryption key that something in the backup hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// Its name.
    pub id: String,
    /// Whether it was the active one.
    pub active: bool,
    /// How many packages need it.
    pub packages: u64,
}

/// A file of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TablePart {
    /// The table.
    pub name: String,
    /// Its columns, quoted and with commas between.
    pub columns: String,
    /// The file.
    pub file: Part,
}

/// A line of `blobs.list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobLine {
    /// The blob.
    pub blob: BlobId,
    /// What it looks like from outside.
    pub sealed: Sealed,
}

impl std::fmt::Display for BlobLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sealed { len, sha256 } = &self.sealed;
        write!(out, "{} {len} {}", self.blob, hex::encode(sha256))
    }
}

impl FromStr for BlobLine {
    type Err = BackupError;

    fn from_str(line: &str) -> Result<Self, BackupError> {
        let damaged = || BackupError::Damaged(format!("blobs.list: {line:?}"));
        let mut words = line.split(' ');
        let (Some(blob), Some(len), Some(digest), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(damaged());
        };
        let mut sha256 = [0; 32];
        hex::decode_to_slice(digest, &mut sha256).map_err(|_| damaged())?;
        let len = len.parse().map_err(|_| damaged())?;
        Ok(Self {
            blob: blob.parse().map_err(|_| damaged())?,
            sealed: Sealed { len, sha256 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let line = BlobLine {
            blob: BlobId([7; 16]),
            sealed: Sealed {
                len: 12,
                sha256: [9; 32],
            },
        };
        assert_eq!(line.to_string().parse::<BlobLine>().unwrap(), line);
        for bad in [
            "",
            "x",
            "07 1 2",
            &format!("{line} more"),
            &line.to_string()[1..],
        ] {
            assert!(bad.parse::<BlobLine>().is_err(), "{bad}");
        }
    }
}
