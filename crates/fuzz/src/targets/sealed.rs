//! Encrypted content and a password for it: damage is never opened and clean, and what opens does not
//! depend on how the bytes arrive.

use std::io::Read;

use sofie_inspector::protocol::Header;
use sofie_inspector::{Dlp, How, Outcome, Passwords, Report, fuzzing};

use super::inspector::{Drops, LIMITS, assert_displayable};
use crate::input::{Input, Script};

/// Names, and hexadecimal digits: files that other programs wrote, and streams of Office documents.
const VECTORS: &str = include_str!("../../../inspector/tests/inspect/sealed/vectors.txt");
const INFO: &str = "/EncryptionInfo";

fn vectors() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let lines = VECTORS.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, digits)| (name, hex::decode(digits).expect("the vectors are whole")))
}

fn inspect(passwords: Vec<String>, name: &str, content: impl Read, size: usize) -> Report {
    let header = Header {
        name: name.to_owned(),
        size: size as u64,
        limits: LIMITS,
        dlp: Dlp::default(),
        passwords: Passwords::new(passwords).expect("a short list"),
        shows: false,
        again: false,
    };
    let report = sofie_inspector::inspect_with(&header, content);
    report.expect("memory can be read")
}

fn check(report: &Report) {
    for object in report
        .objects
        .iter()
        .filter(|object| object.opened.is_some())
    {
        assert_displayable(&object.path);
    }
    for finding in &report.findings {
        assert_displayable(&finding.object);
        assert_displayable(&finding.detail);
    }
}

pub(crate) fn files(data: &[u8]) {
    let mut input = Input::new(data);
    let files: Vec<_> = vectors().filter(|(name, _)| !name.contains('/')).collect();
    let (name, whole) = &files[input.below(files.len())];
    let other = &files[input.below(files.len())].1;
    let most = usize::from(input.byte()).max(1);
    let mut file = whole.clone();
    input.damage(&mut file, other);
    let closed = inspect(Vec::new(), name, file.as_slice(), file.len());
    check(&closed);
    let mut opened = closed.objects.iter().filter_map(|object| object.opened);
    assert!(opened.all(|how| how == How::DefaultPassword));
    let given = || vec!["wrong".to_owned(), "hunter2".to_owned()];
    let report = inspect(given(), name, file.as_slice(), file.len());
    check(&report);
    let drops = Drops {
        content: &file,
        most,
    };
    assert_eq!(
        report,
        inspect(given(), name, drops, file.len()),
        "pieces change the report"
    );
    let sealed = |report: &Report| {
        let mut findings = report.findings.iter();
        findings.any(|finding| finding.outcome == Outcome::Encrypted)
    };
    let found = !report.findings.is_empty();
    let opened = report.objects.iter().any(|object| object.opened.is_some());
    assert!(
        found || opened || !sealed(&closed),
        "what was encrypted was neither opened nor found"
    );
}

pub(crate) fn file_seeds() -> Vec<Vec<u8>> {
    let files = vectors().filter(|(name, _)| !name.contains('/'));
    (0..)
        .zip(files)
        .map(|(number, _)| Script::default().below(number).below(0).byte(7).rest(&[]))
        .collect()
}

pub(crate) fn info(data: &[u8]) {
    let short = data.len() < 64;
    assert!(
        !(short && fuzzing::knows_encryption_info(data)),
        "too short to say how"
    );
}

pub(crate) fn info_seeds() -> Vec<Vec<u8>> {
    let infos = vectors().filter(|(name, _)| name.ends_with(INFO));
    infos.map(|(_, info)| info).collect()
}
