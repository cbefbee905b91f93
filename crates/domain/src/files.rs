//! The files of a package.

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization;

use crate::{FileId, InvalidTransition, PackageId, Reason, UnknownWord};

/// The name of a file inside its package, with its folders, `/` between them.
///
/// It is text for people only: it never becomes a path on a server's disk. Characters that turn the
/// reading direction or control a terminal stay (detection reports them); those that no file system can
/// hold are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

/// The text can't name a file of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// A name is needed.
    #[error("the name is empty")]
    Empty,
    /// The path is too long as a whole, has too many folders or too long a part.
    #[error("the path is too long")]
    TooLong,
    /// A part is `.` or `..`, or the path is absolute.
    #[error("the path leaves its folder")]
    Traversal,
    /// A NUL or another control character.
    #[error("the path has a control character")]
    Control,
}

impl FilePath {
    /// The longest path, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;
    /// The longest single name, in bytes of UTF-8 (what common file systems hold).
    pub const MAX_NAME_BYTES: usize = 255;
    /// The most folders above a file.
    pub const MAX_DEPTH: usize = 32;

    /// Parses a name as a browser or a script sends it. A backslash is a character like any other.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let text: String = text.nfc().collect();
        if text.is_empty() {
            return Err(InvalidPath::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidPath::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidPath::Control);
        }
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() > Self::MAX_DEPTH + 1 || parts.iter().any(|p| p.len() > Self::MAX_NAME_BYTES)
        {
            return Err(InvalidPath::TooLong);
        }
        if parts
            .iter()
            .any(|part| matches!(part.trim(), "" | "." | ".."))
        {
            return Err(InvalidPath::Traversal);
        }
        Ok(Self(text))
    }

    /// Returns the whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last part.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// Where the checks of one file stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileCheck {
    /// Nothing dangerous was found by any mandatory engine.
    Clean,
    /// Policy lets it pass, with a remark for the reader.
    Flagged,
    /// An administrator let it pass, with a reason.
    Released,
    /// Not all mandatory engines have spoken.
    Pending,
    /// It could not be looked into to the end; policy holds it back.
    Unscannable,
    /// It is dangerous or not allowed.
    Blocked,
}

impl FileCheck {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Clean,
        Self::Flagged,
        Self::Released,
        Self::Pending,
        Self::Unscannable,
        Self::Blocked,
    ];

    /// Returns the word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Flagged => "flagged",
            Self::Released => "released",
            Self::Pending => "pending",
            Self::Unscannable => "unscannable",
            Self::Blocked => "blocked",
        }
    }

    /// Tells whether the checks let the file out.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Clean | Self::Flagged | Self::Released)
    }

    /// Tells whether the file is in quarantine.
    #[must_use]
    pub fn held(self) -> bool {
        matches!(self, Self::Unscannable | Self::Blocked)
    }

    /// Settles a pending file. A settled one stays as it is: a re-check makes it pending first.
    pub fn settle(self, to: Self) -> Result<Self, InvalidTransition> {
        match (self, to) {
            (Self::Pending, Self::Clean | Self::Flagged | Self::Blocked | Self::Unscannable) => {
                Ok(to)
            }
            _ => Err(InvalidTransition {
                from: self.as_str(),
                event: to.as_str(),
            }),
        }
    }

    /// Lets a held file out on an administrator's word.
    pub fn release(self) -> Result<Self, InvalidTransition> {
        if self.held() {
            Ok(Self::Released)
        } else {
            Err(InvalidTransition {
                from: self.as_str(),
                event: "release",
            })
        }
    }

    /// Lets a held file out that lacked approval only. It passes as policy lets it, with a remark: unlike an administrator's
    /// word, this does not stand against what engines find later.
    pub fn approve(self) -> Result<Self, InvalidTransition> {
        if self.held() {
            Ok(Self::Flagged)
        } else {
            Err(InvalidTransition {
                from: self.as_str(),
                event: "approve",
            })
        }
    }

    /// Takes a file back that had passed, when a later look finds it bad. An administrator's word stands.
    pub fn recall(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Clean | Self::Flagged => Ok(Self::Blocked),
            _ => Err(InvalidTransition {
                from: self.as_str(),
                event: "recall",
            }),
        }
    }

    /// Sends a settled file through the checks again.
    pub fn recheck(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Pending => Err(InvalidTransition {
                from: self.as_str(),
                event: "recheck",
            }),
            _ => Ok(Self::Pending),
        }
    }
}

impl std::str::FromStr for FileCheck {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|c| c.as_str() == word)
            .ok_or(UnknownWord)
    }
}

/// Returns the check state of a package: the worst of its files; of no files, pending.
#[must_use]
pub fn worst(files: impl IntoIterator<Item = FileCheck>) -> FileCheck {
    files.into_iter().max().unwrap_or(FileCheck::Pending)
}

/// An administrator's word that let a held file out; visible for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// When.
    pub at: DateTime<Utc>,
    /// The administrator's address.
    pub by: String,
    /// Why.
    pub reason: Reason,
}

/// One file of a package.
#[derive(Clone, Debug)]
pub struct File {
    /// Identifies the file and its upload.
    pub id: FileId,
    /// The package it belongs to.
    pub package_id: PackageId,
    /// Its name with folders.
    pub path: FilePath,
    /// Its length in bytes, as announced and (once complete) as stored.
    pub size: u64,
    /// When the last byte was stored.
    pub completed_at: Option<DateTime<Utc>>,
    /// Its real type, known after the checks.
    pub media_type: Option<String>,
    /// SHA-256 of its content, known after the checks.
    pub sha256: Option<[u8; 32]>,
    /// CRC-32 of its content (IEEE 802.3), known after the checks; the streamed ZIP needs it.
    pub crc32: Option<u32>,
    /// Where its checks stand.
    pub check: FileCheck,
    /// Who let it out of quarantine, if somebody did.
    pub release: Option<Release>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        assert_eq!(FilePath::parse("a/b.txt").unwrap().name(), "b.txt");
        for bad in [
            "",
            "/etc/passwd",
            "a//b",
            "../x",
            "a/../b",
            "a/./b",
            "a/",
            " ",
            "a\nb",
            "a\0b",
        ] {
            assert!(FilePath::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(FilePath::parse(&"é".repeat(128)).is_err());
        assert!(FilePath::parse("%252e%252e%252fx").is_ok());
        assert!(FilePath::parse("..\\..\\x").is_ok());
    }

    #[test]
    fn settled_files_stay_settled() {
        for from in FileCheck::ALL {
            for to in FileCheck::ALL {
                let allowed = *from == FileCheck::Pending
                    && !matches!(to, FileCheck::Pending | FileCheck::Released);
                assert_eq!(from.settle(*to).is_ok(), allowed, "{from:?} -> {to:?}");
            }
            assert_eq!(from.release().is_ok(), from.held());
            let approved = from.approve();
            assert_eq!(approved.is_ok(), from.held());
            assert!(approved.is_err() || approved.unwrap().recall().is_ok());
        }
    }

    #[test]
    fn the_worst_file_speaks_for_the_package() {
        assert_eq!(worst([]), FileCheck::Pending);
        assert_eq!(
            worst([FileCheck::Clean, FileCheck::Pending]),
            FileCheck::Pending
        );
        assert_eq!(
            worst([FileCheck::Blocked, FileCheck::Pending, FileCheck::Clean]),
            FileCheck::Blocked
        );
        assert_eq!(
            worst([FileCheck::Released, FileCheck::Clean]),
            FileCheck::Released
        );
    }
}
