//! The pipe between the worker and the inspecting child, both ends.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;
use sofie_detection::{FileMeta, Outcome, Scan, Skip, fuzzing};
use sofie_inspector::protocol::{END, Header, data_prefix, encode_header};
use sofie_inspector::{Dlp, Engine, JailState, Landlock, Passwords, child, eicar};
use tokio_util::sync::CancellationToken;

use super::inspector::{LIMITS, assert_displayable};
use crate::input::{Input, Script};
use crate::samples::{self, TEXT};

const JAIL: JailState = JailState {
    seccomp: true,
    landlock: Landlock::Full,
    inherited_descriptors: 0,
};

/// A question about a file of `size` bytes.
pub(super) fn scan(size: u64) -> Scan {
    let meta = FileMeta {
        name: "a".to_owned(),
        size,
    };
    Scan::new(
        meta,
        DateTime::UNIX_EPOCH,
        Duration::from_mins(1),
        CancellationToken::new(),
    )
}

/// What the worker sends for a file in pieces of `step` bytes.
fn question(content: &[u8], step: usize) -> Vec<u8> {
    let header = Header {
        name: "a.zip".to_owned(),
        size: content.len() as u64,
        limits: LIMITS,
        dlp: Dlp::default(),
        passwords: Passwords::default(),
        shows: false,
        again: false,
    };
    let mut wire = encode_header(&header).expect("a small header").to_vec();
    for piece in content.chunks(step) {
        wire.extend(data_prefix(piece.len()));
        wire.extend_from_slice(piece);
    }
    wire.extend(END);
    wire
}

fn samples() -> Vec<Vec<u8>> {
    vec![
        TEXT.to_vec(),
        eicar(),
        samples::zip(&[("e.com", &eicar())], true),
    ]
}

/// What the child makes of a damaged question: a whole report or nothing.
fn ask(wire: &[u8]) {
    if let Ok(output) = child::converse(wire, JAIL) {
        let report: Value = serde_json::from_slice(&output[4..]).expect("a report is JSON");
        let seen = report["bytes_seen"]
            .as_u64()
            .expect("a report counts bytes");
        assert!(seen < wire.len() as u64, "more was seen than was sent");
        let rows = fuzzing::inspector_rows(&scan(seen), &output);
        rows.expect("the child's own report is readable");
    }
}

/// What the worker makes of a damaged report: rows of all engines, none clean that found something.
fn listen(size: u64, output: &[u8], untouched: &[u8]) {
    let Ok(inspection) = fuzzing::inspector_rows(&scan(size), output) else {
        assert_ne!(output, untouched, "an untouched report was refused");
        return;
    };
    let names: Vec<&str> = inspection
        .reports
        .iter()
        .map(|row| row.engine.as_str())
        .collect();
    assert_eq!(names, Engine::ALL.map(Engine::name));
    for row in &inspection.reports {
        // Nothing is looked for there, so nothing is said.
        let clean = matches!(
            row.outcome,
            Outcome::Clean { .. } | Outcome::Skipped { reason: Skip::Off }
        );
        assert_eq!(
            clean,
            row.findings.is_empty(),
            "{} is clean with findings",
            row.engine
        );
        assert_eq!(
            row.bytes_sent, size,
            "{} speaks for another size",
            row.engine
        );
        for finding in &row.findings {
            assert_displayable(&finding.name);
            assert_displayable(&finding.detail);
            assert_displayable(finding.object.as_deref().unwrap_or_default());
        }
    }
    let contents = inspection.contents.expect("a valid report has contents");
    assert!(contents.sha256.len() == 64 && contents.sha256.bytes().all(|b| b.is_ascii_hexdigit()));
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let samples = samples();
    let content = &samples[input.below(samples.len())];
    let mut wire = question(content, 20);
    match input.byte() % 3 {
        0 => {
            input.damage(&mut wire, content);
            ask(&wire);
        }
        1 => ask(input.rest()),
        _ => {
            let untouched =
                child::converse(wire.as_slice(), JAIL).expect("a good question is answered");
            let mut output = untouched.clone();
            input.damage(&mut output, content);
            listen(content.len() as u64, &output, &untouched);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (which, content) in (0..).zip(samples()) {
        for mode in 0..3 {
            let script = Script::default().below(which).byte(mode);
            seeds.push(script.byte(0).below(70).below(1).rest(&[1]));
        }
        seeds.push(
            Script::default()
                .below(which)
                .byte(1)
                .rest(&question(&content, 30)),
        );
    }
    seeds
}
