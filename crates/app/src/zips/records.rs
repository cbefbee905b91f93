//! The records of a ZIP file, byte by byte.

use super::{DosTime, Member};

const U32: u64 = u32::MAX as u64;
/// Bit 11: the name is UTF-8.
const FLAGS: u16 = 1 << 11;
const VERSION_PLAIN: u16 = 20;
const VERSION_64: u16 = 45;
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

pub(super) fn local_header(member: &Member, at: DosTime) -> Vec<u8> {
    let large = member.size >= U32;
    let extra = if large {
        extra(&[member.size, member.size])
    } else {
        Vec::new()
    };
    let mut out = Vec::with_capacity(30 + member.name.len() + extra.len());
    put32(&mut out, &[0x0403_4b50]);
    let version = if large { VERSION_64 } else { VERSION_PLAIN };
    put16(&mut out, &[version, FLAGS, 0, at.time, at.date]);
    put32(
        &mut out,
        &[member.crc32, low(member.size), low(member.size)],
    );
    put16(&mut out, &[short(member.name.len()), short(extra.len())]);
    out.extend_from_slice(member.name.as_bytes());
    out.extend_from_slice(&extra);
    out
}

pub(super) fn central_header(out: &mut Vec<u8>, member: &Member, offset: u64, at: DosTime) {
    let mut large = Vec::new();
    if member.size >= U32 {
        large.extend([member.size, member.size]);
    }
    if offset >= U32 {
        large.push(offset);
    }
    let version = if large.is_empty() {
        VERSION_PLAIN
    } else {
        VERSION_64
    };
    let extra = extra(&large);
    put32(out, &[0x0201_4b50]);
    put16(out, &[MADE_BY, version, FLAGS, 0, at.time, at.date]);
    put32(out, &[member.crc32, low(member.size), low(member.size)]);
    put16(
        out,
        &[short(member.name.len()), short(extra.len()), 0, 0, 0],
    );
    put32(out, &[MODE, low(offset)]);
    out.extend_from_slice(member.name.as_bytes());
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
