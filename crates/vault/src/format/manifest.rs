//! The manifest: which attempt of every part counts, and how long the file is.

use super::{Envelope, HEADER, ID, MessageId, message::sealed_len};
use crate::{Error, crypto::equal};

const MAGIC: &[u8; 4] = b"SOFM";
const LABEL: &[u8] = b"sofie blob v1 manifest";
const FIXED: usize = 16 + 32 + 4;
/// Enough for 128 TiB in parts of 8 MiB; keeps a hostile length from taking memory.
pub(crate) const MANIFEST_MAX: u64 = FIXED as u64 + (ID as u64) * (1 << 24);

/// Bytes of a manifest of `parts` parts.
pub(crate) const fn manifest_len(parts: u64) -> u64 {
    FIXED as u64 + parts * ID as u64
}

/// A verified manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    bytes: Vec<u8>,
    parts: u64,
    total: u64,
}

impl Manifest {
    /// Builds the bytes that end a blob. `ids` holds the id of every part in order.
    pub(crate) fn build(env: &Envelope, ids: &[u8], total: u64) -> Result<Vec<u8>, Error> {
        let parts = u32::try_from(ids.len() / ID).map_err(|_| Error::Crypto)?;
        let mut out = Vec::with_capacity(FIXED + ids.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&parts.to_be_bytes());
        out.extend_from_slice(&total.to_be_bytes());
        out.extend_from_slice(ids);
        let tag = env.mac(LABEL, &[&out])?;
        out.extend_from_slice(&tag);
        let len = u32::try_from(out.len() + 4).map_err(|_| Error::Crypto)?;
        out.extend_from_slice(&len.to_be_bytes());
        Ok(out)
    }

    /// Verifies `bytes`, the whole manifest, at the end of a file of `file_len` bytes.
    pub(crate) fn read(env: &Envelope, bytes: Vec<u8>, file_len: u64) -> Result<Self, Error> {
        let shape = Error::Corrupt("manifest shape");
        if bytes.len() < FIXED || !(bytes.len() - FIXED).is_multiple_of(ID) {
            return Err(shape);
        }
        let (body, trailer) = bytes.split_at(bytes.len() - 36);
        if !equal(&env.mac(LABEL, &[body])?, &trailer[..32]) {
            return Err(Error::Corrupt("manifest"));
        }
        let (Some(parts), Some(total)) = (number(&body[4..8]), number(&body[8..16])) else {
            return Err(shape);
        };
        let full = env.part_size();
        if &body[..4] != MAGIC
            || manifest_len(parts) != bytes.len() as u64
            || parts != total.div_ceil(full).max(1)
        {
            return Err(shape);
        }
        let last = sealed_len(total - (parts - 1) * full);
        let expected = HEADER as u64 + (parts - 1) * sealed_len(full) + last + bytes.len() as u64;
        if expected != file_len {
            return Err(Error::Corrupt("file length"));
        }
        Ok(Self {
            bytes,
            parts,
            total,
        })
    }

    /// Plain length of the file.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The id of part `index`, if there is one.
    pub(crate) fn id(&self, index: u64) -> Option<&MessageId> {
        let start = usize::try_from(index)
            .ok()?
            .checked_mul(ID)?
            .checked_add(16)?;
        if index >= self.parts {
            return None;
        }
        self.bytes.get(start..)?.first_chunk()
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    let mut out = [0; 8];
    out.get_mut(8usize.checked_sub(bytes.len())?..)?
        .copy_from_slice(bytes);
    Some(u64::from_be_bytes(out))
}
