//! The records of a ZIP file, byte by byte.

use super::{DosTime, Member};

/// One member, as its records describe it.
pub(super) struct Entry<'a> {
    pub name: &'a str,
    pub size: u64,
    /// How much of the archive it takes.
    pub packed: u64,
    pub crc32: u32,
    /// Encrypted as `locked` does.
    pub locked: bool,
}

impl<'a> From<&'a Member> for Entry<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            name: &member.name,
            size: member.size,
            packed: member.size,
            crc32: member.crc32,
            locked: false,
        }
    }
}

const U32: u64 = u32::MAX as u64;
/// Bit 11: the name is UTF-8.
const FLAGS: u16 = 1 << 11;
const VERSION_PLAIN: u16 = 20;
const VERSION_64: u16 = 45;
const VERSION_AES: u16 = 51;
/// Bit 0: encrypted.
const ENCRYPTED: u16 = 1;
/// The method of what is encrypted by AES; the real one is in the extra field.
const METHOD_AES: u16 = 99;
/// AE-2, by AES-256, of stored content.
const EXTRA_AES: [u8; 11] = [0x01, 0x99, 7, 0, 2, 0, b'A', b'E', 3, 0, 0];
/// Made on Unix, so that the mode below counts.
const MADE_BY: u16 = 3 << 8 | VERSION_64;
/// A regular file, rw-r--r--.
const MODE: u32 = 0o100_644 << 16;

fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn short(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn put64(out: &mut Vec<u8>, values: &[u64]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// The extra field that holds what 32 bits can't.
fn extra(values: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    if !values.is_empty() {
        put16(&mut out, &[1, short(values.len() * 8)]);
        put64(&mut out, values);
    }
    out
}

impl Entry<'_> {
    fn is_large(&self) -> bool {
        self.packed >= U32
    }

    /// The fields from the version to the lengths, which both headers have.
    fn common(&self, out: &mut Vec<u8>, wide: bool, at: DosTime) {
        let (version, flags, method) = match (self.locked, wide) {
            (true, _) => (VERSION_AES, FLAGS | ENCRYPTED, METHOD_AES),
            (false, true) => (VERSION_64, FLAGS, 0),
            (false, false) => (VERSION_PLAIN, FLAGS, 0),
        };
        let lengths = if self.is_large() {
            [u32::MAX; 2]
        } else {
            [low(self.packed), low(self.size)]
        };
        put16(out, &[version, flags, method, at.time, at.date]);
        put32(out, &[self.crc32, lengths[0], lengths[1]]);
    }

    fn extra(&self, large: &[u64]) -> Vec<u8> {
        let mut extra = extra(large);
        if self.locked {
            extra.extend(EXTRA_AES);
        }
        extra
    }
}

pub(super) fn local_header(entry: &Entry<'_>, at: DosTime) -> Vec<u8> {
    let large = [entry.size, entry.packed];
    let extra = entry.extra(if entry.is_large() { &large } else { &[] });
    let mut out = Vec::with_capacity(30 + entry.name.len() + extra.len());
    put32(&mut out, &[0x0403_4b50]);
    entry.common(&mut out, entry.is_large(), at);
    put16(&mut out, &[short(entry.name.len()), short(extra.len())]);
    out.extend_from_slice(entry.name.as_bytes());
    out.extend_from_slice(&extra);
    out
}

pub(super) fn central_header(out: &mut Vec<u8>, entry: &Entry<'_>, offset: u64, at: DosTime) {
    let mut large = Vec::new();
    if entry.is_large() {
        large.extend([entry.size, entry.packed]);
    }
    if offset >= U32 {
        large.push(offset);
    }
    let extra = entry.extra(&large);
    put32(out, &[0x0201_4b50]);
    put16(out, &[MADE_BY]);
    entry.common(out, !large.is_empty(), at);
    put16(out, &[short(entry.name.len()), short(extra.len()), 0, 0, 0]);
    put32(out, &[MODE, low(offset)]);
    out.extend_from_slice(entry.name.as_bytes());
    out.extend_from_slice(&extra);
}

pub(super) fn end(out: &mut Vec<u8>, count: u64, start: u64, size: u64) {
    if count >= u64::from(u16::MAX) || start >= U32 || size >= U32 {
        put32(out, &[0x0606_4b50]);
        put64(out, &[44]);
        put16(out, &[MADE_BY, VERSION_64]);
        put32(out, &[0, 0]);
        put64(out, &[count, count, size, start]);
        put32(out, &[0x0706_4b50, 0]);
        put64(out, &[start + size]);
        put32(out, &[1]);
    }
    let few = u16::try_from(count).unwrap_or(u16::MAX);
    put32(out, &[0x0605_4b50]);
    put16(out, &[0, 0, few, few]);
    put32(out, &[low(size), low(start)]);
    put16(out, &[0]);
}
