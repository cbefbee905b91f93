use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

const SENT: Sent = (5, true);

fn answer(code: u16, detail: u16) -> Value {
    let threat = if detail == 1 { "EICAR_Test_File" } else { "" };
    json!({
        "data_id": "abc",
        "scan_results": {
            "progress_percentage": 100, "scan_all_result_i": code,
            "scan_details": { "ClamAV": {
                "scan_result_i": detail, "threat_found": threat, "def_time": "2026-11-22T08:00:00.000Z",
            } },
        },
        "process_info": { "progress_percentage": 100, "result": "Allowed", "blocked_reason": "" },
    })
}

fn said(status: u16, answer: &[u8], sent: Sent) -> Option<Outcome> {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let (now, time) = (DateTime::UNIX_EPOCH, Duration::from_secs(1));
    let scan = Scan::new(meta, now, time, CancellationToken::new());
    row("x", &scan, (status, answer), sent).map(|row| row.outcome)
}

fn says(answer: &Value) -> Option<Outcome> {
    said(200, answer.to_string().as_bytes(), SENT)
}

fn with(path: &str, value: Value) -> Option<Outcome> {
    let mut answer = answer(0, 0);
    *answer.pointer_mut(path).unwrap() = value;
    says(&answer)
}

fn is_clean(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Clean { .. }))
}

fn error(outcome: Option<Outcome>) -> Option<ErrorKind> {
    match outcome {
        Some(Outcome::Error { kind, .. }) => Some(kind),
        _ => None,
    }
}

#[test]
fn only_zero_of_everybody_is_clean() {
    assert!(is_clean(says(&answer(0, 0))));
    for code in 1..=300 {
        assert!(!is_clean(says(&answer(code, 0))), "{code}");
        assert!(!is_clean(says(&answer(0, code))), "{code} of an engine");
    }
    assert_eq!(says(&answer(1, 1)), Some(Outcome::Infected));
    let suspicious = Outcome::Suspicious { level: Level::High };
    assert_eq!(says(&answer(0, 1)), Some(suspicious));
    for encrypted in [12, 15] {
        assert_eq!(says(&answer(encrypted, 10)), Some(Outcome::Encrypted));
    }
    let deep = Outcome::Incomplete {
        limit: LimitKind::Recursion,
    };
    assert_eq!(says(&answer(9, 0)), Some(deep));
    for unknown in [5, 24, 99, 253, 300] {
        assert_eq!(error(says(&answer(unknown, 0))), Some(ErrorKind::Protocol));
    }
}

#[test]
fn nobody_looked_is_not_clean() {
    for outcome in [
        with("/scan_results/scan_details", json!({})),
        says(&answer(0, 10)),
        says(&answer(7, 10)),
    ] {
        assert!(
            matches!(outcome, Some(Outcome::Incomplete { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn it_is_asked_again_until_all_its_work_is_done() {
    for (path, value) in [
        ("/scan_results/progress_percentage", json!(99)),
        ("/process_info/progress_percentage", json!(0)),
        ("/process_info/result", json!("Processing")),
        ("/scan_results/scan_all_result_i", json!(255)),
    ] {
        assert_eq!(with(path, value), None, "{path}");
    }
}

#[test]
fn what_it_blocks_is_not_clean() {
    let blocked = |reason: &str| {
        let process =
            json!({ "progress_percentage": 100, "result": "Blocked", "blocked_reason": reason });
        with("/process_info", process)
    };
    assert_eq!(
        blocked("Password protected document"),
        Some(Outcome::Encrypted)
    );
    for reason in ["", "Unheard Of"] {
        assert_eq!(blocked(reason), Some(BLOCKED), "{reason}");
    }
    assert_eq!(error(blocked("Failed")), Some(ErrorKind::EngineInternal));
    assert_eq!(
        with("/process_info/blocked_reason", json!("Infected")),
        Some(Outcome::Infected)
    );
    for result in [json!("Fine"), Value::Null] {
        assert_eq!(
            error(with("/process_info/result", result)),
            Some(ErrorKind::Protocol)
        );
    }
}

#[test]
fn statuses_and_parts_of_a_file_are_not_clean() {
    let clean = answer(0, 0).to_string();
    for status in [201, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503] {
        assert!(!is_clean(said(status, clean.as_bytes(), SENT)), "{status}");
    }
    for sent in [(4, true), (5, false)] {
        assert_eq!(
            error(said(200, clean.as_bytes(), sent)),
            Some(ErrorKind::Protocol)
        );
    }
    for length in 0..clean.len() {
        assert!(error(said(200, &clean.as_bytes()[..length], SENT)).is_some());
    }
    let twice = clean.replacen('{', r#"{"scan_results":{},"#, 1);
    assert!(error(said(200, twice.as_bytes(), SENT)).is_some());
}

#[test]
fn names_of_files_become_parts_of_addresses_only_if_they_are_plain() {
    assert_eq!(job(br#"{"data_id":"a1-_Z"}"#).as_deref(), Some("a1-_Z"));
    for wrong in ["", "a/b", "..", "a?b", "a b", "é"] {
        let answer = json!({ "data_id": wrong }).to_string();
        assert_eq!(job(answer.as_bytes()), None, "{wrong}");
    }
    assert_eq!(job(br#"{"err":"no"}"#), None);
}

proptest! {
    #[test]
    fn a_damaged_infected_answer_is_never_clean(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..=2),
    ) {
        let mut text = answer(1, 1).to_string().into_bytes();
        for (at, byte) in damages {
            let at = at.index(text.len());
            text[at] = byte;
        }
        prop_assert!(!is_clean(said(200, &text, SENT)));
    }
}
