//! Encrypted PDF: the files hold the test file in a stream and a script in a string.

use super::{How, PASSWORD, assert_closed, found, inspect_with, names, object, vector};

const METHODS: [&str; 5] = ["rc4-40", "rc4-128", "aes-128", "aes-256-old", "aes-256"];
const NAME: &str = "encrypted-pdf";

#[track_caller]
fn assert_open(report: &super::Report, name: &str, how: How) {
    let inside = format!("{name}/{name}");
    assert_eq!(
        found(report, "eicar-test-file").object,
        format!("{inside}/stream-1")
    );
    assert!(!names(report).contains(&NAME), "{name}");
    let object = object(report, &inside);
    assert_eq!(object.opened, Some(how));
    assert_eq!(object.media_type, "application/pdf");
}

#[test]
fn documents_that_open_by_themselves_are_opened() {
    for method in METHODS {
        let name = format!("{method}.pdf");
        let report = inspect_with(&[], &name, &vector(&name));
        assert_open(&report, &name, How::DefaultPassword);
    }
    let name = "aes-256-packed.pdf";
    assert_open(
        &inspect_with(&[], name, &vector(name)),
        name,
        How::DefaultPassword,
    );
}

#[test]
fn documents_are_opened_with_the_users_or_the_owners_password() {
    for method in METHODS {
        let name = format!("{method}-user.pdf");
        for password in [PASSWORD, "owner"] {
            let report = inspect_with(&["wrong", password], &name, &vector(&name));
            assert_open(&report, &name, How::Password);
        }
        let none = inspect_with(&[], &name, &vector(&name));
        assert!(names(&none).contains(&NAME));
        assert!(!names(&none).contains(&"eicar-test-file"));
        assert_eq!(inspect_with(&["wrong"], &name, &vector(&name)), none);
    }
}

#[test]
fn strings_are_decrypted() {
    for method in METHODS {
        let name = format!("{method}.pdf");
        let report = inspect_with(&[], &name, &vector(&name));
        let inside = format!("{name}/{name}");
        assert_eq!(found(&report, "pdf-launch").object, inside);
    }
}

/// A document in whose text something is replaced by something as long.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut file = vector("aes-128.pdf");
    let mut windows = file.windows(from.len());
    let at = windows.position(|it| it == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{from} is not there"));
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn what_is_not_understood_stays_encrypted() {
    for (from, to) in [
        ("/V 4", "/V 3"),
        ("/Filter /Standard", "/Filter /Standarb"),
        ("/AESV2", "/AESV9"),
        ("/Length 96", "/Length 94"),
        ("/Encrypt 8 0 R", "/Encrypt 9 0 R"),
    ] {
        let file = changed(from, to);
        let report = inspect_with(&[PASSWORD], "a.pdf", &file);
        assert!(names(&report).contains(&NAME), "{from}");
        assert!(report.objects.iter().all(|object| object.opened.is_none()));
    }
    let loose = b"%PDF-1.7\n1 0 obj <</Encrypt 5 0 R>> endobj\ntrailer <</Root 1 0 R>>";
    assert_closed(&inspect_with(&[], "a.pdf", loose), NAME);
}
