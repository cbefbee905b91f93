//! PDF: streams behind filters, attachments, packed objects (DET-5, DET-9).

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sofie_inspector::{Outcome, eicar};

use super::build::{deflated, zip};
use super::{assert_clean, found, inspect, names, noise};

fn flate(content: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

/// A document with one stream; `said` is the rest of its dictionary.
fn with_stream(said: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("%PDF-1.7\n1 0 obj\n<< {said} >>\nstream\r\n");
    let end = b"\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n";
    [head.as_bytes(), data, end].concat()
}

#[test]
fn streams_are_unpacked_whatever_their_length_says() {
    let packed = flate(&eicar());
    let length = packed.len();
    for said in [
        format!("/Length {length} /Filter /FlateDecode"),
        "/Length 9 0 R /Filter [/FlateDecode]".to_owned(),
        "/Length 3 /Filter /Fl".to_owned(),
        "/Filter /Fl#61teDecode /Other << /Filter /None >>".to_owned(),
        format!("/Filter % (\n/FlateDecode /Length {length} /A (>> \\) stream) %\n"),
    ] {
        let report = inspect("a.pdf", &with_stream(&said, &packed));
        assert_eq!(names(&report), ["eicar-test-file"], "{said}");
        assert_eq!(report.findings[0].object, "a.pdf/stream-1");
    }
    let text = flate(b"BT (Good day) Tj ET");
    assert_clean("a.pdf", &with_stream("/Filter /FlateDecode", &text));
    let long = flate(&[noise(200_000), eicar()].concat());
    for said in [
        "/Filter /FlateDecode",
        &format!("/Filter /FlateDecode /Length {}", long.len()),
    ] {
        let report = inspect("a.pdf", &with_stream(said, &long));
        found(&report, "eicar-test-file");
    }
}

#[test]
fn attached_files_are_walked() {
    let archive = zip(&[deflated("e.com", &eicar())]);
    let packed = flate(&archive);
    let file = with_stream("/Type /EmbeddedFile /Filter /FlateDecode", &packed);
    let report = inspect("a.pdf", &file);
    let infected = found(&report, "eicar-test-file");
    assert_eq!(infected.object, "a.pdf/stream-1/e.com");
    // Nothing obliges an attachment to say that it is one, or not to say that it is a picture.
    for said in ["", "/Subtype /Image"] {
        let file = with_stream(&format!("{said} /Filter /FlateDecode"), &packed);
        found(&inspect("a.pdf", &file), "eicar-test-file");
    }
    let behind = flate(&[b"junk".to_vec(), archive].concat());
    let file = with_stream("/Filter /FlateDecode", &behind);
    found(&inspect("a.pdf", &file), "zip-behind-other-content");
}

#[test]
fn actions_in_packed_objects_are_told_and_encryption_is_not_there() {
    let objects = flate(b"5 0 << /S /JavaScript /JS (x) >> << /Encrypt 1 >> /Launch");
    let file = with_stream("/Type /ObjStm /N 1 /Filter /FlateDecode", &objects);
    assert_eq!(
        names(&inspect("a.pdf", &file)),
        ["pdf-javascript", "pdf-launch"]
    );
}

#[test]
fn what_can_not_be_unpacked_is_never_clean() {
    for (said, data, code) in [
        ("/Filter /Unknown", flate(b"x"), "pdf-filter-not-supported"),
        ("/Filter 7 0 R", flate(b"x"), "pdf-filter-not-supported"),
        ("/Filter /DCTDecode", noise(9), "pdf-filter-not-supported"),
        ("/Filter /FlateDecode", noise(90), "pdf-damaged-stream"),
        ("/A >> << /B", flate(b"x"), "pdf-damaged-stream"),
    ] {
        let report = inspect("a.pdf", &with_stream(said, &data));
        assert_eq!(found(&report, code).outcome, Outcome::Unsupported, "{said}");
    }
    let cut = with_stream("/Filter /FlateDecode", &flate(b"text"));
    found(&inspect("a.pdf", &cut[..70]), "pdf-damaged-stream");
    let picture = with_stream("/Subtype /Image /Filter /DCTDecode", &noise(90));
    assert_clean("a.pdf", &picture);
    // Once is enough.
    let mut sealed = with_stream("/Filter /FlateDecode", &noise(90));
    sealed.extend(b"trailer << /Encrypt 3 0 R >>");
    assert_eq!(names(&inspect("a.pdf", &sealed)), ["encrypted-pdf"]);
}

#[test]
fn swelling_streams_are_stopped() {
    let swollen = flate(&vec![0; 60 << 20]);
    let file = with_stream("/Filter /FlateDecode", &swollen);
    found(&inspect("a.pdf", &file), "ratio-limit");
    // Much that becomes nothing in the second step.
    let blocks = flate(&b"\0\0\0\xff\xff".repeat(12 << 20));
    let twice = [flate(b"").as_slice()[..2].to_vec(), blocks].concat();
    let file = with_stream("/Filter [/FlateDecode /FlateDecode]", &flate(&twice));
    assert!(!names(&inspect("a.pdf", &file)).is_empty());
}

#[test]
fn the_word_alone_begins_no_stream() {
    let text = b"%PDF-1.7\n1 0 obj % of a stream\n<< /A (stream\n) /B [/stream] >>\nendobj\n";
    assert_clean("a.pdf", text);
}
