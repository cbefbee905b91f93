//! Content where a program can read it, and no disk has it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use crate::body::{Body, Broken};

/// How a program gets the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HandOver {
    /// As memory that has no name, sealed against changes; for programs that open what they are told themselves, or
    /// whose service runs as root.
    Memory,
    /// As a file in a directory of a `tmpfs`.
    Tmpfs(PathBuf),
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("putting the content where the program can read it")]
    Store(#[source] io::Error),
    #[error("putting the content where the program can read it: it has {real} bytes, not {said}")]
    Size { said: u64, real: u64 },
    #[error(transparent)]
    Content(#[from] Broken),
}

/// Content on its way to a program; gone with the value.
#[derive(Debug)]
pub(super) enum Placed {
    Memory(File),
    Named(NamedTempFile, Stamp),
}

/// What must not change of a file.
type Stamp = (u64, u64, u64, i64, i64);

/// `TMPFS_MAGIC` of statfs(2).
const TMPFS: i64 = 0x0102_1994;
/// What our files begin with; the process's number follows.
const PREFIX: &str = "sofie-scan-";

impl HandOver {
    /// A directory of a `tmpfs`; none if it is on anything else. What a dead process left there is removed.
    pub(super) fn tmpfs(directory: PathBuf) -> Option<Self> {
        let found = rustix::fs::statfs(&directory).ok()?;
        let fits = directory.is_absolute() && found.f_type == TMPFS;
        if fits {
            remove_leftovers(&directory);
        }
        fits.then_some(Self::Tmpfs(directory))
    }

    /// Takes the whole content of a file.
    pub(super) async fn place(&self, size: u64, body: &mut Body) -> Result<Placed, Failure> {
        match self {
            Self::Memory => {
                let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
                let memory = rustix::fs::memfd_create("sofie-scan", flags);
                let file = File::from(memory.map_err(|error| Failure::Store(error.into()))?);
                fill(&file, size, body).await?;
                let seals =
                    SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
                let sealed = rustix::fs::fcntl_add_seals(&file, seals);
                sealed.map_err(|error| Failure::Store(error.into()))?;
                Ok(Placed::Memory(file))
            }
            Self::Tmpfs(directory) => {
                let prefix = format!("{PREFIX}{}-", std::process::id());
                let file = tempfile::Builder::new()
                    .prefix(&prefix)
                    .tempfile_in(directory);
                let file = file.map_err(Failure::Store)?;
                fill(file.as_file(), size, body).await?;
                let stamp = stamp(file.as_file()).map_err(Failure::Store)?;
                Ok(Placed::Named(file, stamp))
            }
        }
    }
}

impl Placed {
    /// Where the content is, also for another process.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Memory(file) => {
                format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()).into()
            }
            Self::Named(file, _) => file.path().to_owned(),
        }
    }

    /// Whether it still is what it was.
    pub(super) fn is_untouched(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Named(file, before) => {
                let named = std::fs::metadata(file.path());
                let same = |found: std::fs::Metadata| stamp_of(&found) == *before;
                named.is_ok_and(same)
            }
        }
    }
}

async fn fill(file: &File, size: u64, body: &mut Body) -> Result<(), Failure> {
    let copy = file.try_clone().map_err(Failure::Store)?;
    let mut writer = tokio::fs::File::from_std(copy);
    let mut real = 0;
    while let Some(piece) = body.next().await? {
        real += piece.len() as u64;
        if real > size {
            break;
        }
        writer.write_all(&piece).await.map_err(Failure::Store)?;
    }
    writer.flush().await.map_err(Failure::Store)?;
    if real == size {
        Ok(())
    } else {
        Err(Failure::Size { said: size, real })
    }
}

fn stamp(file: &File) -> io::Result<Stamp> {
    file.metadata().map(|found| stamp_of(&found))
}

fn stamp_of(found: &std::fs::Metadata) -> Stamp {
    (
        found.dev(),
        found.ino(),
        found.len(),
        found.mtime(),
        found.mtime_nsec(),
    )
}

/// Removes our files whose process is no more.
fn remove_leftovers(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX))
            .and_then(|rest| rest.split('-').next())
            .and_then(|number| number.parse::<u32>().ok());
        let dead = owner.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists());
        if dead {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
