//! Small files in which one run of a command leaves what the next one needs.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// A state file, readable by its owner only and held by one process at a time.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// None when another process holds it: this run then leaves nothing behind.
    file: Option<File>,
}

impl StateFile {
    /// Opens the state of one command, named by its kind and by what it is about (which is hashed).
    pub fn open(dir: &Path, kind: &str, about: &impl Serialize) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(Error::file("make the folder", dir))?;
        let about =
            serde_json::to_vec(about).map_err(|_| Error::Usage("a path is not text".to_owned()))?;
        let hash = digest::digest(&digest::SHA256, &about);
        let path = dir.join(format!("{kind}-{}.json", hex::encode(&hash.as_ref()[..16])));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(Error::file("write", &path))?;
        let file = file.try_lock().is_ok().then_some(file);
        Ok(Self { path, file })
    }

    /// Returns what an earlier run left; a file that was only half written counts as empty.
    pub fn load<T: DeserializeOwned>(&mut self) -> Option<T> {
        let file = self.file.as_mut()?;
        let mut text = String::new();
        file.rewind().ok()?;
        file.read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Leaves something for the next run.
    pub fn save(&mut self, state: &impl Serialize) -> Result<()> {
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        let text = serde_json::to_vec(state).unwrap_or_default();
        let mut write = || -> std::io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(&text)?;
            file.sync_data()
        };
        write().map_err(Error::file("write", &self.path))
    }

    /// Leaves nothing for the next run.
    pub fn remove(&mut self) {
        if self.file.take().is_some() {
            // What can't be removed is only found useless by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let empty = self
            .file
            .as_ref()
            .and_then(|file| file.metadata().ok())
            .is_some_and(|meta| meta.len() == 0);
        if empty {
            self.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_one_run_leaves_the_next_one_finds() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = StateFile::open(dir.path(), "send", &("server", 1)).unwrap();
        assert_eq!(first.load::<Vec<u32>>(), None);
        first.save(&[1, 2, 3]).unwrap();
        first.save(&[4]).unwrap();
        let mode = fs::metadata(&first.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Held: a second process neither sees nor spoils it.
        let mut other = StateFile::open(dir.path(), "send", &("server", 1)).unwrap();
        assert_eq!(other.load::<Vec<u32>>(), None);
        other.save(&[9]).unwrap();
        other.remove();
        drop((first, other));
        let mut again = StateFile::open(dir.path(), "send", &("server", 1)).unwrap();
        assert_eq!(again.load::<Vec<u32>>(), Some(vec![4]));
        assert_eq!(
            StateFile::open(dir.path(), "send", &("server", 2))
                .unwrap()
                .load::<Vec<u32>>(),
            None
        );
        again.remove();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
