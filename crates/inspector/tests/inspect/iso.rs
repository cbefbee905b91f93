//! CD images (DET-5): what any system shows of them is read.

use sofie_inspector::{Engine, Limits, Report, eicar};

use super::build::{deflated, zip};
use super::{found, inspect, inspect_with, names};

fn both(value: u32) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

fn iso_record(name: &[u8], sector: u32, size: usize, flags: u8) -> Vec<u8> {
    let mut record = vec![0, 0];
    record.extend(both(sector));
    record.extend(both(u32::try_from(size).unwrap()));
    record.extend([0; 7]);
    record.extend([flags, 0, 0, 1, 0, 0, 1, u8::try_from(name.len()).unwrap()]);
    record.extend(name);
    record.resize(record.len().next_multiple_of(2), 0);
    record[0] = u8::try_from(record.len()).unwrap();
    record
}

/// An image of one file, with a Joliet tree that shows the file at sector `joliet` if there is one.
pub fn iso(name: &str, content: &[u8], joliet: Option<u32>) -> Vec<u8> {
    let sector = |bytes: &[u8]| {
        let mut sector = bytes.to_vec();
        sector.resize(2048, 0);
        sector
    };
    let volume = |kind: u8, escape: &[u8], root: u32| {
        let mut bytes = vec![kind];
        bytes.extend(b"CD001\x01");
        bytes.resize(88, 0);
        bytes.extend(escape);
        bytes.resize(128, 0);
        bytes.extend([0, 8, 8, 0]);
        bytes.resize(156, 0);
        bytes.extend(iso_record(b"\0", root, 2048, 2));
        sector(&bytes)
    };
    let folder = |name: &[u8], root: u32, file: u32| {
        let own = iso_record(b"\0", root, 2048, 2);
        sector(
            &[
                own,
                iso_record(b"\x01", root, 2048, 2),
                iso_record(name, file, content.len(), 0),
            ]
            .concat(),
        )
    };
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let second = match joliet {
        Some(_) => volume(2, b"%/E", 20),
        None => volume(255, b"", 0),
    };
    let mut image = vec![0; 16 * 2048];
    image.extend([volume(1, b"", 19), second, volume(255, b"", 0)].concat());
    image.extend(folder(
        format!("{}.;1", name.to_uppercase()).as_bytes(),
        19,
        21,
    ));
    image.extend(folder(&wide, 20, joliet.unwrap_or(21)));
    image.extend(sector(content));
    image.extend(sector(b"other content"));
    image
}

#[test]
fn files_of_images_are_found() {
    let report = inspect("a.iso", &iso("e.com", &eicar(), Some(21)));
    assert!(
        report
            .objects
            .iter()
            .any(|object| object.path == "a.iso/e.com")
    );
    found(&report, "eicar-test-file");
}

#[test]
fn ordinary_images_are_nothing_but_images() {
    assert!(!is_told(&inspect("a.iso", &iso("a.txt", b"text\n", None))));
    assert!(!is_told(&inspect(
        "a.iso",
        &iso("a.txt", b"text\n", Some(21))
    )));
}

#[test]
fn trees_that_differ_and_udf_are_findings() {
    let moved = iso("a.txt", b"text\n", Some(22));
    found(&inspect("a.iso", &moved), "iso-trees-differ");
    let mut bridge = iso("a.txt", b"text\n", None);
    bridge[18 * 2048 + 1..18 * 2048 + 6].copy_from_slice(b"NSR02");
    found(&inspect("a.iso", &bridge), "iso-udf");
}

/// Whether anything is said but that it is an image.
fn is_told(report: &Report) -> bool {
    let image = ["type-disk-image", "name-dangerous-extension"];
    names(report).iter().any(|name| !image.contains(name))
}

/// Images have no checksums, so only their structure is damaged here, and what is in it is
/// found all the same or something is said.
#[test]
fn damaged_images_do_not_hide_what_is_in_them() {
    let content = zip(&[deflated("e.com", &eicar())]);
    for joliet in [None, Some(21)] {
        let image = iso("a.zip", &content, joliet);
        assert_eq!(
            found(&inspect("a.iso", &image), "eicar-test-file").engine,
            Engine::Eicar
        );
        let fields = (0..7).chain(88..91).chain(128..132).chain(156..190);
        let descriptors =
            (16..19).flat_map(|sector| fields.clone().map(move |at| sector * 2048 + at));
        let folders = (19..21).flat_map(|sector| (0..140).map(move |at| sector * 2048 + at));
        for at in descriptors.chain(folders) {
            for bit in 0..8 {
                let mut damaged = image.clone();
                damaged[at] ^= 1 << bit;
                // A longer record has bytes of its own behind its name: for every program the
                // records that were there are gone, and an image may have data of no file.
                let longer = [0, 34].contains(&(at % 2048)) && damaged[at] > image[at];
                let report = inspect("a.iso", &damaged);
                assert!(
                    is_told(&report) || at >= 19 * 2048 && longer,
                    "bit {bit} of {at}"
                );
            }
        }
        for length in (1..image.len()).step_by(311) {
            assert!(
                is_told(&inspect("a.iso", &image[..length])),
                "{length} bytes"
            );
        }
    }
}

/// An image, and the same with some bytes at a place in a sector replaced.
fn patched(image: &[u8], (sector, at): (usize, usize), bytes: &[u8]) -> Vec<u8> {
    let mut image = image.to_vec();
    let start = sector * 2048 + at;
    image[start..start + bytes.len()].copy_from_slice(bytes);
    image
}

#[test]
fn images_that_systems_read_differently_are_findings() {
    let (one, two) = (
        iso("a.txt", b"text\n", None),
        iso("a.txt", b"text\n", Some(21)),
    );
    // Two records of 34 bytes, then the file's of 40.
    let (file, free) = ((19, 68), (19, 68 + 40));
    let piece = [
        iso_record(b"A.TXT;1", 21, 2048, 0x80),
        iso_record(b"B.EXE;1", 22, 5, 0),
    ];
    let cases: [(&str, Vec<u8>); 9] = [
        ("iso-hidden-descriptor", patched(&one, (18, 0), &[1])),
        (
            "iso-two-volumes",
            patched(&two, (18, 0), &two[17 * 2048..18 * 2048]),
        ),
        ("iso-tree-not-supported", patched(&two, (17, 88), b"   ")),
        (
            "iso-block-size-not-supported",
            patched(&one, (16, 128), &[0, 4, 4, 0]),
        ),
        ("iso-extended-attributes", patched(&one, (16, 157), &[1])),
        ("iso-extended-attributes", patched(&one, (19, 69), &[1])),
        ("iso-hidden-record", patched(&one, (19, 1000), b"x")),
        ("iso-pieces-differ", patched(&one, file, &piece.concat())),
        // The same folder once more, and longer.
        (
            "iso-damaged",
            patched(&one, free, &iso_record(b"D", 19, 4096, 2)),
        ),
    ];
    for (name, image) in cases {
        found(&inspect("a.iso", &image), name);
    }
    let descriptors = [
        &one[..17 * 2048],
        &patched(&one, (17, 0), &[0])[17 * 2048..18 * 2048].repeat(64),
    ];
    found(
        &inspect("a.iso", &descriptors.concat()),
        "iso-hidden-descriptor",
    );
}

#[test]
fn names_of_both_trees_are_judged() {
    let image = iso("a.txt", b"text\n", Some(21));
    let report = inspect("a.iso", &patched(&image, (19, 68 + 33), b"A.EXE"));
    let finding = report.findings.iter().find(|f| f.object == "a.iso/A.EXE");
    assert_eq!(finding.unwrap().name, "name-dangerous-extension");
    // Three letters of an ending are as honest as all four.
    let types = b"<Types>wordprocessingml.document.main+xml</Types>";
    let document = zip(&[deflated("[Content_Types].xml", types)]);
    let image = iso("a.docx", &document, Some(21));
    assert!(!is_told(&inspect(
        "a.iso",
        &patched(&image, (19, 68 + 33), b"AA.DOC;1")
    )));
    let report = inspect("a.iso", &patched(&image, (19, 68 + 33), b"AA.PDF;1"));
    assert_eq!(found(&report, "type-mismatch").object, "a.iso/AA.PDF");
}

#[test]
fn records_of_images_take_memory() {
    let image = iso("a.txt", b"text\n", None);
    let limits = Limits {
        memory: (256 << 10) + 8000,
        ..Limits::STANDARD
    };
    found(&inspect_with(limits, "a.iso", &image), "memory-limit");
}
