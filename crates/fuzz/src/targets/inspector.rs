//! The whole inspector: always a whole report, the same however the bytes arrive, and fit to be shown.

use std::io::{self, Read};

use aws_lc_rs::digest::{SHA256, digest};
use sofie_inspector::{Limits, Outcome, Report, eicar};

use crate::input::{Input, Script};
use crate::samples;

/// Small enough that no input takes long; time is not what is tested.
pub(super) const LIMITS: Limits = Limits {
    depth: 4,
    members: 200,
    unpacked_bytes: 4 << 20,
    ratio: 100,
    ratio_after: 1 << 20,
    time_ms: 600_000,
    bytes_per_extra_ms: 0,
    memory: 64 << 20,
};

pub(super) fn inspect(name: &str, content: impl Read, size: usize) -> Report {
    let report = sofie_inspector::inspect(name, size as u64, LIMITS, content);
    report.expect("memory can be read")
}

/// Gives a few bytes at a time.
pub(super) struct Drops<'a> {
    pub(super) content: &'a [u8],
    pub(super) most: usize,
}

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(buffer.len());
        self.most = self.most % 97 + 1;
        self.content.read(&mut buffer[..most])
    }
}

/// What engines' words may not have, because people and terminals see them.
pub(super) fn assert_displayable(text: &str) {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(hidden), "{text:?} is not fit to be shown");
}

fn check(report: &Report, content: &[u8]) {
    assert_eq!(report.bytes_seen, content.len() as u64);
    assert_eq!(report.crc32, crc32fast::hash(content));
    assert_eq!(report.sha256, hex::encode(digest(&SHA256, content)));
    let has = |wanted: fn(&Outcome) -> bool| report.findings.iter().any(|f| wanted(&f.outcome));
    // A limit ends the looking; then that is what is said.
    if !has(|outcome| matches!(outcome, Outcome::Incomplete { .. })) {
        let test_file = eicar();
        let mut windows = content.windows(test_file.len());
        let infected = has(|outcome| *outcome == Outcome::Infected);
        assert!(
            infected || windows.all(|window| window != test_file),
            "the test file lies open in it and is not found"
        );
        let whole = report.objects.first().expect("the file itself is listed");
        assert_eq!(whole.size, content.len() as u64);
    }
    assert!(report.objects.len() <= 2000);
    for object in &report.objects {
        assert!(object.depth <= LIMITS.depth + 1);
        assert_displayable(&object.path);
        assert_displayable(&object.media_type);
    }
    for finding in &report.findings {
        assert_displayable(&finding.object);
        assert_displayable(&finding.detail);
    }
    assert!(report.findings_unlisted == 0 || !report.findings.is_empty());
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (name, most) = (input.text(), usize::from(input.byte()));
    let content = input.rest();
    let report = inspect(&name, content, content.len());
    check(&report, content);
    let drops = Drops {
        content,
        most: most.max(1),
    };
    assert_eq!(
        report,
        inspect(&name, drops, content.len()),
        "pieces change the report"
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let (zips, tars, gzips) = (samples::zips(), samples::tars(), samples::gzips());
    let all = zips
        .into_iter()
        .chain(tars)
        .chain(gzips)
        .chain(samples::others());
    let names = [
        "a.zip",
        "report.docx",
        "invoice.pdf.exe",
        "b/x.tar.gz",
        "a\u{202e}fdp.exe",
        "con",
    ];
    all.zip(names.into_iter().cycle())
        .map(|(content, name)| Script::default().text(name).byte(7).rest(&content))
        .collect()
}
