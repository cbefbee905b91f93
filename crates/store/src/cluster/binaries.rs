//! Finding the server programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ClusterError, ClusterOptions};

/// The oldest version that the schema and the options of `initdb` work with.
const OLDEST: u32 = 14;

/// A folder with the server programs of one version.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the programs: for an existing cluster those of the same major version, else the newest.
    pub fn find(options: &ClusterOptions, made_by: Option<u32>) -> Result<Self, ClusterError> {
        let folders = match &options.binaries {
            Some(folder) => vec![folder.clone()],
            None => usual_folders()
                .into_iter()
                .chain(options.search.iter().cloned())
                .collect(),
        };
        folders
            .iter()
            .filter_map(|folder| Self::of(folder))
            .filter(|found| made_by.map_or(found.major >= OLDEST, |major| found.major == major))
            .max_by_key(|found| found.major)
            .ok_or_else(|| ClusterError::NoBinaries {
                wanted: made_by.map_or(format!("{OLDEST} or newer"), |major| major.to_string()),
                searched: list(&folders),
            })
    }

    fn of(folder: &Path) -> Option<Self> {
        // A link such as /usr/local/bin/postgres must lead to the folder where its libraries are found.
        let server = fs::canonicalize(folder.join("postgres")).ok()?;
        let folder = server.parent()?.to_owned();
        if !folder.join("initdb").exists() {
            return None;
        }
        let output = Command::new(&server).arg("--version").output().ok()?;
        let major = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, major })
    }

    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// `/usr/lib/postgresql/*/bin` of Debian and `/usr/pgsql-*/bin` of RHEL.
fn usual_folders() -> Vec<PathBuf> {
    let inside = |parent: &str, prefix: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        named.map(|entry| entry.path().join("bin")).collect()
    };
    let mut folders = inside("/usr/lib/postgresql", "");
    folders.extend(inside("/usr", "pgsql-"));
    folders
}

fn list(folders: &[PathBuf]) -> String {
    let shown: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    if shown.is_empty() {
        "the usual folders".to_owned()
    } else {
        shown.join(", ")
    }
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_version(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = version
        .split(|character: char| !character.is_ascii_digit())
        .next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 19devel\n"), Some(19));
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn a_named_folder_is_the_only_one_tried() {
        let options = ClusterOptions {
            binaries: Some(PathBuf::from("/no/such/folder")),
            ..ClusterOptions::default()
        };
        let error = Binaries::find(&options, None)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/no/such/folder") && error.contains("apt-get install postgresql"),
            "{error}"
        );
    }

    #[test]
    fn another_version_than_the_cluster_was_made_by_will_not_do() {
        let error = Binaries::find(&ClusterOptions::default(), Some(9))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("version 9"), "{error}");
    }
}
