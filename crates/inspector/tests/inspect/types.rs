//! Real types and honest names (DET-4).

use sofie_inspector::{Outcome, eicar};

use super::build::{stored, zip};
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
    found(
        &inspect("a.js.exe", b"alert(1)\n"),
        "name-dangerous-extension",
    );
}

#[test]
fn scripts_are_not_programs() {
    for ending in [
        "js", "py", "sh", "ps1", "bat", "cmd", "vbs", "hta", "pl", "wsf",
    ] {
        let report = inspect(&format!("a.{ending}"), b"alert(1)\n");
        assert_eq!(names(&report), ["name-script-extension"], "{ending}");
    }
}

#[test]
fn containers_that_are_not_opened_are_never_clean() {
    let kinds: [(&str, &[u8]); 5] = [
        ("a.arj", b"\x60\xea\x2c\0"),
        ("a.lzh", b"..-lh5-......"),
        ("a.ace", b"..\x31\0\0..**ACE**..."),
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

#[test]
fn what_macos_puts_beside_a_file_bears_its_name() {
    let beside = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ";
    assert_clean(
        "a.zip",
        &zip(&[stored("__MACOSX/._photo.jpg", beside.as_slice())]),
    );
    assert_eq!(names(&inspect("photo.jpg", beside)), ["type-mismatch"]);
    assert_eq!(
        names(&inspect("._photo.jpg", b"\0 no such file")),
        ["type-mismatch"]
    );
    found(&inspect("._a.hta", beside), "name-script-extension");
    // With the file's own content in it.
    let single = inspect("a", b"\0\x05\x16\0\0\x02\0\0Mac OS X        ");
    found(&single, "container-not-supported");
}

#[test]
fn endings_of_several_kinds_promise_nothing() {
    let certificate = b"\x30\x82\x03\x21\x30\x82\x02\x09\xa0\x03\x02\x01\x02\x02\x14";
    assert_clean("values.dat", b"\x01\0\x02\0\x03\0");
    for name in ["a.cer", "a.crt", "a.p7b"] {
        assert_clean(name, certificate);
        assert_clean(name, b"-----BEGIN CERTIFICATE-----\nMIID\n");
    }
    assert_eq!(
        inspect("a.cer", certificate).objects[0].media_type,
        "application/x-der"
    );
    found(&inspect("a.dat", &program()), "type-executable-in-disguise");
}

/// "Příloha, the appendix" and the like, in the encodings of before UTF-8.
const OLD_TEXTS: [(&str, &[u8]); 5] = [
    (
        "cp1251",
        b"\xcf\xf0\xe8\xeb\xee\xe6\xe5\xed\xe8\xe5 \xef\xe5\xf0\xe2\xee\xe5\r\n",
    ),
    (
        "KOI8-R",
        b"\xf0\xd2\xc9\xcc\xcf\xd6\xc5\xce\xc9\xc5 \xd0\xc5\xd2\xd7\xcf\xc5\r\n",
    ),
    (
        "GBK",
        b"\xb8\xbd\xbc\xfe\xb5\xda\xd2\xbb\xba\xc5\xce\xc4\xbc\xfe\r\n",
    ),
    (
        "Shift-JIS",
        b"\x93\x59\x95\x74\x83\x74\x83\x40\x83\x43\x83\x8b\r\n",
    ),
    ("DOS", b"P\xfd\xa1loha\r\n\x1a\x1a"),
];

#[test]
fn text_is_text_in_old_encodings() {
    for (encoding, text) in OLD_TEXTS {
        for name in ["a.txt", "a.csv"] {
            assert_eq!(names(&inspect(name, text)), [""; 0], "{encoding}");
            let media = &inspect(name, text).objects[0].media_type;
            assert_eq!(media, "text/plain", "{encoding}");
        }
    }
    let words = "P\u{159}\u{ed}loha a dal\u{161}\u{ed} slova\r\n";
    let wide =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { words.encode_utf16().flat_map(bytes).collect() };
    for text in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        assert_clean("a.txt", &text);
    }
    // Odd characters, but nothing that only other files have.
    assert_clean("a.log", b"STX \x02 ETX \x03\n");
    assert_eq!(
        names(&inspect("a.log", b"STX \x02\0 ETX \x03\n")),
        ["type-mismatch"]
    );
    assert_eq!(
        names(&inspect("a.pdf", b"STX \x02 ETX \x03\n")),
        ["type-mismatch"]
    );
}

#[test]
fn text_that_begins_like_something_else_is_text() {
    let starts = [
        "MZDY;",
        "FWS;",
        "CWS,",
        "ID3 ",
        "PAR1",
        "AC10 ",
        "LZIP ",
        "Cr24",
        "xar! ",
        "070701/",
        "070707;x",
        "BM;",
        "xx-lhx ",
        "1234free",
        "MThd",
        "a b: ISc(",
    ];
    for start in starts {
        let text = format!(
            "{start}{}",
            "jm\u{e9}no;p\u{159}\u{ed}jmen\u{ed};plat\r\n".repeat(9)
        );
        assert_clean("mzdy.csv", text.as_bytes());
    }
    let media = |content: &[u8]| inspect("a", content).objects[0].media_type.to_string();
    let mut shy = b"MZ".to_vec();
    shy.resize(9000, b'x');
    assert_eq!(media(&shy), "text/plain");
    // One byte that text never has is enough.
    for at in [2, 8999] {
        let mut program = shy.clone();
        program[at] = 1;
        found(&inspect("mzdy.csv", &program), "type-executable");
    }
    assert_eq!(media(b"ID3\x03\0\0"), "audio/mpeg");
    assert_eq!(media(b"LZIP\x01\x0c"), "application/x-lzip");
    // A form that may be text all through is what it says it is.
    assert_eq!(media(b"MZ then %PDF-1.4\n"), "application/pdf");
    let name = "n".repeat(70_000);
    let archive = format!("070701{:094}{:08x}{:08}{name}", 0, name.len() + 1, 0);
    assert_eq!(media(archive.as_bytes()), "application/x-cpio");
    // Some programs skip what is no header in front of one.
    assert_eq!(media(b"070701/1\n070701\0"), "application/x-cpio");
    assert_eq!(media(b"070727:x\0"), "application/x-cpio");
}

#[test]
fn short_signatures_take_one_field_more() {
    let chance: [&[u8]; 7] = [
        b"\x60\xea\xff\xff\x01",
        b"\xc7\x71\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0ab",
        b"\x1f\x9d\x1f\0\0",
        b"\x1f\x9d\x90\x02\x01",
        b"\x1f\xa0\0\0\xff",
        b"\x1f\x1e\0\0\0\0\0",
        b"\0\0-lhx ",
    ];
    for content in chance {
        let media = &inspect("a", content).objects[0].media_type;
        assert_eq!(media, "application/octet-stream", "{content:x?}");
    }
    let real: [(&[u8], &str); 7] = [
        (b"\x60\xea\x2c\0", "application/x-arj"),
        (
            b"\xc7\x71\0\0\0\0\xa4\x81\0\0\0\0\x01\0\0\0\0\0\0\0\0\x01\0\0\0\0a\0",
            "application/x-cpio",
        ),
        (
            b"\x71\xc7\0\0\0\0\x81\xa4\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0a\0",
            "application/x-cpio",
        ),
        (b"\x1f\x9d\x90a\0", "application/x-compress"),
        (b"\x1f\x9d\x90\0\x01", "application/x-compress"),
        (b"\x1f\xa0\0\x05\xff", "application/x-compress"),
        (b"\x1f\x1e\0\0\0\x09\x03", "application/x-compress"),
    ];
    for (content, kind) in real {
        assert_eq!(
            inspect("a", content).objects[0].media_type,
            kind,
            "{content:x?}"
        );
    }
}

#[test]
fn films_of_before_brands_are_films() {
    for name in ["moov", "mdat", "wide", "free", "skip"] {
        let film = [b"\0\0\0\x08", name.as_bytes(), b"\0\0\x01\0mdat"].concat();
        assert_clean("a.mov", &film);
    }
    assert_eq!(
        names(&inspect("a.mov", b"\0\0\0\x07moov....")),
        ["type-mismatch"]
    );
}
