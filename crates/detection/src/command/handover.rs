//! Content where a program can read it, and no disk has it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    #[error("putting the content where the program can read it: the directory is on a disk")]
    OnDisk,
    #[error(transparent)]
    Content(#[from] Broken),
}

/// Content on its way to a program; gone with the value.
#[derive(Debug)]
pub(super) enum Placed {
    Memory(File),
    Named(NamedTempFile, Content),
}

/// What is in a file: its length and its CRC-32. Against accidents, not against attackers: programs that repair
/// what they should only look at don't forge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub size: u64,
    checksum: u32,
}

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

    /// Takes the whole content of a file; tells how much that was.
    pub(super) async fn place(&self, size: u64, body: &mut Body) -> Result<(Placed, u64), Failure> {
        match self {
            Self::Memory => {
                let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
                let memory = rustix::fs::memfd_create("sofie-scan", flags);
                let file = File::from(memory.map_err(|error| Failure::Store(error.into()))?);
                let content = fill(&file, size, body).await?;
                let seals =
                    SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
                let sealed = rustix::fs::fcntl_add_seals(&file, seals);
                sealed.map_err(|error| Failure::Store(error.into()))?;
                Ok((Placed::Memory(file), content.size))
            }
            Self::Tmpfs(directory) => {
                let prefix = format!("{PREFIX}{}-", std::process::id());
                let file = tempfile::Builder::new()
                    .prefix(&prefix)
                    .tempfile_in(directory);
                let file = file.map_err(Failure::Store)?;
                // What was mounted there may be gone since, and a disk be under it.
                let found = rustix::fs::fstatfs(file.as_file());
                if found.map_err(|error| Failure::Store(error.into()))?.f_type != TMPFS {
                    return Err(Failure::OnDisk);
                }
                let content = fill(file.as_file(), size, body).await?;
                Ok((Placed::Named(file, content), content.size))
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
    pub(super) async fn is_untouched(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Named(file, before) => read(file.path()).await.is_ok_and(|now| now == *before),
        }
    }
}

async fn fill(file: &File, size: u64, body: &mut Body) -> Result<Content, Failure> {
    let copy = file.try_clone().map_err(Failure::Store)?;
    let mut writer = tokio::fs::File::from_std(copy);
    let mut hash = crc32fast::Hasher::new();
    let mut real = 0;
    while let Some(piece) = body.next().await? {
        real += piece.len() as u64;
        if real > size {
            break;
        }
        hash.update(&piece);
        writer.write_all(&piece).await.map_err(Failure::Store)?;
    }
    writer.flush().await.map_err(Failure::Store)?;
    if real == size {
        Ok(Content {
            size,
            checksum: hash.finalize(),
        })
    } else {
        Err(Failure::Size { said: size, real })
    }
}

async fn read(path: &Path) -> io::Result<Content> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut hash = crc32fast::Hasher::new();
    let (mut buffer, mut size) = (vec![0; 64 << 10], 0);
    loop {
        let count = file.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        size += count as u64;
    }
    Ok(Content {
        size,
        checksum: hash.finalize(),
    })
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
