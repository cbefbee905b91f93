use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

const INFECTED: &str = r#"{"object":"memory","scanResult":"DETECT","detectionName":"EICAR-Test-File","containsOfficeMacro":"false"}"#;

fn said(status: u16, answer: &str, sent: (u64, bool)) -> Outcome {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let now = DateTime::UNIX_EPOCH;
    let scan = Scan::new(meta, now, Duration::from_secs(1), CancellationToken::new());
    row("x", &scan, (status, answer.as_bytes()), sent).outcome
}

fn result(word: &str) -> Outcome {
    said(
        200,
        &format!(r#"{{"object":"memory","scanResult":"{word}"}}"#),
        (5, true),
    )
}

#[test]
fn results_mean_what_the_documents_say() {
    let clean = Outcome::Clean {
        coverage: Coverage::Assumed,
    };
    assert_eq!(result("CLEAN"), clean);
    assert_eq!(said(200, INFECTED, (5, true)), Outcome::Infected);
    for word in ["DETECT", "DETECTED", "DISINFECTED", "DELETED"] {
        assert_eq!(result(word), Outcome::Infected, "{word}");
    }
    assert_eq!(
        result("NON_SCANNED (PASSWORD PROTECTED)"),
        Outcome::Encrypted
    );
    assert_eq!(result("NON_SCANNED (CORRUPTED)"), Outcome::Unsupported);
    assert!(matches!(result("NON_SCANNED"), Outcome::Incomplete { .. }));
    for word in [
        "SERVER_ERROR",
        "NON_SCANNED (CANCELED)",
        "clean",
        "CLEAN ",
        "",
        "FINE",
    ] {
        assert!(matches!(result(word), Outcome::Error { .. }), "{word}");
    }
}

#[test]
fn members_and_macros_count() {
    let with = |member: &str| {
        let text = format!(
            r#"{{"object":"memory","scanResult":"CLEAN","subObjectsScanResults":[{member}]}}"#
        );
        said(200, &text, (5, true))
    };
    assert_eq!(
        with(r#"{"object":"a//b","scanResult":"NON_SCANNED (PASSWORD PROTECTED)"}"#),
        Outcome::Encrypted
    );
    assert_eq!(
        with(r#"{"object":"a//b","scanResult":"DETECT","detectionName":"X"}"#),
        Outcome::Infected
    );
    let hit = Outcome::PolicyHit {
        category: Category::Macro,
    };
    assert_eq!(
        with(r#"{"object":"a","scanResult":"CLEAN","containsOfficeMacro":"true"}"#),
        hit
    );
    assert_eq!(
        said(
            200,
            r#"{"scanResult":"CLEAN","containsOfficeMacro":true}"#,
            (5, true)
        ),
        hit
    );
}

#[test]
fn clean_is_not_believed_before_the_end_nor_from_a_refusal() {
    let clean = r#"{"object":"memory","scanResult":"CLEAN"}"#;
    for sent in [(4, true), (5, false), (0, false)] {
        assert!(matches!(said(200, clean, sent), Outcome::Error { .. }));
    }
    for status in [
        100, 201, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503,
    ] {
        let outcome = said(status, clean, (5, true));
        assert!(!matches!(outcome, Outcome::Clean { .. }), "{status}");
    }
    for length in 0..clean.len() {
        let outcome = said(200, &clean[..length], (5, true));
        assert!(matches!(outcome, Outcome::Error { .. }));
    }
}

proptest! {
    #[test]
    fn a_damaged_infected_answer_is_never_clean(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<char>()), 1..=2),
    ) {
        let mut answer: Vec<char> = INFECTED.chars().collect();
        for (at, symbol) in damages {
            let at = at.index(answer.len());
            answer[at] = symbol;
        }
        let answer: String = answer.into_iter().collect();
        let clean = matches!(said(200, &answer, (5, true)), Outcome::Clean { .. });
        prop_assert!(!clean);
    }
}
