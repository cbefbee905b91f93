//! A KEK in a text file, mode 0400, with a check value of its own.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{Kek, SealError, crypto};

const MAGIC: &str = "sofie-kek-v1";
const LIMIT: u64 = 4096;

/// Why a KEK file can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KekError {
    /// The file is not there. Never answered by making a new key over existing data.
    #[error("the key file is missing")]
    Missing,
    /// The file exists and must not be overwritten.
    #[error("the key file exists already")]
    Exists,
    /// The file could not be read or written.
    #[error("could not read or write the key file")]
    Io(#[source] io::Error),
    /// Group or others may read or write the file.
    #[error("the key file's mode is {mode:o}; nobody but its owner may have access (chmod 400)")]
    TooOpen {
        /// The permission bits found.
        mode: u32,
    },
    /// The text is not a key file.
    #[error("the key file is damaged: {0}")]
    Malformed(&'static str),
    /// The key and its check value don't belong together: a byte was changed.
    #[error("the key file's check value is wrong")]
    WrongCheck,
    /// A cryptographic primitive refused.
    #[error("could not make a key")]
    Crypto(#[source] crate::Error),
    /// What seals the key refused.
    #[error("could not seal or open the key")]
    Seal(#[source] SealError),
}

/// Makes and loads KEK files.
#[derive(Debug)]
pub struct FileKek;

impl FileKek {
    /// Makes a fresh key and its file (mode 0400, synced together with its directory).
    ///
    /// Fails with [`KekError::Exists`] when the file is there.
    pub fn create_new(path: &Path) -> Result<Kek, KekError> {
        let kek = Kek::generate().map_err(KekError::Crypto)?;
        Self::write_new(path, &kek)?;
        Ok(kek)
    }

    /// Writes a key into a new file, as [`FileKek::create_new`] does.
    pub fn write_new(path: &Path, kek: &Kek) -> Result<(), KekError> {
        let check = kek.check_value().map_err(KekError::Crypto)?;
        let text = Zeroizing::new(format!(
            "{MAGIC}\n\
             # The key of all stored files. Keep a copy in a safe place, apart from the data:\n\
             # without it nothing can be read, and nobody can help.\n\
             key = {}\ncheck = {}\n",
            *Zeroizing::new(hex::encode(kek.key())),
            hex::encode(check),
        ));
        create(path, &text)
    }

    /// Loads a key file after checking its mode and its check value.
    pub fn load(path: &Path) -> Result<Kek, KekError> {
        let file = File::open(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => KekError::Missing,
            _ => KekError::Io(e),
        })?;
        let mode = file.metadata().map_err(KekError::Io)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KekError::TooOpen { mode });
        }
        // Reserved at once: growing would leave copies of the key in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(4096));
        match file.take(LIMIT).read_to_string(&mut text) {
            Ok(_) => parse(&text),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => Err(KekError::Malformed("no text")),
            Err(e) => Err(KekError::Io(e)),
        }
    }
}

/// Writes a new file of its owner's alone, and makes it and its name durable.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), KekError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(path)
        .map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => KekError::Exists,
            _ => KekError::Io(e),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        })
        .map_err(KekError::Io)
}

fn parse(text: &str) -> Result<Kek, KekError> {
    let mut lines = text.lines().map(str::trim);
    if lines.next() != Some(MAGIC) {
        return Err(KekError::Malformed("its first line"));
    }
    let (mut key, mut check) = (None, None);
    for line in lines.filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (name, value) = line.split_once('=').ok_or(KekError::Malformed("a line"))?;
        let target = match name.trim() {
            "key" => &mut key,
            "check" => &mut check,
            _ => return Err(KekError::Malformed("an unknown field")),
        };
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(value.trim(), bytes.as_mut())
            .map_err(|_| KekError::Malformed("a value"))?;
        if target.replace(bytes).is_some() {
            return Err(KekError::Malformed("a field given twice"));
        }
    }
    let kek = Kek::from_key(key.ok_or(KekError::Malformed("no key"))?).map_err(KekError::Crypto)?;
    let check = check.ok_or(KekError::Malformed("no check value"))?;
    if crypto::equal(&*check, &kek.check_value().map_err(KekError::Crypto)?) {
        Ok(kek)
    } else {
        Err(KekError::WrongCheck)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn made_once_and_loaded_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kek");
        assert!(matches!(FileKek::load(&path), Err(KekError::Missing)));
        let kek = FileKek::create_new(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400);
        assert_eq!(FileKek::load(&path).unwrap().key(), kek.key());
        assert!(matches!(FileKek::create_new(&path), Err(KekError::Exists)));
    }

    #[test]
    fn refuses_open_modes_and_changed_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kek");
        FileKek::create_new(&path).unwrap();
        for mode in [0o440, 0o404, 0o460, 0o644] {
            chmod(&path, mode);
            assert!(
                matches!(FileKek::load(&path), Err(KekError::TooOpen { mode: m }) if m == mode)
            );
        }
        chmod(&path, 0o600);
        let good = fs::read_to_string(&path).unwrap();
        let at = good.find("key = ").unwrap() + 6;
        let mut bad = good.clone().into_bytes();
        bad[at] = if bad[at] == b'0' { b'1' } else { b'0' };
        fs::write(&path, &bad).unwrap();
        assert!(matches!(FileKek::load(&path), Err(KekError::WrongCheck)));
        for bad in [
            "",
            "sofie-kek-v2\n",
            &good[..at],
            &format!("{good}{}", &good[at - 6..]),
        ] {
            fs::write(&path, bad).unwrap();
            assert!(
                matches!(FileKek::load(&path), Err(KekError::Malformed(_))),
                "{bad}"
            );
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(FileKek::load(&path), Err(KekError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn never_panics_on_text(text in "(sofie-kek-v1\n)?(key|check| |=|[0-9a-f]{64}|\n|.)*") {
            let _ = parse(&text);
        }
    }
}
