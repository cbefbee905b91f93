//! What is looked for in every byte of every object, while it streams by.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::digest;
use memchr::memmem::Finder;

/// Signature of a ZIP end record.
const ZIP_END: &[u8] = b"PK\x05\x06";
/// Length of a ZIP end record without its comment.
const ZIP_END_LENGTH: usize = 22;
/// Length of the EICAR test file.
const EICAR_LENGTH: usize = 68;
/// How much of the past a pattern across a border can need.
const CARRY: usize = EICAR_LENGTH - 1;

/// The EICAR test file's 68 characters (<https://www.eicar.org/download-anti-malware-testfile/>).
///
/// Put together at run time, so that neither this source nor the binary trips a scanner.
pub fn eicar() -> Vec<u8> {
    let head = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$";
    let tail = ["EICAR-STANDARD", "ANTIVIRUS", "TEST-FILE!$H+H*"].join("-");
    format!("{head}{tail}").into_bytes()
}

static EICAR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(&eicar()).into_owned());
static SEVEN_ZIP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"7z\xbc\xaf\x27\x1c"));
static RAR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"Rar!\x1a\x07"));
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ZIP_END));

/// Digests of the content itself.
struct Digests {
    sha256: digest::Context,
    crc32: crc32fast::Hasher,
}

/// Sees every byte of one object once, in order.
pub struct Watch {
    total: u64,
    digests: Option<Digests>,
    eicar: bool,
    /// The start of a 7z or RAR archive was seen, not at the beginning.
    archive: bool,
    /// Where archives would end whose end record was seen; only those not yet passed.
    zip_ends: BTreeSet<u64>,
    carry: Vec<u8>,
}

impl Watch {
    /// For a member: no digests.
    pub(crate) fn new() -> Self {
        Self {
            total: 0,
            digests: None,
            eicar: false,
            archive: false,
            zip_ends: BTreeSet::new(),
            carry: Vec::with_capacity(2 * CARRY),
        }
    }

    /// For the file itself.
    pub(crate) fn with_digests() -> Self {
        let digests = Digests {
            sha256: digest::Context::new(&digest::SHA256),
            crc32: crc32fast::Hasher::new(),
        };
        Self {
            digests: Some(digests),
            ..Self::new()
        }
    }

    pub(crate) fn see(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(digests) = &mut self.digests {
            digests.sha256.update(bytes);
            digests.crc32.update(bytes);
        }
        self.search_border(bytes);
        self.search(bytes, self.total);
        self.total += bytes.len() as u64;
        self.zip_ends = self.zip_ends.split_off(&self.total);
        self.keep_carry(bytes);
    }

    /// Bytes seen.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether the EICAR test file's characters were among the bytes.
    pub(crate) fn eicar(&self) -> bool {
        self.eicar
    }

    /// Whether the bytes end with the end record of a ZIP archive: many programs would open
    /// them as one, whatever they begin with.
    pub(crate) fn ends_as_zip(&self) -> bool {
        self.zip_ends.contains(&self.total)
    }

    /// Whether a 7z or RAR archive begins somewhere within: programs that search for its start
    /// would open it, whatever is before.
    pub(crate) fn holds_archive(&self) -> bool {
        self.archive
    }

    /// SHA-256 in hexadecimal and CRC-32, when asked for.
    pub(crate) fn into_digests(self) -> Option<(String, u32)> {
        self.digests.map(|digests| {
            (
                hex::encode(digests.sha256.finish()),
                digests.crc32.finalize(),
            )
        })
    }

    fn search_border(&mut self, bytes: &[u8]) {
        if self.carry.is_empty() {
            return;
        }
        let past = self.carry.len();
        let mut border = std::mem::take(&mut self.carry);
        border.extend_from_slice(&bytes[..bytes.len().min(CARRY)]);
        self.search(&border, self.total - past as u64);
        border.truncate(past);
        self.carry = border;
    }

    fn search(&mut self, bytes: &[u8], offset: u64) {
        self.eicar = self.eicar || EICAR.find(bytes).is_some();
        let behind = |at: &usize| offset + *at as u64 > 0;
        self.archive = self.archive
            || SEVEN_ZIP
                .find_iter(bytes)
                .filter(behind)
                .any(|at| begins_7z(&bytes[at..]))
            || RAR
                .find_iter(bytes)
                .filter(behind)
                .any(|at| begins_rar(&bytes[at..]));
        for at in END.find_iter(bytes) {
            if let Some(record) = bytes.get(at..at + ZIP_END_LENGTH) {
                let comment = u64::from(u16::from_le_bytes([record[20], record[21]]));
                self.zip_ends
                    .insert(offset + at as u64 + ZIP_END_LENGTH as u64 + comment);
            }
        }
    }

    fn keep_carry(&mut self, bytes: &[u8]) {
        if bytes.len() >= CARRY {
            self.carry.clear();
            self.carry.extend_from_slice(&bytes[bytes.len() - CARRY..]);
        } else {
            self.carry.extend_from_slice(bytes);
            let surplus = self.carry.len().saturating_sub(CARRY);
            self.carry.drain(..surplus);
        }
    }
}

/// Whether a start header follows the signature, by its checksum.
fn begins_7z(bytes: &[u8]) -> bool {
    bytes
        .first_chunk::<32>()
        .is_some_and(|head| crc32fast::hash(&head[12..]).to_le_bytes() == head[8..12])
}

/// Whether the block that must be the first one follows the signature, by its checksum.
fn begins_rar(bytes: &[u8]) -> bool {
    if bytes.get(6) == Some(&0) {
        // Version 4: a checksum of 16 bits over the other eleven bytes.
        return bytes.get(7..20).is_some_and(|block| {
            block[2] == 0x73 && crc32fast::hash(&block[2..]).to_le_bytes()[..2] == block[..2]
        });
    }
    let Some(length) = bytes.get(12).filter(|length| **length < 50) else {
        return false;
    };
    let block = bytes.get(12..13 + usize::from(*length));
    bytes.get(6..8) == Some(b"\x01\0")
        && block.is_some_and(|block| crc32fast::hash(block).to_le_bytes() == bytes[8..12])
}

#[cfg(test)]
mod tests;
