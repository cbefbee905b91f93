//! Where the data directory is, and where its key is.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::Config;

const USUAL: &str = "/var/sofie/data";
const USUAL_KEK: &str = "/etc/sofie/kek";
const HERE: &str = "data";

/// Chooses the data directory: what was asked for, else the usual one, else `./data` where that can't be written.
pub fn choose(asked: Option<&Path>, config: &Config) -> Result<PathBuf> {
    let dir = match asked.or(config.data_dir.as_deref()) {
        Some(dir) => dir.to_owned(),
        None if can_be_made(Path::new(USUAL), 0o700) => PathBuf::from(USUAL),
        None => PathBuf::from(HERE),
    };
    std::path::absolute(&dir).with_context(|| format!("cannot tell where {} is", dir.display()))
}

/// Chooses the file of the key-encryption key for a data directory. It is never inside of it.
///
/// The shared place `/etc/sofie/kek` is for the usual data directory only: a second one on the same machine has
/// a key of its own.
pub fn kek_file(config: &Config, dir: &Path) -> PathBuf {
    if let Some(file) = &config.keys.kek_file {
        return file.clone();
    }
    let beside = beside(dir);
    let usual = Path::new(USUAL_KEK);
    let usual_will_do = dir == Path::new(USUAL)
        && (usual.exists()
            || usual
                .parent()
                .is_some_and(|folder| can_be_made(folder, 0o755)));
    if !beside.exists() && usual_will_do {
        usual.to_owned()
    } else {
        beside
    }
}

/// `DATA-DIR.kek`.
fn beside(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".kek");
    dir.with_file_name(name)
}

/// Whether a directory is there and takes files, or can be made with a mode of its own.
fn can_be_made(dir: &Path, mode: u32) -> bool {
    let parents = dir.parent().map_or(Ok(()), fs::create_dir_all);
    let outcome = parents.and_then(|()| DirBuilder::new().mode(mode).create(dir));
    let usable = outcome.is_ok() || dir.is_dir();
    usable && try_writing(dir).is_ok()
}

/// Writes and removes a small file.
pub fn try_writing(dir: &Path) -> io::Result<()> {
    let probe = dir.join(format!(".probe-{}", std::process::id()));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)?;
    fs::remove_file(&probe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        toml::from_str(crate::config::DEFAULTS).unwrap()
    }

    #[test]
    fn what_was_asked_for_wins() {
        let mut config = config();
        config.data_dir = Some(PathBuf::from("/srv/from-config"));
        assert_eq!(
            choose(Some(Path::new("/srv/asked")), &config).unwrap(),
            Path::new("/srv/asked")
        );
        assert_eq!(
            choose(None, &config).unwrap(),
            Path::new("/srv/from-config")
        );
        assert!(
            choose(Some(Path::new("near")), &config)
                .unwrap()
                .is_absolute()
        );
    }

    #[test]
    fn a_directory_is_made_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("sofie/data");
        assert!(can_be_made(&dir, 0o700) && can_be_made(&dir, 0o755));
        assert_eq!(
            fs::metadata(&dir).unwrap().permissions().mode() & 0o777,
            0o700
        );
        fs::write(temp.path().join("file"), "").unwrap();
        assert!(!can_be_made(&temp.path().join("file/data"), 0o700));
        assert!(!can_be_made(&temp.path().join("file"), 0o700));
    }

    #[test]
    fn a_data_directory_of_ones_own_has_a_key_of_its_own() {
        let mut config = config();
        assert_eq!(
            kek_file(&config, Path::new("/srv/a")),
            Path::new("/srv/a.kek")
        );
        assert_eq!(
            kek_file(&config, Path::new("/srv/a.b")),
            Path::new("/srv/a.b.kek")
        );
        config.keys.kek_file = Some(PathBuf::from("/keys/k"));
        assert_eq!(kek_file(&config, Path::new("/srv/a")), Path::new("/keys/k"));
    }
}
