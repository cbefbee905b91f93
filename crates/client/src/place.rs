//! The folder that files are fetched into. Nothing is ever written outside it, whatever links lie in it.

use std::{
    fs::{self, File},
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, mkdirat, open, openat, renameat, renameat_with, unlinkat,
};

use crate::{Error, Result};

/// The folder.
#[derive(Debug)]
pub(crate) struct Place {
    root: OwnedFd,
    path: PathBuf,
}

/// Where one file goes.
#[derive(Debug)]
pub(crate) struct Target {
    folder: OwnedFd,
    name: String,
    /// For messages.
    pub path: PathBuf,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

impl Place {
    /// Opens the folder, and makes it when it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(Error::file("make the folder", path))?;
        let root =
            open(path, FOLDER, Mode::empty()).map_err(|e| Error::file("open", path)(e.into()))?;
        Ok(Self {
            root,
            path: path.to_owned(),
        })
    }

    /// Tells whether anything has this name already, also a link that leads nowhere.
    pub fn has(&self, parts: &[String]) -> bool {
        fs::symlink_metadata(self.shown(parts)).is_ok()
    }

    /// Returns the path of a file for messages.
    pub fn shown(&self, parts: &[String]) -> PathBuf {
        self.path.join(parts.join("/"))
    }

    /// Makes the folders above a file; each part must be one plain name.
    pub fn target(&self, parts: &[String]) -> Result<Target> {
        let path = self.shown(parts);
        let (name, folders) = parts
            .split_last()
            .ok_or_else(|| Error::Strange("a file without a name".to_owned()))?;
        let io = |error: rustix::io::Errno| Error::file("make the folders of", &path)(error.into());
        let mut folder = self
            .root
            .try_clone()
            .map_err(Error::file("open", &self.path))?;
        for part in folders {
            match mkdirat(&folder, part.as_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(io(error)),
            }
            // A link in the place of a folder could lead anywhere.
            folder = openat(
                &folder,
                part.as_str(),
                FOLDER | OFlags::NOFOLLOW,
                Mode::empty(),
            )
            .map_err(io)?;
        }
        Ok(Target {
            folder,
            name: name.clone(),
            path,
        })
    }
}

impl Target {
    fn part_name(&self) -> String {
        format!("{}.part", self.name)
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(rustix::io::Errno) -> Error {
        let path = self.path.with_file_name(self.part_name());
        move |error| Error::file(action, path)(error.into())
    }

    /// Opens the unfinished file beside the target, for this process alone.
    pub fn open_part(&self) -> Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let part = openat(
            &self.folder,
            self.part_name(),
            flags,
            Mode::from_raw_mode(0o666),
        )
        .map_err(self.failed("write"))?;
        let part = File::from(part);
        let bad = |why| Error::BadFile {
            path: self.path.clone(),
            why,
        };
        if !part.metadata().is_ok_and(|meta| meta.is_file()) {
            return Err(bad("something that is not a file is in the way"));
        }
        part.try_lock()
            .map_err(|_| bad("another process is fetching it"))?;
        Ok(part)
    }

    /// Gives the finished file its name; replaces another only when forced.
    pub fn finish(&self, force: bool) -> Result<()> {
        let part = self.part_name();
        let (from, to) = (part.as_str(), self.name.as_str());
        let done = if force {
            renameat(&self.folder, from, &self.folder, to)
        } else {
            renameat_with(&self.folder, from, &self.folder, to, RenameFlags::NOREPLACE)
        };
        done.map_err(|error| match error {
            rustix::io::Errno::EXIST => exists(&self.path),
            _ => self.failed("rename")(error),
        })?;
        rustix::fs::fsync(&self.folder).map_err(self.failed("write"))
    }

    /// Removes the unfinished file.
    pub fn discard(&self) {
        // It is only a left-over; the next run begins it anew.
        let _ = unlinkat(&self.folder, self.part_name(), AtFlags::empty());
    }

    /// Returns the length of the finished file, if there is one.
    pub fn finished_len(&self) -> io::Result<u64> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(
            &self.folder,
            self.name.as_str(),
            flags,
            Mode::empty(),
        )?);
        Ok(file.metadata()?.len())
    }
}

/// The error for a file that is there already.
pub(crate) fn exists(path: &Path) -> Error {
    Error::BadFile {
        path: path.to_owned(),
        why: "it exists already; --force replaces it",
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::fs::symlink};

    use super::*;

    fn parts(path: &str) -> Vec<String> {
        crate::names::safe_parts(path)
    }

    fn write(place: &Place, path: &str, force: bool) -> Result<()> {
        let target = place.target(&parts(path))?;
        let mut part = target.open_part()?;
        part.set_len(0).unwrap();
        part.write_all(b"new").unwrap();
        target.finish(force)
    }

    #[test]
    fn files_are_not_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("out")).unwrap();
        let file = dir.path().join("out/a/b.txt");
        write(&place, "a/b.txt", false).unwrap();
        fs::write(&file, "old").unwrap();
        assert!(place.has(&parts("a/b.txt")));
        assert_eq!(write(&place, "a/b.txt", false).unwrap_err().exit_code(), 7);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        write(&place, "a/b.txt", true).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn links_do_not_lead_outside() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let place = Place::open(&dir.path().join("out")).unwrap();
        symlink(&outside, dir.path().join("out/folder")).unwrap();
        symlink(outside.join("x"), dir.path().join("out/x.part")).unwrap();
        symlink(outside.join("y"), dir.path().join("out/y")).unwrap();
        assert!(write(&place, "folder/a", true).is_err());
        assert!(write(&place, "x", true).is_err());
        assert!(place.has(&parts("y")));
        assert!(write(&place, "y", false).is_err());
        write(&place, "y", true).unwrap();
        write(&place, "../../z", true).unwrap();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        assert!(dir.path().join("out/_/_/z").exists());
    }
}
