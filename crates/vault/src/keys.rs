//! Package keys, file keys and how they are wrapped.

use std::fmt;

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::{
    Error, FieldCipher,
    crypto::{expand, length_prefixed, random},
};

pub(crate) const WRAP_LABEL: &[u8] = b"sofie wrap v1";
const SALT: usize = 24;
/// AES-KWP of a 32-byte key: 8 bytes more (RFC 5649).
const WRAPPED: usize = 40;

/// A wrapped 32-byte key as it is stored in the database.
///
/// Says nothing without the wrapping key *and* the context it was bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Random; makes the wrapping key of this record its own.
    pub salt: [u8; SALT],
    /// AES-256-KWP output, 40 bytes.
    pub wrapped: Vec<u8>,
}

impl WrappedKey {
    /// One byte string: salt, then the wrapped key (64 bytes in all).
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.salt[..], &self.wrapped].concat()
    }

    /// Reads what [`WrappedKey::to_bytes`] wrote; any other length is [`Error::Corrupt`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (salt, wrapped) = bytes
            .split_first_chunk::<SALT>()
            .filter(|(_, wrapped)| wrapped.len() == WRAPPED)
            .ok_or(Error::Corrupt("wrapped key length"))?;
        Ok(Self {
            salt: *salt,
            wrapped: wrapped.to_vec(),
        })
    }
}

/// Wraps `key` under `wrapping`, bound to `context` (AES-256-KWP, SP 800-38F, under a per-record key).
pub(crate) fn wrap(
    wrapping: &[u8; 32],
    key: &[u8; 32],
    context: &[u8],
) -> Result<WrappedKey, Error> {
    let salt = random()?;
    let record = expand::<32>(wrapping, &[WRAP_LABEL, &salt, context])?;
    let mut wrapped = vec![0; key.len() + 15];
    let len = AesKek::new(&AES_256, &*record)
        .and_then(|kek| Ok(kek.wrap_with_padding(key, &mut wrapped)?.len()))
        .map_err(|_| Error::Crypto)?;
    wrapped.truncate(len);
    Ok(WrappedKey { salt, wrapped })
}

/// Undoes [`wrap`]; a wrong key, a wrong context and a changed record look the same.
pub(crate) fn unwrap(
    wrapping: &[u8; 32],
    key: &WrappedKey,
    context: &[u8],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    let record = expand::<32>(wrapping, &[WRAP_LABEL, &key.salt, context])?;
    let mut plain = Zeroizing::new(vec![0; key.wrapped.len()]);
    let plain = AesKek::new(&AES_256, &*record)
        .and_then(|kek| kek.unwrap_with_padding(&key.wrapped, &mut plain))
        .map_err(|_| Error::Corrupt("wrapped key"))?;
    let mut out = Zeroizing::new([0; 32]);
    if plain.len() != out.len() {
        return Err(Error::Corrupt("wrapped key length"));
    }
    out.copy_from_slice(plain);
    Ok(out)
}

/// The key of one package: wraps the keys of its files.
#[derive(Clone)]
pub struct PackageKey(pub(crate) Zeroizing<[u8; 32]>);

impl PackageKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// A key from bytes the caller has; for tests and for tools that read blobs.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Wraps a file key, bound to package, file and generation.
    pub fn wrap_file_key(
        &self,
        key: &FileKey,
        package: &[u8],
        file: &[u8],
        generation: u64,
    ) -> Result<WrappedKey, Error> {
        wrap(&self.0, &key.0, &file_context(package, file, generation))
    }

    /// Unwraps a file key; [`Error::Corrupt`] if anything differs from when it was wrapped.
    pub fn unwrap_file_key(
        &self,
        key: &WrappedKey,
        package: &[u8],
        file: &[u8],
        generation: u64,
    ) -> Result<FileKey, Error> {
        unwrap(&self.0, key, &file_context(package, file, generation)).map(FileKey)
    }

    /// Wraps this key under a key derived from a password (Argon2id is the caller's).
    pub fn wrap_with_password(
        &self,
        derived: &[u8; 32],
        package: &[u8],
    ) -> Result<WrappedKey, Error> {
        wrap(derived, &self.0, &password_context(package))
    }

    /// Undoes [`PackageKey::wrap_with_password`]; a wrong password is [`Error::Corrupt`], like tampering.
    pub fn unwrap_with_password(
        key: &WrappedKey,
        derived: &[u8; 32],
        package: &[u8],
    ) -> Result<Self, Error> {
        unwrap(derived, key, &password_context(package)).map(Self)
    }
}

/// The data key (DEK) of one file and generation.
#[derive(Clone)]
pub struct FileKey(pub(crate) Zeroizing<[u8; 32]>);

impl FileKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// A key from bytes the caller has; for tests and for tools that read blobs.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PackageKey")
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey")
    }
}

/// The key of encrypted database columns: one for an installation, wrapped by each of its KEKs, so that a KEK is
/// exchanged without touching a column.
#[derive(Clone)]
pub struct ColumnKey(pub(crate) Zeroizing<[u8; 32]>);

impl ColumnKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// The cipher for encrypted database columns.
    pub fn cipher(&self) -> Result<FieldCipher, Error> {
        Ok(FieldCipher::new(
            expand(&self.0, &[b"sofie fields v1 seal"])?,
            expand(&self.0, &[b"sofie fields v1 hash"])?,
        ))
    }
}

impl fmt::Debug for ColumnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ColumnKey")
    }
}

pub(crate) fn column_context(kek: &str) -> Vec<u8> {
    length_prefixed(&[b"column key", kek.as_bytes()])
}

pub(crate) fn package_context(package: &[u8], kek: &str) -> Vec<u8> {
    length_prefixed(&[b"package key", package, kek.as_bytes()])
}

fn password_context(package: &[u8]) -> Vec<u8> {
    length_prefixed(&[b"package key by password", package])
}

fn file_context(package: &[u8], file: &[u8], generation: u64) -> Vec<u8> {
    length_prefixed(&[b"file key", package, file, &generation.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_key_opens_only_in_its_own_context() {
        let package = PackageKey::generate().unwrap();
        let key = FileKey::generate().unwrap();
        let wrapped = package.wrap_file_key(&key, b"p1", b"f1", 1).unwrap();
        let open = |p: &PackageKey, pid: &[u8], fid: &[u8], g| {
            p.unwrap_file_key(&wrapped, pid, fid, g).map(|k| *k.0)
        };
        assert_eq!(open(&package, b"p1", b"f1", 1).unwrap(), *key.0);
        assert!(open(&package, b"p2", b"f1", 1).is_err());
        assert!(open(&package, b"p1", b"f2", 1).is_err());
        assert!(open(&package, b"p1f", b"1", 1).is_err());
        assert!(open(&package, b"p1", b"f1", 2).is_err());
        assert!(open(&PackageKey::generate().unwrap(), b"p1", b"f1", 1).is_err());
    }

    #[test]
    fn a_password_wrap_needs_the_password_and_the_package() {
        let package = PackageKey::generate().unwrap();
        let wrapped = package.wrap_with_password(&[7; 32], b"p1").unwrap();
        let open = |d, p| PackageKey::unwrap_with_password(&wrapped, d, p).map(|k| *k.0);
        assert_eq!(open(&[7; 32], b"p1").unwrap(), *package.0);
        assert!(open(&[8; 32], b"p1").is_err());
        assert!(open(&[7; 32], b"p2").is_err());
    }

    #[test]
    fn every_bit_of_a_wrapped_key_counts() {
        let wrapped = wrap(&[1; 32], &[2; 32], b"c").unwrap().to_bytes();
        assert_eq!(wrapped.len(), 64);
        for bit in 0..wrapped.len() * 8 {
            let mut bad = wrapped.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let bad = WrappedKey::from_bytes(&bad).unwrap();
            assert!(unwrap(&[1; 32], &bad, b"c").is_err(), "bit {bit}");
        }
        for len in 0..wrapped.len() {
            assert!(WrappedKey::from_bytes(&wrapped[..len]).is_err());
        }
    }

    #[test]
    fn debug_prints_no_key() {
        let key = PackageKey(Zeroizing::new([0xab; 32]));
        assert_eq!(format!("{key:?}"), "PackageKey");
    }
}
