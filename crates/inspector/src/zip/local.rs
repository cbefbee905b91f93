//! A local header, and what is remembered of it for the central directory.

use aws_lc_rs::digest;

use super::extra::{AesField, Extra};
use super::{TRUNCATED, double, flag, method, word};
use crate::stream::{Fault, Stream};

/// What one local header says.
#[derive(Debug, Clone)]
pub struct Local {
    pub flags: u16,
    pub method: u16,
    /// The time of day, by which some programs check a password.
    pub time: u16,
    pub crc32: u32,
    pub packed: u64,
    pub unpacked: u64,
    pub name: Vec<u8>,
    pub extra: Extra,
}

/// What the central directory must repeat; of fixed size, whatever the name's length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub flags: u16,
    pub method: u16,
    pub crc32: u32,
    pub packed: u64,
    pub unpacked: u64,
    pub name: [u8; 32],
    pub aes: Option<AesField>,
}

impl Local {
    /// Reads a header whose signature was seen.
    pub(crate) fn read(stream: &mut Stream<'_>) -> Result<Self, Fault> {
        let fixed = stream.array::<30>(TRUNCATED)?;
        let name = stream.bytes(usize::from(word(&fixed, 26)), TRUNCATED)?;
        let extra = Extra::parse(&stream.bytes(usize::from(word(&fixed, 28)), TRUNCATED)?)?;
        let sizes = [double(&fixed, 22), double(&fixed, 18)];
        let [unpacked, packed] = extra.widen(sizes)?;
        let (flags, method, crc32) = (word(&fixed, 6), word(&fixed, 8), double(&fixed, 14));
        Ok(Self {
            flags,
            method,
            time: word(&fixed, 10),
            crc32,
            packed,
            unpacked,
            name,
            extra,
        })
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.flags & flag::DESCRIPTOR != 0
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        let marks = flag::ENCRYPTED | flag::STRONG | flag::MASKED;
        self.flags & marks != 0 || self.method == method::AES || self.extra.encrypted
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// The packed length, unless only the end of the data will tell.
    pub(crate) fn packed_length(&self) -> Option<u64> {
        let known = !self.has_descriptor() || self.packed != 0;
        known.then_some(self.packed)
    }

    /// The name as text; undeclared encodings are shown as what they can't be read as.
    pub(crate) fn text_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    pub(crate) fn record(&self) -> Record {
        Record {
            flags: self.flags & flag::MATTER,
            method: self.method,
            crc32: self.crc32,
            packed: self.packed,
            unpacked: self.unpacked,
            name: name_key(&self.name),
            aes: self.extra.aes,
        }
    }
}

/// A short stand-in for a name.
pub fn name_key(name: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest::digest(&digest::SHA256, name).as_ref());
    key
}
