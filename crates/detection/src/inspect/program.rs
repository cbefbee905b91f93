//! Which programs look inside files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

/// The programs of the internal engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Looks inside a file, when it is called with `inspect`.
    pub inspect: PathBuf,
    /// Searches by rules, when it is called with `yara-scan`.
    pub yara: PathBuf,
}

impl From<PathBuf> for Programs {
    /// One program does both.
    fn from(program: PathBuf) -> Self {
        Self {
            inspect: program.clone(),
            yara: program,
        }
    }
}

impl Programs {
    /// Returns the SHA-256 of them, one behind the other.
    pub(super) async fn fingerprint(&self) -> io::Result<[u8; 32]> {
        let programs = self.clone();
        let read = tokio::task::spawn_blocking(move || programs.digest());
        read.await.map_err(io::Error::other)?
    }

    fn digest(&self) -> io::Result<[u8; 32]> {
        let mut digest = Context::new(&SHA256);
        add(&mut digest, &self.inspect)?;
        if self.yara != self.inspect {
            add(&mut digest, &self.yara)?;
        }
        Ok(finish(digest))
    }
}

fn add(digest: &mut Context, program: &Path) -> io::Result<()> {
    let mut file = File::open(program)?;
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            read => digest.update(&piece[..read]),
        }
    }
}

fn finish(digest: Context) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    sha256
}
