//! ZIP: honest archives pass, ambiguous ones don't (DET-5, DET-6).

use sofie_inspector::{Outcome, eicar};

use super::build::{deflated, end, stored, streamed, tar, tar_entry, zip};
use super::{assert_ambiguous, assert_clean, found, inspect, names};

const TEXT: &[u8] = b"Some ordinary text, long enough to be worth packing, packing, packing.\n";

#[test]
fn honest_archives_are_clean() {
    assert_clean("empty.zip", &zip(&[]));
    assert_clean("one.zip", &zip(&[stored("a.txt", TEXT)]));
    assert_clean(
        "two.zip",
        &zip(&[
            deflated("a.txt", TEXT),
            stored("d/", b""),
            stored("d/b.txt", b""),
        ]),
    );
    for (signed, wide) in [(true, false), (true, true), (false, false), (false, true)] {
        let members = [
            streamed("a.txt", TEXT, signed, wide),
            streamed("b.txt", TEXT, signed, wide),
        ];
        assert_clean("streamed.zip", &zip(&members));
    }
}

#[test]
fn sizes_in_zip64_fields_are_read() {
    let mut member = deflated("a.txt", TEXT);
    let (packed, unpacked) = (member.local.packed, member.local.unpacked);
    let mut extra = vec![1, 0, 16, 0];
    extra.extend(u64::from(unpacked).to_le_bytes());
    extra.extend(u64::from(packed).to_le_bytes());
    for header in [&mut member.local, member.central.as_mut().unwrap()] {
        (header.packed, header.unpacked) = (u32::MAX, u32::MAX);
        header.extra.clone_from(&extra);
    }
    assert_clean("wide.zip", &zip(&[member.clone(), deflated("b.txt", TEXT)]));

    member.local.extra[4] ^= 1;
    let report = inspect("wide.zip", &zip(&[member]));
    assert!(!report.findings.is_empty());
}

#[test]
fn zip64_end_records_are_checked() {
    let archive = |start_is_off_by: u64| {
        let mut archive = zip(&[stored("a.txt", TEXT)]);
        let narrow = archive.split_off(archive.len() - 22);
        let length = u32::from_le_bytes(narrow[12..16].try_into().unwrap());
        let start = u64::from(u32::from_le_bytes(narrow[16..20].try_into().unwrap()));
        let position = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(44_u64.to_le_bytes());
        archive.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [1, 1, u64::from(length), start + start_is_off_by] {
            archive.extend(value.to_le_bytes());
        }
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend(position.to_le_bytes());
        archive.extend(1_u32.to_le_bytes());
        archive.extend(end(u16::MAX, u32::MAX, u32::MAX));
        archive
    };
    assert_clean("wide.zip", &archive(0));
    assert_ambiguous(&archive(1), "zip-end-mismatch");
}

#[test]
fn eicar_is_found_in_archives_in_archives() {
    let inner = zip(&[deflated("eicar.com", &eicar())]);
    let middle = tar(&[tar_entry("inner.zip", b'0', &inner)]);
    let outer = zip(&[stored("readme.txt", TEXT), deflated("middle.tar", &middle)]);
    let report = inspect("outer.zip", &outer);
    let eicar = found(&report, "eicar-test-file");
    assert_eq!(eicar.object, "outer.zip/middle.tar/inner.zip/eicar.com");
    assert_eq!(eicar.outcome, Outcome::Infected);
    let depths: Vec<u32> = report.objects.iter().map(|object| object.depth).collect();
    assert_eq!(depths, [0, 1, 1, 2, 3]);
}

#[test]
fn what_only_the_directory_or_only_the_body_has_is_ambiguous() {
    let mut hidden = stored("hidden.txt", TEXT);
    hidden.central = None;
    assert_ambiguous(
        &zip(&[stored("a.txt", TEXT), hidden]),
        "zip-local-only-member",
    );

    let mut ghost = stored("ghost.txt", TEXT);
    ghost.in_body = false;
    assert_ambiguous(
        &zip(&[stored("a.txt", TEXT), ghost]),
        "zip-central-only-member",
    );
}

#[test]
fn headers_that_disagree_are_ambiguous() {
    let changes: [fn(&mut super::build::Header); 6] = [
        |header| header.name = b"b.txt".to_vec(),
        |header| header.method = 0,
        |header| header.crc32 ^= 1,
        |header| header.packed += 1,
        |header| header.unpacked += 1,
        |header| header.flags = 1 << 11,
    ];
    for change in changes {
        let mut member = deflated("a.txt", TEXT);
        change(member.central.as_mut().unwrap());
        assert_ambiguous(&zip(&[member]), "zip-central-local-mismatch");
    }
}

#[test]
fn gaps_and_tails_are_ambiguous() {
    let mut member = stored("a.txt", TEXT);
    member.gap = b"gap".to_vec();
    assert_ambiguous(&zip(&[member]), "zip-ambiguous-gap");

    let honest = zip(&[stored("a.txt", TEXT)]);
    assert_ambiguous(&[honest.as_slice(), b"x"].concat(), "zip-trailing-data");
    assert_ambiguous(
        &[honest.clone(), honest.clone()].concat(),
        "zip-trailing-data",
    );

    let mut commented = honest.clone();
    let comment = zip(&[stored("b.txt", &eicar())]);
    let at = commented.len() - 2;
    commented[at..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    commented.extend(&comment);
    assert_ambiguous(&commented, "zip-record-in-comment");
    assert!(names(&inspect("a.zip", &commented)).contains(&"eicar-test-file"));
}

#[test]
fn an_archive_behind_something_else_is_seen() {
    let archive = zip(&[stored("a.txt", TEXT)]);
    let report = inspect(
        "a.jpg",
        &[b"\xff\xd8\xff\xe0 picture ".as_slice(), &archive].concat(),
    );
    assert_eq!(names(&report), ["zip-behind-other-content"]);
    // Programs search backwards for the end of the archive.
    for tail in [1, 60_000] {
        let picture = [
            b"\xff\xd8\xff\xe0 picture ".as_slice(),
            &archive,
            &vec![7; tail],
        ]
        .concat();
        let report = inspect("a.jpg", &picture);
        assert_eq!(names(&report), ["zip-behind-other-content"], "{tail}");
    }
}

#[test]
fn end_records_must_be_true_and_there() {
    let mut archive = zip(&[stored("a.txt", TEXT)]);
    let length = archive.len();
    archive[length - 12] ^= 1;
    assert_ambiguous(&archive, "zip-end-mismatch");
    for cut in 1..length {
        let report = inspect("cut.zip", &archive[..cut]);
        assert!(cut < 4 || !report.findings.is_empty(), "cut at {cut}");
    }
}

#[test]
fn contents_that_disagree_with_their_header_are_ambiguous() {
    let both = |change: fn(&mut super::build::Header)| {
        let mut member = deflated("a.txt", TEXT);
        change(&mut member.local);
        change(member.central.as_mut().unwrap());
        zip(&[member])
    };
    assert_ambiguous(&both(|header| header.crc32 ^= 1), "zip-checksum-mismatch");
    assert_ambiguous(&both(|header| header.unpacked += 1), "zip-size-mismatch");

    let mut member = deflated("a.txt", TEXT);
    member.data.extend(b"more");
    for header in [&mut member.local, member.central.as_mut().unwrap()] {
        header.packed += 4;
    }
    assert_ambiguous(&zip(&[member]), "zip-data-after-member");

    let mut directory = stored("d/", TEXT);
    directory.local.name = b"d/".to_vec();
    assert_ambiguous(&zip(&[directory]), "zip-directory-with-content");
}

#[test]
fn names_are_judged() {
    let one = |name: &str| inspect("a.zip", &zip(&[stored(name, TEXT)]));
    for name in [
        "../a.txt",
        "/a.txt",
        "C:\\a.txt",
        "a/../../b.txt",
        "\\\\server\\a.txt",
    ] {
        found(&one(name), "name-traversal");
    }
    found(&one("aux.txt"), "name-device");
    found(&one("d/COM1"), "name-device");
    found(&one("a\u{202e}txt.exe"), "name-bidi-control");
    found(&one("invoice.pdf.exe"), "name-double-extension");
    assert_ambiguous(
        &zip(&[stored("a.txt", TEXT), stored("a.txt", b"other")]),
        "zip-duplicate-name",
    );
}

#[test]
fn links_and_devices_are_findings() {
    for (mode, name) in [(0o120_777_u32, "link-member"), (0o060_644, "device-member")] {
        let mut member = stored("a", b"target");
        member.attributes = mode << 16;
        found(&inspect("a.zip", &zip(&[member])), name);
    }
}

#[test]
fn encrypted_members_are_encrypted() {
    let mut member = stored("secret.txt", b"twelve bytes and more");
    member.local.flags = 1;
    member.central.as_mut().unwrap().flags = 1;
    let report = inspect("a.zip", &zip(&[member.clone(), stored("b.txt", &eicar())]));
    assert_eq!(
        found(&report, "encrypted-zip-member").outcome,
        Outcome::Encrypted
    );
    assert_eq!(found(&report, "eicar-test-file").object, "a.zip/b.txt");

    member.local.method = 99;
    member.central.as_mut().unwrap().method = 99;
    found(&inspect("a.zip", &zip(&[member])), "encrypted-zip-member");
}

#[test]
fn other_methods_and_endless_stored_data_are_not_supported() {
    for method in [1, 9, 12, 14, 93, 98] {
        let mut member = deflated("a.txt", TEXT);
        member.local.method = method;
        member.central.as_mut().unwrap().method = method;
        let report = inspect("a.zip", &zip(&[member, stored("b.txt", &eicar())]));
        assert_eq!(
            found(&report, "zip-method-not-supported").outcome,
            Outcome::Unsupported
        );
        found(&report, "eicar-test-file");
    }
    let mut member = streamed("a.txt", TEXT, true, false);
    member.local.method = 0;
    member.central.as_mut().unwrap().method = 0;
    member.data = TEXT.to_vec();
    found(
        &inspect("a.zip", &zip(&[member])),
        "zip-stored-with-descriptor",
    );
}

/// Info-ZIP's field with the name in UTF-8, which some programs prefer to the header's.
#[test]
fn a_second_name_may_not_be_of_another_kind() {
    let named = |name: &str| {
        let mut member = stored("a.txt", TEXT);
        let mut extra = 0x7075_u16.to_le_bytes().to_vec();
        extra.extend(u16::try_from(name.len() + 5).unwrap().to_le_bytes());
        extra.push(1);
        extra.extend(crc32fast::hash(b"a.txt").to_le_bytes());
        extra.extend(name.bytes());
        member.local.extra.clone_from(&extra);
        member.central.as_mut().unwrap().extra = extra;
        zip(&[member])
    };
    assert_clean("a.zip", &named("\u{e1}.txt"));
    assert_ambiguous(&named("a.com"), "zip-two-names");
}
