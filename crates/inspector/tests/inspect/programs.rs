//! Archives behind programs and within other content (DET-5): opened, or two formats in one file.

use sofie_inspector::{Category, Outcome, eicar};

use super::archives::{rar, seven_zip};
use super::build::{deflated, end, zip};
use super::{found, inspect, names};

/// A program of one section of 512 bytes.
fn program() -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    file.resize(0x3c, 0);
    file.extend(64_u32.to_le_bytes());
    file.extend(b"PE\0\0\x4c\x01\x01\0");
    file.resize(64 + 20, 0);
    file.extend([224, 0, 2, 1]);
    file.extend([0x0b, 0x01]);
    file.resize(64 + 24 + 224, 0);
    file.extend(b".text\0\0\0");
    file.extend([0; 8]);
    file.extend([512_u32.to_le_bytes(), 512_u32.to_le_bytes()].concat());
    file.resize(1024, 0);
    file
}

#[test]
fn self_extracting_archives_are_opened() {
    let files: &[(&str, &[u8])] = &[("a.txt", b"text\n"), ("e.com", &eicar())];
    let settings = b";!@Install@!UTF-8!\nTitle=\"x\"\n;!@InstallEnd@!".to_vec();
    let appended = [
        seven_zip(files),
        [settings, seven_zip(files)].concat(),
        rar(files),
        zip(&[deflated("a.txt", b"text\n"), deflated("e.com", &eicar())]),
    ];
    for archive in appended {
        let report = inspect("setup.exe", &[program(), archive].concat());
        let path = "setup.exe/appended/e.com";
        assert!(
            report
                .findings
                .iter()
                .any(|f| f.name == "eicar-test-file" && f.object == path),
            "{report:?}"
        );
    }
}

#[test]
fn offsets_may_count_from_the_program() {
    let mut archive = zip(&[deflated("a.txt", b"text\n")]);
    let kept = names(&inspect("a.exe", &[program(), archive.clone()].concat())).len();
    let base = u32::try_from(program().len()).unwrap();
    let at = archive.len() - 22;
    let start = u32::from_le_bytes(archive[at + 16..at + 20].try_into().unwrap());
    let length = u32::from_le_bytes(archive[at + 12..at + 16].try_into().unwrap());
    let entry = start as usize;
    archive[entry + 42..entry + 46].copy_from_slice(&base.to_le_bytes());
    archive.splice(at.., end(1, length, start + base));
    let report = inspect("a.exe", &[program(), archive].concat());
    assert_eq!(names(&report).len(), kept, "{report:?}");
    assert!(
        !names(&report)
            .iter()
            .any(|name| name.starts_with("zip-central"))
    );
}

#[test]
fn archives_within_other_content_are_two_formats() {
    let files: &[(&str, &[u8])] = &[("a.txt", b"text\n")];
    for archive in [seven_zip(files), rar(files)] {
        for name in ["a.png", "a.pdf", "a.txt"] {
            let lead: &[u8] = match name {
                "a.png" => b"\x89PNG\r\n\x1a\n....",
                "a.pdf" => b"%PDF-1.4\n",
                _ => b"some words\n",
            };
            let file = [lead, &archive, b"tail"].concat();
            let category = Category::Polyglot;
            let finding = inspect(name, &file);
            assert_eq!(
                found(&finding, "archive-behind-other-content").outcome,
                Outcome::PolicyHit { category }
            );
        }
    }
    // The signature alone, as in programs that know the format, says nothing.
    assert_eq!(
        names(&inspect(
            "a.bin",
            b"\x01\x027z\xbc\xaf\x27\x1c\0\x04 and Rar!\x1a\x07\x01\0 here"
        )),
        [""; 0]
    );
}
