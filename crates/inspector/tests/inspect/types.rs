//! Real types and honest names (DET-4).

use sofie_inspector::{Outcome, eicar};

use super::{assert_clean, found, inspect, names};

fn program() -> Vec<u8> {
    let mut program = b"MZ\x90\0".to_vec();
    program.resize(200, 0);
    program
}

#[test]
fn honest_files_are_clean() {
    assert_clean("a.txt", b"text\n");
    assert_clean("a.csv", b"a;b;c\n1;2;3\n");
    assert_clean("a.json", b"{\"a\": 1}");
    assert_clean("notes", b"text\n");
    assert_clean("a.png", b"\x89PNG\r\n\x1a\n....");
    assert_clean("a.jpg", b"\xff\xd8\xff\xe0....");
    assert_clean("a.html", b"<!DOCTYPE html><html></html>");
    assert_clean("a.bin", &[0x9c, 0, 1, 2, 3, 0xff, 0xfe]);
    assert_clean("empty.pdf", b"");
    assert_clean(
        "p\u{159}\u{ed}loha.v2.txt",
        "p\u{159}\u{ed}li\u{161}\n".as_bytes(),
    );
    assert_clean(
        "windows.txt",
        b"p\xf8\xedli\x9a \x9elu\x9dou\xe8k\xfd k\xf9\xf2, ordinary words around it\r\n",
    );
}

#[test]
fn programs_are_programs_whatever_their_name() {
    found(&inspect("setup.exe", &program()), "type-executable");
    let disguised = inspect("photo.jpg", &program());
    found(&disguised, "type-executable");
    found(&disguised, "type-executable-in-disguise");
    found(&inspect("a", b"\x7fELF\x02\x01\x01"), "type-executable");
    found(&inspect("a.sh", b"#!/bin/sh\necho\n"), "type-script");
    found(
        &inspect("a.lnk", b"\x4c\0\0\0\x01\x14\x02\0....."),
        "type-shortcut",
    );
    found(&inspect("a.js", b"alert(1)\n"), "name-dangerous-extension");
}

#[test]
fn containers_that_are_not_opened_are_never_clean() {
    let kinds: [(&str, &[u8]); 5] = [
        ("a.arj", b"\x60\xea.."),
        ("a.lzh", b"..-lh5-......"),
        ("a.ace", b".......**ACE**..."),
        ("a.wim", b"MSWIM\0\0\0abcd"),
        ("a.chm", b"ITSF\x03\0\0\0"),
    ];
    for (name, content) in kinds {
        let report = inspect(name, content);
        assert_eq!(
            found(&report, "container-not-supported").outcome,
            Outcome::Unsupported,
            "{name}"
        );
    }
    // Disk images are told by their ends.
    let footer = |start: &[u8], length: usize| {
        let mut file = vec![7; 3000];
        file.extend(start);
        file.resize(3000 + length, 0);
        file
    };
    for (name, image) in [
        ("a.dmg", footer(b"koly\0\0\0\x04\0\0\x02\0", 512)),
        ("a.vhd", footer(b"conectix", 512)),
        ("a.vhd", footer(b"conectix", 511)),
    ] {
        let report = inspect(name, &image);
        found(&report, "container-not-supported");
        found(&report, "type-disk-image");
        assert!(!names(&report).contains(&"type-mismatch"));
    }
    let mut iso = vec![0; 0x8001];
    iso.extend(b"CD001\x01\0");
    let report = inspect("a.iso", &iso);
    found(&report, "iso-damaged");
    found(&report, "type-disk-image");
}

#[test]
fn names_that_lie_are_findings() {
    assert_eq!(names(&inspect("a.pdf", b"just text\n")), ["type-mismatch"]);
    assert_eq!(
        names(&inspect("a.png", b"\xff\xd8\xff\xe0....")),
        ["type-mismatch"]
    );
    found(
        &inspect("cod\u{202e}fdp.exe", &program()),
        "name-bidi-control",
    );
    found(&inspect("invoice.pdf.js", b"x\n"), "name-double-extension");
    found(
        &inspect("invoice.pdf.exe. ", &program()),
        "name-double-extension",
    );
    let shown = &inspect("cod\u{202e}x\n.txt", b"t\n").objects[0].path;
    assert_eq!(shown, "cod\\u{202e}x\\u{a}.txt");
}

#[test]
fn eicar_is_found_anywhere_in_a_stream() {
    for lead in [0, 1, 60, 65_469, 65_500, 65_535, 65_536, 131_040, 300_000] {
        let content = [vec![b'.'; lead], eicar(), vec![b'.'; lead]].concat();
        assert_eq!(
            names(&inspect("a.txt", &content)),
            ["eicar-test-file"],
            "behind {lead} bytes"
        );
    }
    let mut almost = eicar();
    almost[67] = b'+';
    assert_clean("a.txt", &almost);
}
