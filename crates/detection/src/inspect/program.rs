//! Which program looks inside files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

/// Returns the SHA-256 of a program.
pub(super) async fn fingerprint(program: &Path) -> io::Result<[u8; 32]> {
    let program = program.to_owned();
    let read = tokio::task::spawn_blocking(move || digest(program));
    read.await.map_err(io::Error::other)?
}

fn digest(program: PathBuf) -> io::Result<[u8; 32]> {
    let mut file = File::open(program)?;
    let mut digest = Context::new(&SHA256);
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => digest.update(&piece[..read]),
        }
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    Ok(sha256)
}
