//! Compressors of one content (DET-5): what is in them is found, and nothing hides behind them.

use std::io::Write;
use std::sync::LazyLock;

use lzma_rust2::{LzipOptions, LzipWriter, LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use proptest::prelude::*;
use sofie_inspector::{Limit, Limits, Outcome, eicar};

use super::build::{tar, tar_entry};
use super::{assert_clean, found, inspect, inspect_with, names};

pub fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn lzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = LzipWriter::new(Vec::new(), LzipOptions::with_preset(1));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn lzma(content: &[u8]) -> Vec<u8> {
    let options = LzmaOptions::with_preset(1);
    let mut encoder = LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(content: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(content, level)
}

pub fn lz4(content: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new().content_checksum(true);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// `.Z` with a code of nine bits for each byte of a short content.
fn compress(content: &[u8]) -> Vec<u8> {
    let mut packed = b"\x1f\x9d\x90".to_vec();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in content {
        bits |= u32::from(*byte) << held;
        held += 9;
        while held >= 8 {
            packed.push(u8::try_from(bits & 0xff).unwrap());
            bits >>= 8;
            held -= 8;
        }
    }
    packed.push(u8::try_from(bits).unwrap());
    packed
}

type Packer = fn(&[u8]) -> Vec<u8>;

const PACKERS: [(&str, Packer); 6] = [
    ("bz2", bzip2),
    ("xz", xz),
    ("lz", lzip),
    ("lzma", lzma),
    ("zst", zstd),
    ("lz4", lz4),
];

#[test]
fn what_is_packed_is_found_at_every_depth() {
    for (ending, pack) in PACKERS {
        let inner = [b"lead".repeat(50), eicar()].concat();
        let name = format!("e.com.{ending}");
        let report = inspect(&name, &pack(&inner));
        let finding = report
            .findings
            .iter()
            .find(|f| f.object.ends_with("/e.com"));
        assert_eq!(finding.unwrap().name, "eicar-test-file", "{ending}");
        let archive = tar(&[tar_entry(&name, b'0', &pack(&inner))]);
        let report = inspect("a.tar.bz2", &bzip2(&archive));
        found(&report, "eicar-test-file");
    }
    let report = inspect("e.txt.Z", &compress(&eicar()));
    assert_eq!(found(&report, "eicar-test-file").object, "e.txt.Z/e.txt");
}

#[test]
fn ordinary_content_is_clean() {
    let text = "Some text, and some text again.\n".repeat(3000);
    for (ending, pack) in PACKERS {
        assert_clean(&format!("a.txt.{ending}"), &pack(text.as_bytes()));
    }
    assert_clean("a.txt.Z", &compress(b"short text\n"));
    let archive = tar(&[tar_entry("a.txt", b'0', text.as_bytes())]);
    assert_clean("a.tar.xz", &xz(&archive));
    assert_clean("a.tbz2", &bzip2(&archive));
    assert_clean("a.tzst", &zstd(&archive));
}

#[test]
fn several_pieces_are_one_content() {
    let whole = eicar();
    let (head, tail) = whole.split_at(30);
    for (ending, pack) in PACKERS.into_iter().filter(|(ending, _)| *ending != "lzma") {
        let report = inspect(&format!("e.{ending}"), &[pack(head), pack(tail)].concat());
        assert!(names(&report).contains(&"eicar-test-file"), "{ending}");
    }
}

#[test]
fn what_stands_behind_is_a_finding() {
    for (ending, pack) in PACKERS {
        let file = [pack(b"text\n"), b"tail that is hidden".to_vec()].concat();
        let report = inspect(&format!("a.txt.{ending}"), &file);
        assert!(!report.findings.is_empty(), "{ending}");
        // Frames of nobody's content don't end the file.
        if ending == "zst" || ending == "lz4" {
            let skipped = [b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), pack(&eicar())].concat();
            let first = inspect(&format!("a.txt.{ending}"), &skipped);
            assert!(!names(&first).contains(&"type-mismatch"));
            found(&first, "eicar-test-file");
            let file = [pack(b"text\n"), skipped].concat();
            found(
                &inspect(&format!("a.txt.{ending}"), &file),
                "eicar-test-file",
            );
            let mut long = b"\x5f\x2a\x4d\x18\0\0\x02\0".to_vec();
            long.resize(8 + (2 << 16), 0);
            long.extend(pack(&eicar()));
            let media = &inspect("a.bin", &long).objects[0].media_type;
            assert_eq!(media, "application/zstd", "{ending}");
        }
    }
}

#[test]
fn windows_that_do_not_fit_are_incomplete() {
    let limits = Limits {
        memory: 1 << 20,
        ..Limits::STANDARD
    };
    for (name, file) in [("a.txt.xz", xz(b"text\n")), ("a.txt.lzma", lzma(b"text\n"))] {
        let report = inspect_with(limits, name, &file);
        let limit = Limit::Memory;
        assert_eq!(
            found(&report, "memory-limit").outcome,
            Outcome::Incomplete { limit }
        );
    }
    // A window of 2 GiB in the frame's header.
    let report = inspect("a.zst", b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00");
    found(&report, "memory-limit");
    // A content of 2^64 - 1 bytes, which is then the window.
    let endless = [&b"\x28\xb5\x2f\xfd\xe0"[..], &[0xff; 8]].concat();
    found(&inspect("a.zst", &endless), "memory-limit");
}

/// An xz file that says of its only block that its window is of 64 MiB.
fn wide_xz(content: &[u8]) -> Vec<u8> {
    let mut file = xz(content);
    let length = (usize::from(file[12]) + 1) * 4;
    let header = &mut file[12..12 + length];
    let filter = memchr::memmem::find(header, b"\x21\x01").unwrap();
    header[filter + 2] = 28;
    let (covered, checksum) = header.split_at_mut(length - 4);
    checksum.copy_from_slice(&crc32fast::hash(covered).to_le_bytes());
    file
}

/// An lzip file that says that its window is of 64 MiB.
fn wide_lzip(content: &[u8]) -> Vec<u8> {
    let mut file = lzip(content);
    file[5] = 26;
    file
}

#[test]
fn later_windows_count_too() {
    let (some, more) = (b"text\n".as_slice(), b"more\n".as_slice());
    let files = [
        ("a.txt.xz", [xz(some), wide_xz(more)].concat()),
        ("a.txt.lz", [lzip(some), wide_lzip(more)].concat()),
    ];
    for (name, file) in &files {
        let limits = Limits {
            memory: 32 << 20,
            ..Limits::STANDARD
        };
        found(&inspect_with(limits, name, file), "memory-limit");
    }
    let [_, (name, file)] = &files;
    assert_clean(name, file);
    assert_clean("a.txt.xz", &wide_xz(more));
}

static INFECTED: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let content = [b"lead".repeat(50), eicar()].concat();
    PACKERS
        .map(|(ending, pack)| (ending, pack(&content)))
        .to_vec()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damage_is_never_clean(
        which in 0_usize..6,
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
        cut in any::<bool>(),
    ) {
        let (ending, mut file) = INFECTED[which].clone();
        let at = at.index(file.len());
        if cut {
            file.truncate(at);
        } else {
            file[at] ^= change;
        }
        let report = inspect(&format!("e.txt.{ending}"), &file);
        prop_assert_eq!(report.bytes_seen, file.len() as u64);
        // Formats without a checksum may hold anything after a change; not after a cut.
        let checked = !matches!(ending, "lzma" | "zst");
        prop_assert!(!checked && !cut || at == 0 || !report.findings.is_empty(), "{}", ending);
    }
}
