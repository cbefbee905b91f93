//! What the inspector says of files, in this process: content, not walls.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod active;
mod archives;
mod build;
mod cab;
mod dlp;
mod documents;
mod gzip;
mod iso;
mod limits;
mod mail;
mod mutations;
mod outlook;
mod packed;
mod pdf;
mod programs;
mod sealed;
mod tar;
mod types;
mod unix;
mod zip;

use sofie_inspector::protocol::Header;
use sofie_inspector::{Dlp, Finding, Limits, Outcome, Passwords, Report};

fn inspect_with(limits: Limits, name: &str, content: &[u8]) -> Report {
    sofie_inspector::inspect(name, content.len() as u64, limits, content).unwrap()
}

fn inspect(name: &str, content: &[u8]) -> Report {
    inspect_with(Limits::STANDARD, name, content)
}

fn header(name: &str, content: &[u8]) -> Header {
    Header {
        name: name.to_owned(),
        size: content.len() as u64,
        limits: Limits::STANDARD,
        dlp: Dlp::default(),
        passwords: Passwords::default(),
        shows: false,
        again: false,
    }
}

/// Bytes that no compressor makes shorter.
fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect()
}

/// The names of all findings.
fn names(report: &Report) -> Vec<&str> {
    report
        .findings
        .iter()
        .map(|finding| finding.name.as_ref())
        .collect()
}

fn found<'r>(report: &'r Report, name: &str) -> &'r Finding {
    let found = report.findings.iter().find(|finding| finding.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among {:?}", report.findings))
}

#[track_caller]
fn assert_clean(name: &str, content: &[u8]) {
    let report = inspect(name, content);
    assert_eq!(report.findings, [], "{name}");
    assert_eq!(report.bytes_seen, content.len() as u64);
}

#[track_caller]
fn assert_ambiguous(content: &[u8], name: &str) {
    let report = inspect("archive.zip", content);
    assert!(matches!(
        found(&report, name).outcome,
        Outcome::Suspicious { .. }
    ));
}
