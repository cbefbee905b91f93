//! 7z and RAR, and what all archives have in common (DET-5, DET-6): read out of order, strictly, or not clean.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter};
use sofie_inspector::{Limit, Limits, Outcome, eicar};

use super::build::{deflated, tar, tar_entry, zip};
use super::cab::cabinet;
use super::iso::iso;
use super::{assert_clean, found, inspect, inspect_with, names, noise};

type Files<'a> = &'a [(&'a str, &'a [u8])];

pub fn seven_zip(files: Files) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, content) in files {
        let entry = ArchiveEntry::new_file(name);
        writer.push_archive_entry(entry, Some(*content)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The start header and what it is true of.
fn sealed_7z(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let mut start = (packed.len() as u64).to_le_bytes().to_vec();
    start.extend((header.len() as u64).to_le_bytes());
    start.extend(crc32fast::hash(header).to_le_bytes());
    [
        b"7z\xbc\xaf\x27\x1c\0\x04",
        &crc32fast::hash(&start).to_le_bytes()[..],
        &start,
        packed,
        header,
    ]
    .concat()
}

/// One stored byte under a password, once with its name in the clear and once without.
const ENCRYPTED: [(&str, &str); 2] = [
    (
        "encrypted-7z-member",
        "377abcaf271c0004ed73b566100000000000000062000000000000009690576fa87f25a8f88f413e68d3ccd1b741aa710104060001091000070b0100022406f1070112530f16f32aff7297bc417a27c05d2dc1fd3a2121010001000c050100080a018316dc8c000005011901001109006f006e006500000019020000140a010072fcee0dcb7add01150601002080a4810000",
    ),
    (
        "encrypted-7z-header",
        "377abcaf271c0004e177d0d580000000000000002e00000000000000c0e503b90fbe4611cefd3c3957442b32b6c087557e2be60b392f91a86cf22b4ab4efb945e97362a58e8e0301599c7b9c275bcf872579bf1308d523b750b8659a1c92cb32021f55a07863becbb3e4b3b015c25919840e3213b05fef44d959bd4a2ea168e751144400a9eef347e3c7c20488fe606cf92189a9d3f63bb2b6bd9a3cd68d20ac17061001097000070b0100012406f1070112530f805f357fb8df3b909ec9e55eadda5ccb0c620a01238f71d30000",
    ),
];

fn vint(value: usize) -> Vec<u8> {
    let (low, high) = (u8::try_from(value & 0x7f).unwrap(), value >> 7);
    if high == 0 {
        vec![low]
    } else {
        [vec![low | 0x80], vint(high)].concat()
    }
}

fn rar_block(fields: &[u8]) -> Vec<u8> {
    let block = [vint(fields.len()), fields.to_vec()].concat();
    [crc32fast::hash(&block).to_le_bytes().to_vec(), block].concat()
}

/// A stored file (2) or service (3) of RAR 5.
fn rar_member(kind: u8, name: &str, content: &[u8]) -> Vec<u8> {
    let mut fields = [
        vec![kind, 2],
        vint(content.len()),
        vec![4],
        vint(content.len()),
        vec![0x20],
    ]
    .concat();
    fields.extend(crc32fast::hash(content).to_le_bytes());
    fields.extend([vec![0, 1], vint(name.len()), name.as_bytes().to_vec()].concat());
    [rar_block(&fields), content.to_vec()].concat()
}

fn rar_of(blocks: &[Vec<u8>]) -> Vec<u8> {
    [
        b"Rar!\x1a\x07\x01\0".to_vec(),
        rar_block(&[1, 0, 0]),
        blocks.concat(),
        rar_block(&[5, 0, 0]),
    ]
    .concat()
}

/// RAR 5 with stored members.
pub fn rar(files: Files) -> Vec<u8> {
    let members = files
        .iter()
        .map(|(name, content)| rar_member(2, name, content));
    rar_of(&members.collect::<Vec<_>>())
}

fn old_rar_block(kind: u8, flags: u16, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(flags.to_le_bytes());
    bytes.extend(u16::try_from(rest.len() + 7).unwrap().to_le_bytes());
    bytes.extend(rest);
    let crc = crc32fast::hash(&bytes).to_le_bytes();
    [&crc[..2], &bytes].concat()
}

/// A stored file (0x74) or service (0x7a) of RAR 4.
fn old_rar_member(kind: u8, name: &str, content: &[u8], flags: u16) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let mut rest = [
        &size[..],
        &size,
        &[3],
        &crc32fast::hash(content).to_le_bytes(),
        &[0; 4],
        &[20, 0x30],
    ]
    .concat();
    rest.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    rest.extend([&0o100_644_u32.to_le_bytes(), name.as_bytes()].concat());
    let block = old_rar_block(kind, 0x8000 | flags, &rest);
    [block, content.to_vec()].concat()
}

fn old_rar_of(blocks: &[Vec<u8>]) -> Vec<u8> {
    [
        b"Rar!\x1a\x07\0".to_vec(),
        old_rar_block(0x73, 0, &[0; 6]),
        blocks.concat(),
        old_rar_block(0x7b, 0x4000, &[]),
    ]
    .concat()
}

/// RAR 4 with stored members.
fn old_rar(files: Files, flags: u16) -> Vec<u8> {
    let members = files
        .iter()
        .map(|(name, content)| old_rar_member(0x74, name, content, flags));
    old_rar_of(&members.collect::<Vec<_>>())
}

/// What can be found only by opening the archive, since it does not lie open in it.
static INFECTED: LazyLock<Vec<(&str, Vec<u8>)>> =
    LazyLock::new(|| samples("d/e.zip", &zip(&[deflated("e.com", &eicar())])));
static HARMLESS: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let mut all = samples("d/e.txt", b"text\n");
    all.push(("a.iso", iso("a.txt", b"text\n", Some(21))));
    all
});

fn samples(name: &str, content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let files: Files = &[("a.txt", b"text\n"), (name, content)];
    vec![
        ("a.7z", seven_zip(files)),
        ("a.rar", rar(files)),
        ("a.rar", old_rar(files, 0)),
        ("a.cab", cabinet(files, false)),
        ("a.cab", cabinet(files, true)),
    ]
}

#[test]
fn members_are_found_at_every_depth() {
    for (name, archive) in samples("d/e.com", &eicar()) {
        let report = inspect(name, &archive);
        let path = format!("{name}/d/e.com");
        assert!(
            report
                .findings
                .iter()
                .any(|f| f.name == "eicar-test-file" && f.object == path),
            "{report:?}"
        );
        let inner = [(name, archive.as_slice())];
        for (outer, archive) in [
            ("o.7z", seven_zip(&inner)),
            ("o.rar", rar(&inner)),
            ("o.cab", cabinet(&inner, true)),
            ("o.zip", zip(&[deflated(name, &archive)])),
        ] {
            let report = inspect(outer, &archive);
            let path = format!("{outer}/{name}/d/e.com");
            assert!(
                report
                    .findings
                    .iter()
                    .any(|f| f.name == "eicar-test-file" && f.object == path),
                "{report:?}"
            );
        }
    }
}

#[test]
fn ordinary_archives_are_clean() {
    let text = "Some text, and more of it.\n".repeat(1000);
    let files: Files = &[
        ("a.txt", text.as_bytes()),
        ("b/c.txt", b"text\n"),
        ("empty.txt", b""),
    ];
    assert_clean("a.7z", &seven_zip(files));
    assert_clean("a.rar", &rar(files));
    assert_clean("a.rar", &old_rar(files, 0));
    assert_clean("a.cab", &cabinet(&files[..2], true));
    let archive = tar(&[tar_entry("a.7z", b'0', &seven_zip(files))]);
    assert_clean("a.tar", &archive);
}

#[test]
fn encrypted_archives_are_told() {
    for (name, hex) in ENCRYPTED {
        let report = inspect("a.7z", &hex::decode(hex).unwrap());
        assert_eq!(found(&report, name).outcome, Outcome::Encrypted);
    }
    let old = old_rar(&[("a.txt", b"0123456789abcdef")], 4);
    assert_eq!(
        found(&inspect("a.rar", &old), "encrypted-rar-member").object,
        "a.rar/a.txt"
    );
    let mut header = b"Rar!\x1a\x07\x01\0".to_vec();
    header.extend(rar_block(&[4, 0, 0, 0, 15]));
    found(&inspect("a.rar", &header), "encrypted-rar-header");
}

#[test]
fn what_no_member_is_made_of_is_a_finding() {
    for (name, archive) in samples("d/e.txt", b"text\n") {
        let report = inspect(name, &[archive, b"tail".to_vec()].concat());
        let outcomes = report.findings.iter().map(|finding| finding.outcome);
        assert!(
            outcomes
                .into_iter()
                .any(|o| matches!(o, Outcome::Suspicious { .. })),
            "{report:?}"
        );
    }
    let split = [
        b"Rar!\x1a\x07\x01\0".to_vec(),
        rar_block(&[1, 0, 1]),
        rar_block(&[5, 0, 1]),
    ]
    .concat();
    found(&inspect("a.rar", &split), "rar-split");
    found(&inspect("a.rar", b"RE~^...."), "rar-version-not-supported");
}

#[test]
fn second_streams_and_other_services_of_rar_are_not_supported() {
    let files = [
        ("a.rar", rar_member(2, "a.txt", b"text\n")),
        ("b.rar", old_rar_member(0x74, "a.txt", b"text\n", 0)),
    ];
    for service in ["CMT", "QO", "RR", "STM", "ACL", "STMX", ""] {
        let archives = [
            rar_of(&[files[0].1.clone(), rar_member(3, service, b"MZ")]),
            old_rar_of(&[files[1].1.clone(), old_rar_member(0x7a, service, b"MZ", 0)]),
        ];
        for ((name, _), archive) in files.iter().zip(archives) {
            let report = inspect(name, &archive);
            let harmless = matches!(service, "CMT" | "QO" | "RR");
            let told = names(&report).contains(&"rar-service-not-supported");
            assert_eq!(told, !harmless, "{service} in {name}: {report:?}");
        }
    }
    let unknown = rar_of(&[files[0].1.clone(), rar_block(&[6, 4, 0])]);
    found(&inspect("a.rar", &unknown), "rar-service-not-supported");
    // A subblock of RAR 2: the size of its data, its kind (stream), its level.
    let stream = old_rar_block(0x77, 0x8000, &[2, 0, 0, 0, 5, 1, 0]);
    let old = old_rar_of(&[files[1].1.clone(), stream, b"MZ".to_vec()]);
    found(&inspect("a.rar", &old), "rar-service-not-supported");
}

#[test]
fn packed_data_of_no_member_is_a_finding() {
    assert_clean("a.7z", &sealed_7z(b"", b""));
    let report = inspect("a.7z", &sealed_7z(b"data without a table of contents", b""));
    found(&report, "7z-unused-data");
    // Encrypted data (method 06f10701) of a table of contents without files.
    let (name, whole) = ENCRYPTED[0];
    let whole = hex::decode(whole).unwrap();
    let (packed, header) = whole[32..].split_at(16);
    assert_eq!(sealed_7z(packed, header), whole);
    let substreams = memchr::memmem::find(header, b"\x08\x0a\x01").unwrap();
    let header = [&header[..substreams], b"\x08\x0d\0\0\0\x05\0\0\0"].concat();
    let report = inspect("a.7z", &sealed_7z(packed, &header));
    assert_eq!(names(&report), ["7z-unused-data"], "instead of {name}");
}

#[test]
fn memory_is_a_limit() {
    let limits = Limits {
        memory: 1 << 18,
        ..Limits::STANDARD
    };
    let noise = noise(1_000_000);
    let files: Files = &[("a.bin", &noise)];
    let archives = [
        ("a.7z", seven_zip(files)),
        ("a.rar", rar(files)),
        ("a.rar", old_rar(files, 0)),
    ];
    for (name, archive) in archives {
        let limit = Limit::Memory;
        let report = inspect_with(limits, name, &archive);
        assert_eq!(
            found(&report, "memory-limit").outcome,
            Outcome::Incomplete { limit },
            "{name}"
        );
    }
}

/// Where an archive of RAR 4 as in [`samples`] ends without its last members.
fn old_rar_borders() -> [usize; 2] {
    let (empty, end) = (
        old_rar(&[], 0).len(),
        old_rar_block(0x7b, 0x4000, &[]).len(),
    );
    let one = old_rar(&[("a.txt", b"text\n")], 0).len();
    [empty - end, one - end]
}

/// Every byte of these formats is under a checksum or in the layout that is checked.
#[test]
fn damage_is_never_clean() {
    for (name, archive) in INFECTED.iter() {
        for at in 0..archive.len() {
            for bit in 0..8 {
                let mut damaged = archive.clone();
                damaged[at] ^= 1 << bit;
                let report = inspect(name, &damaged);
                assert!(!report.findings.is_empty(), "{name}: bit {bit} of {at}");
            }
        }
    }
}

#[test]
fn parts_of_archives_are_never_clean() {
    for (name, archive) in INFECTED.iter() {
        // RAR 4 may end behind any block.
        let whole = if archive.starts_with(b"Rar!\x1a\x07\0") {
            old_rar_borders().to_vec()
        } else {
            Vec::new()
        };
        for length in (1..archive.len()).filter(|length| !whole.contains(length)) {
            let report = inspect(name, &archive[..length]);
            assert!(!report.findings.is_empty(), "{name}: {length} bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rubbish_is_survived(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (name, mut archive) = HARMLESS[which].clone();
        for (at, value) in changes {
            let at = at.index(archive.len());
            archive[at] = value;
        }
        let report = inspect(name, &archive);
        prop_assert_eq!(report.bytes_seen, archive.len() as u64);
    }
}
