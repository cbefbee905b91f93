//! Archives made by hand, right or wrong on purpose.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// A member, with what its local header and its central entry say.
#[derive(Clone)]
pub struct Member {
    pub local: Header,
    pub central: Option<Header>,
    pub data: Vec<u8>,
    /// Put behind the data.
    pub descriptor: Vec<u8>,
    /// Put behind everything: a gap.
    pub gap: Vec<u8>,
    pub attributes: u32,
    pub in_body: bool,
}

#[derive(Clone, Debug)]
pub struct Header {
    pub name: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub crc32: u32,
    pub packed: u32,
    pub unpacked: u32,
    pub extra: Vec<u8>,
}

impl Header {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![20, 0];
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0]);
        bytes.extend(self.crc32.to_le_bytes());
        bytes.extend(self.packed.to_le_bytes());
        bytes.extend(self.unpacked.to_le_bytes());
        bytes.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(self.extra.len()).unwrap().to_le_bytes());
        bytes
    }
}

fn member(name: &str, content: &[u8], method: u16, data: Vec<u8>) -> Member {
    let header = Header {
        name: name.as_bytes().to_vec(),
        flags: 0,
        method,
        crc32: crc32fast::hash(content),
        packed: u32::try_from(data.len()).unwrap(),
        unpacked: u32::try_from(content.len()).unwrap(),
        extra: Vec::new(),
    };
    Member {
        local: header.clone(),
        central: Some(header),
        data,
        descriptor: Vec::new(),
        gap: Vec::new(),
        attributes: 0,
        in_body: true,
    }
}

pub fn stored(name: &str, content: &[u8]) -> Member {
    member(name, content, 0, content.to_vec())
}

pub fn deflated(name: &str, content: &[u8]) -> Member {
    member(name, content, 8, deflate(content))
}

/// As programs write that can't go back: sizes behind the data.
pub fn streamed(name: &str, content: &[u8], signed: bool, wide: bool) -> Member {
    let mut member = deflated(name, content);
    let real = member.local.clone();
    member.local.flags = 8;
    member.central.as_mut().unwrap().flags = 8;
    (
        member.local.crc32,
        member.local.packed,
        member.local.unpacked,
    ) = (0, 0, 0);
    if signed {
        member.descriptor.extend(b"PK\x07\x08");
    }
    member.descriptor.extend(real.crc32.to_le_bytes());
    for size in [real.packed, real.unpacked] {
        if wide {
            member.descriptor.extend(u64::from(size).to_le_bytes());
        } else {
            member.descriptor.extend(size.to_le_bytes());
        }
    }
    member
}

pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// An archive of these members.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let mut count = 0_u16;
    for member in members {
        let offset = u32::try_from(archive.len()).unwrap();
        if member.in_body {
            archive.extend(b"PK\x03\x04");
            archive.extend(member.local.bytes());
            archive.extend(&member.local.name);
            archive.extend(&member.local.extra);
            archive.extend(&member.data);
            archive.extend(&member.descriptor);
            archive.extend(&member.gap);
        }
        let Some(central) = &member.central else {
            continue;
        };
        count += 1;
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(central.bytes());
        directory.extend([0; 6]);
        directory.extend(member.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&central.name);
        directory.extend(&central.extra);
    }
    let start = u32::try_from(archive.len()).unwrap();
    archive.extend(&directory);
    archive.extend(end(count, u32::try_from(directory.len()).unwrap(), start));
    archive
}

pub fn end(count: u16, length: u32, start: u32) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend(count.to_le_bytes());
    end.extend(count.to_le_bytes());
    end.extend(length.to_le_bytes());
    end.extend(start.to_le_bytes());
    end.extend([0, 0]);
    end
}

/// One tar entry of a type, without the archive's end.
pub fn tar_entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    let mut entry = block.to_vec();
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// Puts the right checksum into a header.
pub fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u64 = block[..512].iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = entries.concat();
    archive.extend([0; 1024]);
    archive
}

/// A compound file whose directory has these names, each a stream (2) or a storage (1).
pub fn compound(names: &[(&str, u8)]) -> Vec<u8> {
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(512, 0);
    for (name, kind) in [("Root Entry", 5)].iter().chain(names) {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([*kind, 1]);
        entry.resize(128, 0);
        file.extend(entry);
    }
    file.resize(file.len().next_multiple_of(512), 0);
    file
}
