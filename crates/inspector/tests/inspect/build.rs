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

/// A compound file whose directory has these names, each an empty stream (2) or storage (1).
pub fn compound(names: &[(&str, u8)]) -> Vec<u8> {
    let entries: Vec<Stored> = names
        .iter()
        .map(|(name, kind)| (*name, 0, (*kind == 2).then_some(&b""[..])))
        .collect();
    compound_of(&entries)
}

/// A name, the number of the storage that holds it (0 is the root), and its content.
pub type Stored<'a> = (&'a str, usize, Option<&'a [u8]>);

/// A compound file with these entries, whose numbers begin at 1; storages have no content.
pub fn compound_of(entries: &[Stored]) -> Vec<u8> {
    let (mut sectors, mut mini) = (Units::of(512), Units::of(64));
    let mut places = Vec::new();
    for (_, _, content) in entries {
        let content = content.unwrap_or_default();
        let units = if content.len() >= 4096 {
            &mut sectors
        } else {
            &mut mini
        };
        places.push((units.store(content), content.len()));
    }
    let root = (sectors.store(&mini.bytes), mini.bytes.len());
    let mini_table = sectors.store(&mini.table_of(mini.next.len().div_ceil(128)));
    let directory = sectors.store(&directory(entries, root, &places));
    let used = sectors.next.len();
    let count = (used + used / 127 + 2).div_ceil(128);
    sectors.next.extend(vec![TABLE; count]);
    let table = sectors.table_of(count);
    let mut file = compound_header(number(count), directory, mini_table, number(used));
    file.extend(sectors.bytes);
    file.extend(table);
    file
}

const FREE: u32 = 0xffff_ffff;
const END: u32 = 0xffff_fffe;
const TABLE: u32 = 0xffff_fffd;

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap()
}

/// Sectors or mini sectors, and the table of which follows which.
struct Units {
    size: usize,
    bytes: Vec<u8>,
    next: Vec<u32>,
}

impl Units {
    fn of(size: usize) -> Self {
        let (bytes, next) = (Vec::new(), Vec::new());
        Self { size, bytes, next }
    }

    /// Adds content as a chain of its own and says where it begins.
    fn store(&mut self, content: &[u8]) -> u32 {
        if content.is_empty() {
            return END;
        }
        let start = self.next.len();
        let last = start + content.len().div_ceil(self.size) - 1;
        self.next.extend((start..last).map(|at| number(at + 1)));
        self.next.push(END);
        self.bytes.extend(content);
        self.bytes.resize(self.next.len() * self.size, 0);
        number(start)
    }

    /// The table as it is written in so many sectors.
    fn table_of(&self, sectors: usize) -> Vec<u8> {
        let mut next = self.next.clone();
        next.resize(sectors * 128, FREE);
        next.iter().flat_map(|next| next.to_le_bytes()).collect()
    }
}

/// The directory: the root, then the entries. Siblings hang on one another to the right.
fn directory(entries: &[Stored], root: (u32, usize), places: &[(u32, usize)]) -> Vec<u8> {
    let of = |storage: usize, from: usize| {
        let mut rest = entries.iter().enumerate().skip(from);
        rest.find(|(_, entry)| entry.1 == storage)
            .map_or(FREE, |(at, _)| number(at + 1))
    };
    let mut bytes = entry("Root Entry", 5, [FREE, of(0, 0)], root);
    for (index, (name, parent, content)) in entries.iter().enumerate() {
        let right = of(*parent, index + 1);
        bytes.extend(if content.is_some() {
            entry(name, 2, [right, FREE], places[index])
        } else {
            entry(name, 1, [right, of(index + 1, 0)], (END, 0))
        });
    }
    bytes
}

/// One entry of the directory; `links` are its right sibling and its first child.
fn entry(name: &str, kind: u8, links: [u32; 2], (start, size): (u32, usize)) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u16::try_from(entry.len() + 2).unwrap();
    entry.resize(64, 0);
    entry.extend(length.to_le_bytes());
    entry.extend([kind, 1]);
    entry.extend(FREE.to_le_bytes());
    entry.extend(links.into_iter().flat_map(u32::to_le_bytes));
    entry.resize(116, 0);
    entry.extend([start, number(size)].into_iter().flat_map(u32::to_le_bytes));
    entry.resize(128, 0);
    entry
}

/// The first sector; the allocation table lies in `count` sectors from `first` on.
fn compound_header(count: u32, directory: u32, mini_table: u32, first: u32) -> Vec<u8> {
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(24, 0);
    file.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    file.resize(44, 0);
    let fixed = [count, directory, 0, 4096, mini_table, 1, END, 0];
    let table = (first..first + count)
        .chain(std::iter::repeat(FREE))
        .take(109);
    file.extend(fixed.into_iter().chain(table).flat_map(u32::to_le_bytes));
    file
}
