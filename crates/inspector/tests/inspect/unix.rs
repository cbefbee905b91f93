//! ar, Debian packages, cpio, RPM packages (DET-5).

use sofie_inspector::eicar;

use super::build::{gzip, tar, tar_entry};
use super::packed::xz;
use super::{assert_clean, found, inspect, names};

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let size = content.len();
        archive
            .extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).bytes());
        archive.extend(*content);
        if size % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

fn deb(data: &[u8]) -> Vec<u8> {
    let control = gzip(&tar(&[tar_entry("./control", b'0', b"Package: x\n")]));
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &control),
        (
            "data.tar.xz",
            &xz(&tar(&[tar_entry("./e.txt", b'0', data)])),
        ),
    ])
}

fn cpio(members: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content, mode) in members.iter().chain(&[("TRAILER!!!", &b""[..], 0)]) {
        let size = u32::try_from(content.len()).unwrap();
        let names = u32::try_from(name.len() + 1).unwrap();
        archive.extend(b"070701");
        for field in [1, *mode, 0, 0, 1, 0, size, 0, 0, 0, 0, names, 0] {
            archive.extend(format!("{field:08x}").bytes());
        }
        archive.extend(name.bytes());
        archive.push(0);
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend(*content);
        archive.resize(archive.len().next_multiple_of(4), 0);
    }
    archive
}

fn portable_cpio(name: &str, content: &[u8]) -> Vec<u8> {
    let entry = |name: &str, content: &[u8]| {
        let (names, size) = (name.len() + 1, content.len());
        let head = format!(
            "070707{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:011o}{names:06o}{size:011o}",
            1, 1, 0o100_644, 0, 0, 1, 0, 0
        );
        [head.as_bytes(), name.as_bytes(), b"\0", content].concat()
    };
    [entry(name, content), entry("TRAILER!!!", b""), vec![0; 100]].concat()
}

fn rpm(payload: &[u8]) -> Vec<u8> {
    let header = |store: usize| {
        let mut bytes = b"\x8e\xad\xe8\x01\0\0\0\0\0\0\0\x01".to_vec();
        bytes.extend(u32::try_from(store).unwrap().to_be_bytes());
        bytes.extend(vec![0; 16 + store]);
        bytes
    };
    let mut package = b"\xed\xab\xee\xdb".to_vec();
    package.resize(96, 0);
    package.extend(header(5));
    package.resize(package.len().next_multiple_of(8), 0);
    package.extend(header(3));
    package.extend(payload);
    package
}

#[test]
fn members_are_found() {
    let report = inspect("x.deb", &deb(&eicar()));
    let path = "x.deb/data.tar.xz/data.tar/./e.txt";
    assert_eq!(found(&report, "eicar-test-file").object, path);
    let archive = cpio(&[
        ("a.txt", b"text\n", 0o100_644),
        ("e.com", &eicar(), 0o100_644),
    ]);
    found(&inspect("x.rpm", &rpm(&xz(&archive))), "eicar-test-file");
    for archive in [archive, portable_cpio("e.com", &eicar())] {
        let report = inspect("a.cpio", &archive);
        assert_eq!(found(&report, "eicar-test-file").object, "a.cpio/e.com");
    }
    let long = ar(&[
        ("//", b"a-long-name.txt/\n"),
        ("/0", b"text\n"),
        ("#1/4", b"name"),
        ("e/", &eicar()),
    ]);
    let paths: Vec<String> = inspect("a.a", &long)
        .objects
        .into_iter()
        .map(|o| o.path)
        .collect();
    assert_eq!(paths, ["a.a", "a.a/a-long-name.txt", "a.a/name", "a.a/e"]);
}

#[test]
fn ordinary_archives_are_clean() {
    assert_clean("lib.a", &ar(&[("a.txt/", b"abc"), ("b.txt/", b"")]));
    assert_clean(
        "a.cpio",
        &cpio(&[("d", b"", 0o040_755), ("d/a.txt", b"text\n", 0o100_644)]),
    );
    // Images of early user space are several archives.
    let two = [
        cpio(&[("a", b"1", 0o100_644)]),
        vec![0; 256],
        cpio(&[("b", b"2", 0o100_644)]),
    ];
    assert_clean("a.cpio", &two.concat());
    assert_eq!(
        names(&inspect("x.deb", &deb(b"text\n"))),
        ["type-executable"]
    );
}

#[test]
fn hidden_data_links_and_damage_are_findings() {
    let archive = cpio(&[("a.txt", b"text\n", 0o100_644)]);
    let tail = [archive.clone(), b"hidden".to_vec()].concat();
    found(&inspect("a.cpio", &tail), "cpio-trailing-data");
    found(
        &inspect("a.ar", &[ar(&[("a", b"1")]), vec![b'x'; 60]].concat()),
        "ar-trailing-data",
    );
    found(
        &inspect("a.cpio", &cpio(&[("l", b"/etc", 0o120_777)])),
        "link-member",
    );
    assert_clean("a.cpio", &cpio(&[("d/x.so", b"x.so.1", 0o120_777)]));
    found(
        &inspect("a.cpio", &cpio(&[("d/l", b"../../x", 0o120_777)])),
        "link-member",
    );
    found(
        &inspect("a.cpio", &cpio(&[("d", b"", 0o020_644)])),
        "device-member",
    );
    found(
        &inspect("a.cpio", &cpio(&[("../u", b"1", 0o100_644)])),
        "name-traversal",
    );
    for cut in 1..archive.len() {
        let kept = &archive[..cut];
        assert!(
            cut < 6 || !inspect("a.cpio", kept).findings.is_empty(),
            "cut at {cut}"
        );
    }
    assert!(!inspect("x.rpm", &rpm(b"")[..150]).findings.is_empty());
}
