//! Archives to start from, written by other people's libraries.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use sofie_inspector::eicar;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

pub(crate) const TEXT: &[u8] = b"Some text, and some text again, and again some text.\n";

/// An archive of these files, packed or merely stored.
pub(crate) fn zip(files: &[(&str, &[u8])], packed: bool) -> Vec<u8> {
    let method = if packed {
        CompressionMethod::Deflated
    } else {
        CompressionMethod::Stored
    };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let begun = writer.start_file(*name, options);
        begun.expect("a small archive is written");
        writer.write_all(content).expect("memory can be written");
    }
    let written = writer.finish().expect("a small archive is written");
    written.into_inner()
}

pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let added = builder.append_data(&mut header, name, *content);
        added.expect("memory can be written");
    }
    builder.into_inner().expect("memory can be written")
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// Archives that hold the test file, and some that hold archives.
pub(crate) fn zips() -> Vec<Vec<u8>> {
    let eicar = eicar();
    let inner = zip(&[("e.com", &eicar)], true);
    vec![
        zip(&[], true),
        zip(&[("a.txt", TEXT)], true),
        zip(&[("a.txt", TEXT), ("e.com", &eicar)], true),
        zip(&[("e.com", &eicar), ("a.txt", TEXT)], false),
        zip(&[("b/c.zip", &inner)], false),
        zip(
            &[
                ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
                ("word/document.xml", b"<?xml version=\"1.0\"?><w/>"),
            ],
            true,
        ),
    ]
}

pub(crate) fn tars() -> Vec<Vec<u8>> {
    let eicar = eicar();
    let inner = zip(&[("e.com", &eicar)], true);
    let long = "d/".repeat(60) + "e.com";
    vec![
        tar(&[]),
        tar(&[("a.txt", TEXT), ("e.com", &eicar)]),
        tar(&[("b/c.zip", &inner), ("a.txt", TEXT)]),
        tar(&[(&long, &eicar)]),
    ]
}

pub(crate) fn gzips() -> Vec<Vec<u8>> {
    let eicar = eicar();
    let (head, tail) = eicar.split_at(30);
    vec![
        gzip(TEXT),
        gzip(&eicar),
        [gzip(head), gzip(tail)].concat(),
        gzip(&tar(&[("e.com", &eicar)])),
        gzip(&gzip(&eicar)),
    ]
}

/// Files of other kinds, by their beginnings.
pub(crate) fn others() -> Vec<Vec<u8>> {
    let mut compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    compound.resize(512, 0);
    for (name, kind) in [("Root Entry", 5), ("WordDocument", 2), ("VBA", 1)] {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).unwrap_or(0);
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([kind, 1]);
        entry.resize(128, 0);
        compound.extend(entry);
    }
    compound.resize(1024, 0);
    vec![
        Vec::new(),
        TEXT.to_vec(),
        eicar(),
        compound,
        b"%PDF-1.7\n<</S /JavaScript /JS (app)>> <</Encrypt 5 0 R>>\ntrailer\n%%EOF\n".to_vec(),
        b"MZ\x90\0\x03".to_vec(),
        b"\x7fELF\x02\x01\x01".to_vec(),
        b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(),
        b"Rar!\x1a\x07\x01\0".to_vec(),
        b"<html><script>alert(1)</script></html>".to_vec(),
        b"#!/bin/sh\necho hello\n".to_vec(),
    ]
}
