//! Archives, read beside other people's readers: what they can take out, the inspector has looked into,
//! or it says that something is wrong.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use sofie_inspector::{Report, eicar};

use super::inspector::inspect;
use crate::samples;

/// Other readers are not asked for more; above the inspector's own limits there is a finding anyway.
const MOST: u64 = 4 << 20;

fn has_eicar(content: &[u8]) -> bool {
    let test_file = eicar();
    content
        .windows(test_file.len())
        .any(|window| window == test_file)
}

fn kind(report: &Report) -> &str {
    report
        .objects
        .first()
        .map_or("", |object| &object.media_type)
}

/// A file that another reader took out of an archive which the inspector had nothing to say about.
fn assert_known(report: &Report, content: &[u8]) {
    assert!(!has_eicar(content), "the test file in it was not found");
    let listed = report
        .objects
        .iter()
        .any(|object| object.depth == 1 && object.size == content.len() as u64);
    assert!(listed, "a file of {} bytes was not seen", content.len());
}

fn read(source: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    source.take(MOST).read_to_end(&mut content).ok()?;
    Some(content)
}

pub(crate) fn zip(data: &[u8]) {
    let report = inspect("a.zip", data, data.len());
    if !report.findings.is_empty() {
        return;
    }
    let opened = zip::ZipArchive::new(Cursor::new(data));
    if data.starts_with(b"PK\x03\x04") {
        assert!(
            opened.is_ok(),
            "nothing was said of an archive that can't be read"
        );
    }
    let Ok(mut archive) = opened else { return };
    for index in 0..archive.len() {
        let file = archive.by_index(index).ok().filter(|file| !file.is_dir());
        if let Some(content) = file.and_then(read) {
            assert_known(&report, &content);
        }
    }
}

pub(crate) fn tar(data: &[u8]) {
    let report = inspect("a.tar", data, data.len());
    if !report.findings.is_empty() || kind(&report) != "application/x-tar" {
        return;
    }
    let mut archive = tar::Archive::new(data);
    let entries = archive.entries().expect("nothing was read yet");
    for entry in entries {
        let entry = entry.expect("nothing was said of an entry that can't be read");
        if entry.header().entry_type().is_file() {
            let content = read(entry).expect("nothing was said of an entry that can't be read");
            assert_known(&report, &content);
        }
    }
}

pub(crate) fn gzip(data: &[u8]) {
    let report = inspect("a.gz", data, data.len());
    if !report.findings.is_empty() || kind(&report) != "application/gzip" {
        return;
    }
    let content = read(MultiGzDecoder::new(data));
    let content = content.expect("nothing was said of content that can't be unpacked");
    assert_known(&report, &content);
}

pub(crate) fn zip_seeds() -> Vec<Vec<u8>> {
    samples::zips()
}

pub(crate) fn tar_seeds() -> Vec<Vec<u8>> {
    samples::tars()
}

pub(crate) fn gzip_seeds() -> Vec<Vec<u8>> {
    samples::gzips()
}
