//! What is looked for in every byte of every object, while it streams by.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::digest;
use memchr::memmem::Finder;

/// Signature of a ZIP end record.
const ZIP_END: &[u8] = b"PK\x05\x06";
/// Length of a ZIP end record without its comment.
const ZIP_END_LENGTH: usize = 22;
/// How far from the end programs search backwards for that record.
const ZIP_END_WITHIN: u64 = 66 << 10;
/// Length of what is kept of the past: the footer of a disk image.
const TAIL: usize = 512;
/// Length of the EICAR test file.
const EICAR_LENGTH: usize = 68;
/// How much of the past a pattern across a border can need; less than [`TAIL`].
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

/// Sees every byte of one object once, in order.
pub struct Watch {
    total: u64,
    sha256: Option<digest::Context>,
    crc32: Option<crc32fast::Hasher>,
    eicar: bool,
    /// The start of a 7z or RAR archive was seen, not at the beginning.
    archive: bool,
    /// Where archives would end whose end record was seen; only those not yet passed.
    zip_ends: BTreeSet<u64>,
    /// Where the last end record began that may be one.
    last_zip_end: Option<u64>,
    /// The last bytes.
    tail: Vec<u8>,
}

impl Watch {
    /// Without digests.
    pub(crate) fn new() -> Self {
        Self {
            total: 0,
            sha256: None,
            crc32: None,
            eicar: false,
            archive: false,
            zip_ends: BTreeSet::new(),
            last_zip_end: None,
            tail: Vec::with_capacity(2 * TAIL),
        }
    }

    /// For the file itself.
    pub(crate) fn with_digests() -> Self {
        Self {
            sha256: Some(digest::Context::new(&digest::SHA256)),
            crc32: Some(crc32fast::Hasher::new()),
            ..Self::new()
        }
    }

    /// Begins the SHA-256, if `seen` is all that went by so far.
    pub(crate) fn begin_sha256(&mut self, seen: &[u8]) {
        if self.sha256.is_none() && self.total == seen.len() as u64 {
            let mut sha256 = digest::Context::new(&digest::SHA256);
            sha256.update(seen);
            self.sha256 = Some(sha256);
        }
    }

    pub(crate) fn see(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(crc32) = &mut self.crc32 {
            crc32.update(bytes);
        }
        self.search_border(bytes);
        self.search(bytes, self.total);
        self.total += bytes.len() as u64;
        self.zip_ends = self.zip_ends.split_off(&self.total);
        self.keep_tail(bytes);
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

    /// Whether a program that searches backwards from the end would find an archive's end
    /// record, with something behind it or not.
    pub(crate) fn has_zip_end(&self) -> bool {
        self.last_zip_end
            .is_some_and(|at| self.total - at <= ZIP_END_WITHIN)
    }

    /// The last 512 bytes, or all if there are fewer.
    pub(crate) fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Whether a 7z or RAR archive begins somewhere within: programs that search for its start
    /// would open it, whatever is before.
    pub(crate) fn holds_archive(&self) -> bool {
        self.archive
    }

    /// SHA-256 of the bytes seen in hexadecimal, when it was begun.
    pub(crate) fn sha256(&self) -> Option<String> {
        let sha256 = self.sha256.clone()?;
        Some(hex::encode(sha256.finish()))
    }

    /// CRC-32 of the bytes seen, when asked for.
    pub(crate) fn crc32(&self) -> Option<u32> {
        self.crc32.clone().map(crc32fast::Hasher::finalize)
    }

    fn search_border(&mut self, bytes: &[u8]) {
        let past = &self.tail[self.tail.len().saturating_sub(CARRY)..];
        if past.is_empty() {
            return;
        }
        let offset = self.total - past.len() as u64;
        let border = [past, &bytes[..bytes.len().min(CARRY)]].concat();
        self.search(&border, offset);
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
        for found in END.find_iter(bytes) {
            if let Some(record) = bytes.get(found..found + ZIP_END_LENGTH) {
                let at = offset + found as u64;
                let comment = u64::from(u16::from_le_bytes([record[20], record[21]]));
                self.zip_ends.insert(at + ZIP_END_LENGTH as u64 + comment);
                if may_end_zip(&bytes[..found], record, at) {
                    self.last_zip_end = self.last_zip_end.max(Some(at));
                }
            }
        }
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(TAIL)..];
        let surplus = (self.tail.len() + new.len()).saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.tail.extend_from_slice(new);
    }
}

/// Whether some program would find a directory by the ZIP end record at `at`: some go by its
/// length, some by its place and the number of its entries, some by the locator before it.
fn may_end_zip(before: &[u8], record: &[u8], at: u64) -> bool {
    const SHORTEST: u64 = 46;
    let word = |at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
    let double = |at: usize| u64::from(word(at)) | u64::from(word(at + 2)) << 16;
    let by_length = (SHORTEST..=at).contains(&double(12));
    let by_place = word(4) == word(6) && word(8) == word(10) && word(8) > 0 && double(16) < at;
    let locator = before.last_chunk::<20>();
    by_length || by_place || locator.is_some_and(|locator| locator.starts_with(b"PK\x06\x07"))
}

/// Whether a start header follows the signature, by its checksum.
fn begins_7z(bytes: &[u8]) -> bool {
    bytes
        .first_chunk::<32>()
        .is_some_and(|head| crc32fast::hash(&head[12..]).to_le_bytes() == head[8..12])
}

/// Whether the block that must be the first one follows the signature. Its checksum may be
/// wrong: programs complain and read on.
fn begins_rar(bytes: &[u8]) -> bool {
    const OLD_MAIN: u8 = 0x73;
    const MAIN: u8 = 1;
    const ENCRYPTION: u8 = 4;
    if bytes.get(6) == Some(&0) {
        return bytes.get(9) == Some(&OLD_MAIN);
    }
    // A checksum of four bytes, the block's length in up to three of seven bits each, its kind.
    let length = bytes.get(12..15).unwrap_or_default();
    let last = length.iter().position(|byte| byte & 0x80 == 0);
    let kind = last.and_then(|last| bytes.get(13 + last));
    bytes.get(6..8) == Some(b"\x01\0")
        && kind.is_some_and(|kind| matches!(kind & 0x7f, MAIN | ENCRYPTION))
}

#[cfg(test)]
mod tests;
