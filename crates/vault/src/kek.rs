//! The key-encryption key: wraps package keys and the key of encrypted database columns.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Error, WrappedKey,
    crypto::{mac, random},
    keys::{ColumnKey, PackageKey, column_context, package_context, unwrap, wrap},
};

/// The stable name of a KEK: 16 lowercase hex digits that tell nothing about the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId(String);

impl KekId {
    /// The id as text, for the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key-encryption key in memory.
#[derive(Clone)]
pub struct Kek {
    key: Zeroizing<[u8; 32]>,
    id: KekId,
}

impl Kek {
    /// A fresh random key; store it with [`crate::FileKek`] before using it.
    pub fn generate() -> Result<Self, Error> {
        Self::from_key(Zeroizing::new(random()?))
    }

    pub(crate) fn from_key(key: Zeroizing<[u8; 32]>) -> Result<Self, Error> {
        let id = KekId(hex::encode(&mac(&key, b"sofie kek v1 id", &[])?[..8]));
        Ok(Self { key, id })
    }

    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The name of this key; the same key has the same id on every machine.
    pub fn id(&self) -> &KekId {
        &self.id
    }

    /// A value that proves "the same key" and reveals nothing: keep it in the database and refuse
    /// to start when it differs, so that a valid but *different* KEK is noticed.
    pub fn check_value(&self) -> Result<[u8; 32], Error> {
        mac(&self.key, b"sofie kek v1 check", &[])
    }

    /// Wraps a package key, bound to the package and to this KEK's id.
    pub fn wrap_package_key(&self, key: &PackageKey, package: &[u8]) -> Result<WrappedKey, Error> {
        wrap(
            &self.key,
            &key.0,
            &package_context(package, self.id.as_str()),
        )
    }

    /// Unwraps a package key; [`Error::Corrupt`] for another package, another KEK or a changed record.
    pub fn unwrap_package_key(
        &self,
        key: &WrappedKey,
        package: &[u8],
    ) -> Result<PackageKey, Error> {
        unwrap(&self.key, key, &package_context(package, self.id.as_str())).map(PackageKey)
    }

    /// Wraps the key of encrypted database columns, bound to this KEK's id.
    pub fn wrap_column_key(&self, key: &ColumnKey) -> Result<WrappedKey, Error> {
        wrap(&self.key, &key.0, &column_context(self.id.as_str()))
    }

    /// Unwraps the key of encrypted database columns; [`Error::Corrupt`] for another KEK or a changed record.
    pub fn unwrap_column_key(&self, key: &WrappedKey) -> Result<ColumnKey, Error> {
        unwrap(&self.key, key, &column_context(self.id.as_str())).map(ColumnKey)
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_key_opens_only_with_its_kek_and_package() {
        let (kek, other) = (Kek::generate().unwrap(), Kek::generate().unwrap());
        let key = PackageKey::generate().unwrap();
        let wrapped = kek.wrap_package_key(&key, b"p1").unwrap();
        assert_eq!(*kek.unwrap_package_key(&wrapped, b"p1").unwrap().0, *key.0);
        assert!(kek.unwrap_package_key(&wrapped, b"p2").is_err());
        assert!(other.unwrap_package_key(&wrapped, b"p1").is_err());
        assert_ne!(kek.id(), other.id());
        assert_ne!(kek.check_value().unwrap(), other.check_value().unwrap());
    }
    #[test]
    fn every_kek_opens_its_own_wrap_of_one_column_key() {
        let (kek, other) = (Kek::generate().unwrap(), Kek::generate().unwrap());
        let key = ColumnKey::generate().unwrap();
        let sealed = key.cipher().unwrap().seal(b"c", b"title").unwrap();
        let (first, second) = (
            kek.wrap_column_key(&key).unwrap(),
            other.wrap_column_key(&key).unwrap(),
        );
        let again = other.unwrap_column_key(&second).unwrap();
        let opened = again.cipher().unwrap().open(b"c", &sealed).unwrap();
        assert_eq!(&*opened, b"title");
        assert!(other.unwrap_column_key(&first).is_err());
        assert!(kek.unwrap_column_key(&second).is_err());
        assert!(kek.unwrap_package_key(&first, b"p1").is_err());
    }
}
