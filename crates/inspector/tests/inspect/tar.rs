//! tar (DET-5).

use sofie_inspector::eicar;

use super::build::{gzip, seal, tar, tar_entry};
use super::{assert_clean, found, inspect, names};

#[test]
fn honest_archives_are_clean() {
    let entries = [
        tar_entry("d/", b'5', b""),
        tar_entry("d/a.txt", b'0', b"text\n"),
        tar_entry("x", b'x', b"21 path=d/longer.txt\n"),
        tar_entry("short", b'0', b"text\n"),
        tar_entry("././@LongLink", b'L', b"d/longest.txt\0"),
        tar_entry("short", b'0', b"text\n"),
        tar_entry("g", b'g', b"15 comment=abc\n"),
    ];
    let archive = tar(&entries);
    assert_clean("a.tar", &archive);
    assert_clean("a.tar.gz", &gzip(&archive));
    let report = inspect("a.tar", &archive);
    let paths: Vec<&str> = report
        .objects
        .iter()
        .map(|object| object.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "a.tar",
            "a.tar/d/a.txt",
            "a.tar/d/longer.txt",
            "a.tar/d/longest.txt"
        ]
    );
}

#[test]
fn eicar_is_found() {
    let report = inspect("a.tgz", &gzip(&tar(&[tar_entry("e", b'0', &eicar())])));
    assert_eq!(found(&report, "eicar-test-file").object, "a.tgz/a.tar/e");
}

#[test]
fn links_devices_and_escaping_names_are_findings() {
    for kind in [b'1', b'2'] {
        found(
            &inspect("a.tar", &tar(&[tar_entry("l", kind, b"")])),
            "link-member",
        );
    }
    for kind in [b'3', b'4', b'6'] {
        found(
            &inspect("a.tar", &tar(&[tar_entry("d", kind, b"")])),
            "device-member",
        );
    }
    found(
        &inspect("a.tar", &tar(&[tar_entry("Q", b'Q', b"")])),
        "tar-unknown-member",
    );
    found(
        &inspect("a.tar", &tar(&[tar_entry("../up.txt", b'0', b"t")])),
        "name-traversal",
    );
}

#[test]
fn hidden_data_and_conflicting_sizes_are_ambiguous() {
    let mut archive = tar(&[tar_entry("a.txt", b'0', b"t\n")]);
    archive.extend(tar_entry("hidden.txt", b'0', b"t\n"));
    found(&inspect("a.tar", &archive), "tar-trailing-data");

    let sized = tar(&[
        tar_entry("x", b'x', b"12 size=512\n"),
        tar_entry("a.txt", b'0', b"t\n"),
    ]);
    found(&inspect("a.tar", &sized), "tar-size-conflict");
    let global = tar(&[
        tar_entry("g", b'g', b"14 path=a.txt\n"),
        tar_entry("b.txt", b'0', b"t\n"),
    ]);
    found(&inspect("a.tar", &global), "tar-global-override");
    let link = tar(&[tar_entry("l", b'2', b"content")]);
    found(&inspect("a.tar", &link), "tar-size-conflict");
}

#[test]
fn damage_is_not_clean() {
    let mut archive = tar(&[
        tar_entry("a.txt", b'0', b"t\n"),
        tar_entry("b.txt", b'0', b"t\n"),
    ]);
    archive[1024] ^= 1;
    assert_eq!(names(&inspect("a.tar", &archive)), ["tar-wrong-checksum"]);
    let whole = tar(&[tar_entry("a.txt", b'0', &[b't'; 2000])]);
    assert!(names(&inspect("a.tar", &whole[..1500])).contains(&"tar-truncated"));
    let mut huge = tar_entry("a.txt", b'0', b"t\n");
    huge[124..136].copy_from_slice(b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    seal(&mut huge);
    assert!(!inspect("a.tar", &huge).findings.is_empty());
}

fn link(name: &str, kind: u8, target: &str) -> Vec<u8> {
    let mut entry = tar_entry(name, kind, b"");
    entry[157..157 + target.len()].copy_from_slice(target.as_bytes());
    seal(&mut entry);
    entry
}

#[test]
fn links_within_the_archive_are_ordinary() {
    let archive = tar(&[
        tar_entry("./usr/lib/x.so.1", b'0', b"\0 library"),
        link("./usr/lib/x.so", b'2', "x.so.1"),
        link("./usr/share/doc", b'2', "../lib"),
        link("./usr/lib/y.so", b'1', "./usr/lib/x.so.1"),
        tar_entry("././@LongLink", b'K', b"../lib/x.so.1\0"),
        link("./usr/share/x", b'2', "cut"),
    ]);
    assert_clean("a.tar", &archive);
    assert_clean("a.tar.gz", &gzip(&archive));
    let outside = [
        tar(&[link("l", b'2', "/etc/passwd")]),
        tar(&[link("d/l", b'2', "../../x")]),
        tar(&[link("d/l", b'1', "../x")]),
        tar(&[
            tar_entry("././@LongLink", b'K', b"../../x\0"),
            link("d/l", b'2', "x"),
        ]),
        tar(&[
            tar_entry("x", b'x', b"20 linkpath=../../x\n"),
            link("d/l", b'2', "x"),
        ]),
        tar(&[link("d", b'2', "e"), tar_entry("d/a.txt", b'0', b"t\n")]),
    ];
    for archive in outside {
        assert_eq!(names(&inspect("a.tar", &archive)), ["link-member"]);
    }
}
