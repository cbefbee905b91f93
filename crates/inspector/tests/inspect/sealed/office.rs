//! Office documents that are encrypted as a whole.

use super::super::build::{Stored, compound_of};
use super::{How, Outcome, PASSWORD, assert_closed, found, inspect_with, names, object, vector};

const NAME: &str = "encrypted-office-document";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A document whose streams another program wrote; `change` may damage them.
fn document(name: &str, change: impl Fn(&mut Vec<u8>, &mut Vec<u8>)) -> Vec<u8> {
    let mut info = vector(&format!("{name}/EncryptionInfo"));
    let mut package = vector(&format!("{name}/EncryptedPackage"));
    change(&mut info, &mut package);
    let streams: [Stored; 2] = [
        ("EncryptionInfo", 0, Some(&info)),
        ("EncryptedPackage", 0, Some(&package)),
    ];
    compound_of(&streams)
}

fn whole(name: &str) -> Vec<u8> {
    document(name, |_, _| ())
}

#[test]
fn documents_are_opened_with_the_right_password() {
    for name in ["agile.docx", "standard-128.docx"] {
        let report = inspect_with(&["wrong", PASSWORD], name, &whole(name));
        assert_eq!(names(&report), [""; 0], "{name}");
        let inside = object(&report, &format!("{name}/{name}"));
        assert_eq!(inside.opened, Some(How::Password));
        assert_eq!(inside.media_type, WORD);
        object(&report, &format!("{name}/{name}/word/document.xml"));
        assert_closed(&inspect_with(&["wrong"], name, &whole(name)), NAME);
    }
}

#[test]
fn documents_that_programs_open_by_themselves_are_opened() {
    for name in ["agile-known.xlsx", "standard-256.pptx"] {
        let report = inspect_with(&[], name, &whole(name));
        assert_eq!(names(&report), [""; 0], "{name}");
        let inside = object(&report, &format!("{name}/{name}"));
        assert_eq!(inside.opened, Some(How::DefaultPassword));
        assert!(report.objects.iter().all(|object| !object.surface_only));
    }
}

#[test]
fn a_document_that_was_changed_is_never_clean() {
    for at in [0, 100, 4200] {
        let file = document("agile.docx", |_, package| package[8 + at] ^= 1);
        let report = inspect_with(&[PASSWORD], "agile.docx", &file);
        let outcome = found(&report, "office-authentication-failed").outcome;
        assert_eq!(outcome, Outcome::Unsupported);
    }
    for name in ["agile.docx", "standard-128.docx"] {
        let file = document(name, |_, package| package.truncate(package.len() - 400));
        let report = inspect_with(&[PASSWORD], name, &file);
        let unread = |outcome| matches!(outcome, Outcome::Unsupported | Outcome::Suspicious { .. });
        assert!(
            report.findings.iter().any(|it| unread(it.outcome)),
            "{name}"
        );
    }
}

/// Replaces text in the description.
fn described(from: &str, to: &str) -> Vec<u8> {
    document("agile.docx", |info, _| {
        let text = String::from_utf8(info.split_off(8)).unwrap();
        assert!(text.contains(from), "{from}");
        info.extend(text.replace(from, to).as_bytes());
    })
}

#[test]
fn descriptions_that_are_not_understood_leave_the_document_encrypted() {
    for (from, to) in [
        ("<keyEncryptors>", "<keyEncryptors><!-- -->"),
        ("<keyEncryptors>", "<keyEncryptors><p:encryptedKey/>"),
        ("cipherAlgorithm=\"AES\"", "cipherAlgorithm=\"DES\""),
        ("ChainingModeCBC", "ChainingModeCFB"),
        ("keyBits=\"256\"", "keyBits=\"250\""),
        ("SHA512", "MD5"),
        ("encryptedKeyValue=\"", "encryptedKeyValue=\"?"),
    ] {
        let report = inspect_with(&[PASSWORD], "agile.docx", &described(from, to));
        assert_closed(&report, NAME);
    }
}

#[test]
fn more_rounds_than_any_program_asks_for_are_a_limit() {
    let file = described("spinCount=\"1000\"", "spinCount=\"10000001\"");
    found(
        &inspect_with(&[PASSWORD], "agile.docx", &file),
        "time-limit",
    );
    let file = described("spinCount=\"1000\"", "spinCount=\"99999999999\"");
    assert_closed(&inspect_with(&[PASSWORD], "agile.docx", &file), NAME);
}
