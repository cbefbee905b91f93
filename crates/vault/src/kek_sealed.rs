//! A KEK in a text file that is worthless without what sealed it.
//!
//! ```text
//! sofie-sealed-kek-v1
//! # Comments are for people; nothing hangs on them.
//! id = 0123456789abcdef       the KEK's name, to which the seal is bound
//! by = vault                  the kind of seal
//! sealed = vault:v1:…         what it gave out for the 32 bytes of the key
//! ```

use std::{fs, io, path::Path};

use zeroize::Zeroizing;

use crate::{Kek, KekError, Seal, SealError, kek_file::create};

const MAGIC: &str = "sofie-sealed-kek-v1";
/// Longer than any service's answer for 32 bytes.
const LIMIT: u64 = 16 << 10;

/// A sealed KEK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedKek {
    /// The name of the key.
    pub(crate) id: String,
    /// The kind of seal.
    pub(crate) by: String,
    sealed: String,
}

impl SealedKek {
    /// Has a key sealed, and makes sure that it opens again: nothing may hang on one that does not.
    pub(crate) fn seal(kek: &Kek, seal: &dyn Seal) -> Result<Self, SealError> {
        let id = kek.id().to_string();
        let sealed = seal.seal(&id, kek.key())?;
        if sealed.is_empty() || !sealed.bytes().all(|b| b.is_ascii_graphic()) {
            let text = format!("what {} sealed is not a word of text", seal.kind());
            return Err(SealError::Options(text));
        }
        let by = seal.kind().to_owned();
        let made = Self { id, by, sealed };
        made.open(seal)?;
        Ok(made)
    }

    /// Opens the key; another one than the file names is refused.
    pub(crate) fn open(&self, seal: &dyn Seal) -> Result<Kek, SealError> {
        let wrong = |said: &str| SealError::Options(format!("the sealed key {}: {said}", self.id));
        let plain = seal.open(&self.id, &self.sealed)?;
        let key: Result<[u8; 32], _> = plain.as_slice().try_into();
        let key = Zeroizing::new(key.map_err(|_| wrong("what is in it is no key"))?);
        let kek = Kek::from_key(key).map_err(|_| wrong("it can't be used"))?;
        if kek.id().as_str() == self.id {
            Ok(kek)
        } else {
            Err(wrong("what is in it is another key"))
        }
    }

    pub(crate) fn write_new(&self, path: &Path) -> Result<(), KekError> {
        let Self { id, by, sealed } = self;
        let text = format!(
            "{MAGIC}\n\
             # A key of stored files, which only {by} opens. Keep a copy, and the keys themselves in escrow\n\
             # (`sofie keys export`): if that service loses its key, nothing else can open this file.\n\
             id = {id}\nby = {by}\nsealed = {sealed}\n"
        );
        create(path, &text)
    }

    pub(crate) fn load(path: &Path) -> Result<Self, KekError> {
        if fs::metadata(path).map_err(KekError::Io)?.len() > LIMIT {
            return Err(KekError::Malformed("it is too long"));
        }
        let text = fs::read_to_string(path).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData => KekError::Malformed("no text"),
            _ => KekError::Io(e),
        })?;
        parse(&text)
    }
}

fn parse(text: &str) -> Result<SealedKek, KekError> {
    let mut lines = text.lines().map(str::trim);
    if lines.next() != Some(MAGIC) {
        return Err(KekError::Malformed("its first line"));
    }
    let (mut id, mut by, mut sealed) = (None, None, None);
    for line in lines.filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (name, value) = line.split_once('=').ok_or(KekError::Malformed("a line"))?;
        let target = match name.trim() {
            "id" => &mut id,
            "by" => &mut by,
            "sealed" => &mut sealed,
            _ => return Err(KekError::Malformed("an unknown field")),
        };
        if target.replace(value.trim().to_owned()).is_some() {
            return Err(KekError::Malformed("a field given twice"));
        }
    }
    let given = |value: Option<String>, what| {
        let value = value.filter(|value| !value.is_empty());
        value.ok_or(KekError::Malformed(what))
    };
    Ok(SealedKek {
        id: given(id, "no id")?,
        by: given(by, "no kind of seal")?,
        sealed: given(sealed, "nothing is sealed in it")?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.sealed");
        let made = SealedKek {
            id: "0123456789abcdef".to_owned(),
            by: "vault".to_owned(),
            sealed: "vault:v1:abc=".to_owned(),
        };
        made.write_new(&path).unwrap();
        assert_eq!(SealedKek::load(&path).unwrap(), made);
        assert!(matches!(made.write_new(&path), Err(KekError::Exists)));
        let text = fs::read_to_string(&path).unwrap();
        for (from, to) in [
            ("sealed-kek-v1", "sealed-kek-v2"),
            ("by = vault", "by ="),
            ("by = vault", "by = vault\nby = vault"),
            ("id = ", "name = "),
            ("sealed = vault:v1:abc=", ""),
        ] {
            let bad = text.replacen(from, to, 1);
            assert!(matches!(parse(&bad), Err(KekError::Malformed(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_text(text in "(sofie-sealed-kek-v1\n)?(id|by|sealed| |=|[0-9a-f]{16}|\n|.)*") {
            let _ = parse(&text);
        }
    }
}
