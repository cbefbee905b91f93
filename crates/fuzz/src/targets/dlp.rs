//! Sensitive data: the same hits however the text arrives, and masks only; expressions of administrators.

use sofie_inspector::protocol::Header;
use sofie_inspector::{Detector, Dlp, Engine, Passwords, Report};

use super::inspector::{LIMITS, assert_displayable};
use crate::input::{Input, Script};
use crate::samples;

/// Longest row of digits that a mask and a count may show: a count of matches is shorter than its file.
const LONGEST: usize = 6;

fn inspect(dlp: &Dlp, content: &[u8], most: usize) -> Report {
    let drops = super::inspector::Drops { content, most };
    let header = Header {
        name: "a.txt".to_owned(),
        size: content.len() as u64,
        limits: LIMITS,
        dlp: dlp.clone(),
        passwords: Passwords::default(),
        shows: false,
        again: false,
    };
    let report = sofie_inspector::inspect_with(&header, drops);
    report.expect("memory can be read")
}

fn digits(text: &str) -> usize {
    let rows = text.split(|symbol: char| !symbol.is_ascii_digit());
    rows.map(str::len).max().unwrap_or(0)
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let most = usize::from(input.byte()).max(1);
    let line = input.text().into_owned();
    let content = input.rest();
    let detectors = Detector::ALL.map(|detector| detector.id().to_owned());
    // What administrators write is accepted whole or not at all.
    let own = Dlp::parse(&detectors, &[line]);
    let dlp = own.or_else(|_| Dlp::parse(&detectors, &[]));
    let dlp = dlp.expect("the detectors' own names are known");
    let report = inspect(&dlp, content, most);
    assert_eq!(report, inspect(&dlp, content, usize::MAX));
    for finding in &report.findings {
        assert_displayable(&finding.name);
        assert_displayable(&finding.detail);
        if finding.engine == Engine::Dlp {
            assert!(finding.name.starts_with("dlp-"), "{}", finding.name);
            assert!(digits(&finding.detail) <= LONGEST, "{}", finding.detail);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 5] = [
        b"4111 1111 1111 1111 GB82 WEST 1234 5698 7654 32 736028/5163",
        b"<p>4111<b>1111</b>1111&#49;111</p><table><tr><td>CONFIDENTIAL</td></tr></table>",
        b"{\\rtf1 4111\\~1111\\'31111 \\u49?111\\par}",
        b"\xff\xfe4\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x001\x00",
        samples::TEXT,
    ];
    let seed = |text: &[u8]| {
        let script = Script::default().byte(7).text("project: [A-Z]{3}-[0-9]+");
        script.rest(text)
    };
    texts.map(seed).to_vec()
}
