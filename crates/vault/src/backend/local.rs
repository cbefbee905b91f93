//! Blobs in a local directory.
//!
//! `ROOT/ab/ab…32 hex…` is a committed blob; the same name with `.data`, `.tail` or `.bad` an
//! unfinished or condemned upload; `ROOT/sofie-vault` the marker. Files 0600, directories 0700.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{fs::Access, io::ReadWriteFlags};

use super::{
    Area, BlobBackend, BlobFile, BlobInfo, Probe,
    marker::{self, MARKER},
};
use crate::{BlobId, Error};

const CONDEMNED: &str = ".bad";
const PROBE: &str = "sofie-probe";

/// A directory of blobs, sharded by the first byte of the id.
#[derive(Debug)]
pub struct LocalBackend {
    root: PathBuf,
}

impl LocalBackend {
    /// Uses `root`, which is made (0700) if it is missing. Nothing else is touched before
    /// [`BlobBackend::ensure_marker`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        make_dir(&root, true).map_err(Error::io("make the blob directory"))?;
        Ok(Self { root })
    }

    fn shard(&self, blob: BlobId) -> PathBuf {
        self.root.join(hex::encode(&blob.0[..1]))
    }

    fn path(&self, blob: BlobId, suffix: &str) -> PathBuf {
        self.shard(blob).join(format!("{blob}{suffix}"))
    }

    pub(crate) fn committed(&self, blob: BlobId) -> PathBuf {
        self.path(blob, suffix(Area::Blob))
    }

    pub(crate) fn make_shard(&self, blob: BlobId) -> io::Result<()> {
        make_dir(&self.shard(blob), false)?;
        sync_dir(&self.root)
    }

    fn check_marker(&self, instance: &str, may_make: bool) -> Result<(), Error> {
        let text = marker::text(instance)?;
        // A file system that became read-only after an error still shows the marker.
        rustix::fs::access(
            &self.root,
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK,
        )
        .map_err(|e| Error::io("write to the blob directory")(e.into()))?;
        match fs::read(self.root.join(MARKER)) {
            Ok(found) => marker::compare(&found, &text),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if !may_make {
                    return Err(Error::Marker("its marker is missing; is it mounted?"));
                }
                if !self.is_fresh()? {
                    return Err(Error::Marker("it holds files but no marker"));
                }
                self.write_marker(&text)
                    .map_err(Error::io("write the marker"))
            }
            Err(e) => Err(Error::io("read the marker")(e)),
        }
    }

    /// Empty but for what a new file system or a killed first start leaves.
    fn is_fresh(&self) -> Result<bool, Error> {
        let action = "list the blob directory";
        for entry in fs::read_dir(&self.root).map_err(Error::io(action))? {
            let name = entry.map_err(Error::io(action))?.file_name();
            if name != "lost+found" && name != "sofie-vault.new" && name != PROBE {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write_marker(&self, text: &str) -> io::Result<()> {
        let new = self.root.join("sofie-vault.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, self.root.join(MARKER))?;
        sync_dir(&self.root)
    }
}

impl BlobBackend for LocalBackend {
    fn ensure_marker(&self, instance: &str) -> Result<(), Error> {
        self.check_marker(instance, true)
    }

    fn require_marker(&self, instance: &str) -> Result<(), Error> {
        self.check_marker(instance, false)
    }

    fn create(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let path = self.path(blob, suffix(area));
        let make = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
        };
        let file = match make() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.make_shard(blob)
                    .map_err(Error::io("make a blob directory"))?;
                make()
            }
            other => other,
        };
        Ok(Arc::new(file.map_err(Error::io("create a blob file"))?))
    }

    fn open(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(area != Area::Blob)
            .open(self.path(blob, suffix(area)))
            .map_err(Error::io("open a blob file"))?;
        Ok(Arc::new(file))
    }

    fn sync_names(&self, blob: BlobId) -> Result<(), Error> {
        sync_dir(&self.shard(blob)).map_err(Error::Sync)
    }

    fn publish(&self, blob: BlobId) -> Result<(), Error> {
        let to = self.path(blob, suffix(Area::Blob));
        fs::rename(self.path(blob, suffix(Area::Data)), to).map_err(Error::io("publish a blob"))?;
        sofie_killpoint::reach("K8");
        remove_file(&self.path(blob, suffix(Area::Tail)))?;
        self.sync_names(blob)
    }

    fn condemn(&self, blob: BlobId) -> Result<(), Error> {
        let to = self.path(blob, CONDEMNED);
        fs::rename(self.path(blob, suffix(Area::Data)), to).map_err(Error::io("condemn an upload"))
    }

    fn remove(&self, blob: BlobId) -> Result<(), Error> {
        let mut removed = false;
        // The tail first: without its data file it is nothing.
        for suffix in [".tail", ".data", CONDEMNED, ""] {
            removed |= remove_file(&self.path(blob, suffix))?;
        }
        if removed {
            self.sync_names(blob)?;
        }
        Ok(())
    }

    fn list(&self, shard: u8) -> Result<Vec<BlobInfo>, Error> {
        let action = "list blobs";
        let entries = match fs::read_dir(self.root.join(hex::encode([shard]))) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::io(action)(e)),
        };
        let mut found: Vec<BlobInfo> = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io(action))?;
            let Some((blob, committed)) = entry.file_name().to_str().and_then(parse_name) else {
                continue;
            };
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io(action)(e)),
            };
            let modified = meta.modified().map_err(Error::io(action))?;
            found.push(BlobInfo {
                blob,
                created: meta.created().unwrap_or(modified).min(modified),
                modified,
                committed,
                size: meta.len(),
            });
        }
        Ok(merge(found))
    }

    fn local_path(&self, blob: BlobId) -> Option<PathBuf> {
        Some(self.committed(blob))
    }

    fn free_space(&self) -> Result<Option<u64>, Error> {
        let stat =
            rustix::fs::statvfs(&self.root).map_err(|e| Error::io("query free space")(e.into()))?;
        Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    fn probe(&self) -> Result<Probe, Error> {
        let path = self.root.join(PROBE);
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(PROBE.as_bytes())?;
                file.sync_all()
            });
        made.map_err(Error::io("write to the blob directory"))?;
        let found = fs::read(&path);
        remove_file(&path)?;
        if found.map_err(Error::io("read what was written"))? != PROBE.as_bytes() {
            return Err(Error::Corrupt("what was written reads back otherwise"));
        }
        Ok(Probe::default())
    }
}

impl BlobFile for File {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        self.read_exact_at(buf, at).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => Error::Corrupt("file too short"),
            _ => Error::io("read a blob")(e),
        })
    }

    /// `preadv2` with `RWF_NOWAIT`: from the page cache or not at all.
    fn read_cached(&self, buf: &mut [u8], at: u64) -> bool {
        let wanted = buf.len();
        let mut bufs = [io::IoSliceMut::new(buf)];
        rustix::io::preadv2(self, &mut bufs, at, ReadWriteFlags::NOWAIT) == Ok(wanted)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        self.write_all_at(bytes, at)
            .map_err(Error::io("write a blob"))
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.metadata().map_err(Error::io("stat a blob"))?.len())
    }

    fn set_size(&self, size: u64) -> Result<(), Error> {
        self.set_len(size).map_err(Error::io("resize a blob"))
    }

    fn sync(&self) -> Result<(), Error> {
        self.sync_data().map_err(Error::Sync)
    }
}

/// Sums up the files of one blob.
fn merge(mut files: Vec<BlobInfo>) -> Vec<BlobInfo> {
    files.sort_by_key(|info| info.blob);
    files.dedup_by(|file, kept| {
        let same = file.blob == kept.blob;
        if same {
            kept.created = kept.created.min(file.created);
            kept.modified = kept.modified.max(file.modified);
            kept.committed |= file.committed;
            kept.size += file.size;
        }
        same
    });
    files
}

fn parse_name(name: &str) -> Option<(BlobId, bool)> {
    let (id, suffix) = name.split_at_checked(32)?;
    match suffix {
        "" => Some((id.parse().ok()?, true)),
        ".data" | ".tail" | CONDEMNED => Some((id.parse().ok()?, false)),
        _ => None,
    }
}

fn suffix(area: Area) -> &'static str {
    match area {
        Area::Blob => "",
        Area::Data => ".data",
        Area::Tail => ".tail",
    }
}

fn make_dir(path: &Path, parents: bool) -> io::Result<()> {
    let made = DirBuilder::new()
        .mode(0o700)
        .recursive(parents)
        .create(path);
    match made {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Whether there was a file to remove.
fn remove_file(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io("remove a blob file")(e)),
    }
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
