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
    const END: u32 = 0xffff_fffe;
    const FREE: u32 = 0xffff_ffff;
    let mut fat: Vec<u32> = Vec::new();
    let mut sectors = Vec::new();
    let mut store = |bytes: &[u8]| {
        let start = fat.len();
        let count = bytes.len().div_ceil(512);
        fat.extend((1..=count).map(|n| {
            if n == count {
                END
            } else {
                u32::try_from(start + n).unwrap()
            }
        }));
        sectors.extend(bytes);
        sectors.resize(sectors.len().next_multiple_of(512), 0);
        if count == 0 {
            END
        } else {
            u32::try_from(start).unwrap()
        }
    };
    let (mut mini, mut mini_fat) = (Vec::new(), Vec::new());
    let mut places = Vec::new();
    for (_, _, content) in entries {
        let content = content.unwrap_or_default();
        places.push(if content.len() >= 4096 {
            store(content)
        } else {
            let (start, count) = (mini_fat.len(), content.len().div_ceil(64));
            let next = |n| {
                if n == count {
                    END
                } else {
                    u32::try_from(start + n).unwrap()
                }
            };
            mini_fat.extend((1..=count).map(next));
            mini.extend(content);
            mini.resize(mini.len().next_multiple_of(64), 0);
            if count == 0 {
                END
            } else {
                u32::try_from(start).unwrap()
            }
        });
    }
    let root = store(&mini);
    mini_fat.resize(mini_fat.len().next_multiple_of(128), FREE);
    let table: Vec<u8> = mini_fat
        .iter()
        .flat_map(|next| next.to_le_bytes())
        .collect();
    let mini_table = store(&table);
    let mut directory = Vec::new();
    let all = [("Root Entry", usize::MAX, None)];
    for (index, (name, parent, content)) in all.iter().chain(entries).enumerate() {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([
            if index == 0 {
                5
            } else if content.is_some() {
                2
            } else {
                1
            },
            1,
        ]);
        // Siblings hang on one another to the right.
        let of = |storage: usize, from: usize| {
            let next = entries
                .iter()
                .enumerate()
                .position(|(at, e)| at >= from && e.1 == storage);
            next.map_or(FREE, |at| u32::try_from(at + 1).unwrap())
        };
        entry.extend(FREE.to_le_bytes());
        entry.extend(if index == 0 { FREE } else { of(*parent, index) }.to_le_bytes());
        entry.extend(
            if content.is_some() {
                FREE
            } else {
                of(index, 0)
            }
            .to_le_bytes(),
        );
        entry.resize(116, 0);
        let place = if index == 0 { root } else { places[index - 1] };
        let size = if index == 0 {
            mini.len()
        } else {
            content.map_or(0, <[u8]>::len)
        };
        entry.extend(place.to_le_bytes());
        entry.extend(u32::try_from(size).unwrap().to_le_bytes());
        entry.resize(128, 0);
        directory.extend(entry);
    }
    let directory = store(&directory);
    let fat_sectors = (fat.len() + fat.len() / 127 + 2).div_ceil(128);
    let first = u32::try_from(fat.len()).unwrap();
    fat.extend(vec![0xffff_fffd; fat_sectors]);
    fat.resize(fat_sectors * 128, FREE);
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(24, 0);
    file.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    file.resize(44, 0);
    let numbers = [
        u32::try_from(fat_sectors).unwrap(),
        directory,
        0,
        4096,
        mini_table,
        1,
        END,
        0,
    ];
    numbers
        .iter()
        .for_each(|number| file.extend(number.to_le_bytes()));
    for index in 0..109 {
        let sector = if index < fat_sectors {
            first + u32::try_from(index).unwrap()
        } else {
            FREE
        };
        file.extend(sector.to_le_bytes());
    }
    file.extend(sectors);
    fat.iter().for_each(|next| file.extend(next.to_le_bytes()));
    file
}
