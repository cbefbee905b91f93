//! A file on its way: what is here of it, and its hash.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use aws_lc_rs::digest::{Context, SHA256};

use crate::{Error, Result, place::Target};

const BUFFER: usize = 256 << 10;

/// The unfinished file and the hash of what is in it.
pub(crate) struct Part {
    file: File,
    path: PathBuf,
    /// How much of it is here.
    pub len: u64,
    hash: Context,
    /// Whether the server was asked at least once: also an empty file is one that may be fetched.
    pub asked: bool,
}

impl Part {
    /// Opens the unfinished file; what an earlier run left of it counts only when that is to be gone on with.
    pub fn open(target: &Target, resume: bool) -> Result<Self> {
        let path = target.path.clone();
        let mut part = Self {
            file: target.open_part()?,
            path,
            len: 0,
            hash: Context::new(&SHA256),
            asked: false,
        };
        if !resume {
            part.restart()?;
            return Ok(part);
        }
        let mut buffer = vec![0; BUFFER];
        loop {
            let n = part
                .file
                .read(&mut buffer)
                .map_err(Error::file("read", &part.path))?;
            if n == 0 {
                return Ok(part);
            }
            part.hash.update(&buffer[..n]);
            part.len += n as u64;
        }
    }

    /// Begins anew.
    pub fn restart(&mut self) -> Result<()> {
        self.file
            .set_len(0)
            .map_err(Error::file("write", &self.path))?;
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(Error::file("write", &self.path))?;
        self.len = 0;
        self.hash = Context::new(&SHA256);
        Ok(())
    }

    /// Adds bytes.
    pub fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.file
            .write_all(chunk)
            .map_err(Error::file("write", &self.path))?;
        self.hash.update(chunk);
        self.len += chunk.len() as u64;
        Ok(())
    }

    /// Returns the SHA-256 of all of it, in hexadecimal.
    pub fn digest(&self) -> String {
        hex::encode(self.hash.clone().finish())
    }

    /// Brings it to the disk.
    pub fn sync(&self) -> Result<()> {
        self.file
            .sync_all()
            .map_err(Error::file("write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    #[test]
    fn a_part_is_gone_on_with_only_when_it_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(dir.path()).unwrap();
        let target = place.target(&["x".to_owned()]).unwrap();
        Part::open(&target, false).unwrap().write(b"abc").unwrap();
        let mut part = Part::open(&target, true).unwrap();
        assert_eq!(part.len, 3);
        part.write(b"def").unwrap();
        let whole = aws_lc_rs::digest::digest(&SHA256, b"abcdef");
        assert_eq!(part.digest(), hex::encode(whole));
        drop(part);
        assert_eq!(Part::open(&target, false).unwrap().len, 0);
    }
}
