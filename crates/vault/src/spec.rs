//! What names a blob.

use std::{fmt, str::FromStr};

use crate::{
    Error, FileKey,
    crypto::{length_prefixed, random},
};

/// The random name of a blob; the only thing its file name is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub [u8; 16]);

impl BlobId {
    /// A fresh random id. Take a new one for every attempt that has to start afresh.
    pub fn random() -> Result<Self, Error> {
        Ok(Self(random()?))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobId {
    type Err = Error;

    /// Reads exactly 32 lowercase hex digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(Error::NotFound);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_| Error::NotFound)?;
        Ok(Self(bytes))
    }
}

/// Whose file the blob is: authenticated with every byte, so a blob moved to another row does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The tenant's id, in any fixed encoding.
    pub tenant: Vec<u8>,
    /// The package's id.
    pub package: Vec<u8>,
    /// The file's id.
    pub file: Vec<u8>,
}

impl Context {
    /// Builds a context from anything that has bytes.
    pub fn new(
        tenant: impl AsRef<[u8]>,
        package: impl AsRef<[u8]>,
        file: impl AsRef<[u8]>,
    ) -> Self {
        Self {
            tenant: tenant.as_ref().to_vec(),
            package: package.as_ref().to_vec(),
            file: file.as_ref().to_vec(),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        length_prefixed(&[&self.tenant, &self.package, &self.file])
    }
}

/// All that is needed to write or read one blob.
#[derive(Clone, Debug)]
pub struct BlobSpec {
    /// The blob's random name.
    pub blob: BlobId,
    /// Counts re-encryptions of the file, so that an older blob can't stand in for a newer one.
    pub generation: u64,
    /// Whose file it is.
    pub context: Context,
    /// The file's data key.
    pub key: FileKey,
}
