use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

fn conditions(texts: &[&str]) -> Vec<Condition> {
    texts
        .iter()
        .map(|text| Condition::parse(text).unwrap())
        .collect()
}

fn reading() -> Reading {
    Reading {
        infected: conditions(&["/verdict = malicious", "/threats/*/level > 5"]),
        suspicious: conditions(&["/verdict = suspicious"]),
        encrypted: conditions(&["/locked = true"]),
        incomplete: conditions(&["/skipped != 0"]),
        clean: conditions(&["/verdict = clean", "/done = true"]),
        name: Pointer::parse("/threats/*/name"),
    }
}

fn row(answer: (u16, &str), sent: Sent) -> EngineReport {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let (now, time) = (DateTime::UNIX_EPOCH, Duration::from_secs(1));
    let scan = Scan::new(meta, now, time, CancellationToken::new());
    reading().row("x", &scan, (answer.0, answer.1.as_bytes()), sent)
}

fn says(answer: &Value) -> Outcome {
    row((200, &answer.to_string()), (5, true)).outcome
}

fn is_clean(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Clean { .. })
}

#[test]
fn clean_needs_all_its_conditions_and_none_of_the_others() {
    let clean = json!({ "verdict": "clean", "done": true });
    assert!(is_clean(says(&clean)));
    for (name, value, expected) in [
        ("verdict", json!("malicious"), Outcome::Infected),
        (
            "threats",
            json!([{ "level": 1 }, { "level": 9 }]),
            Outcome::Infected,
        ),
        (
            "verdict",
            json!("suspicious"),
            Outcome::Suspicious {
                level: Level::Medium,
            },
        ),
        ("locked", json!(true), Outcome::Encrypted),
        (
            "skipped",
            json!(2),
            Outcome::Incomplete {
                limit: LimitKind::Engine,
            },
        ),
    ] {
        let mut answer = clean.clone();
        answer[name] = value;
        assert_eq!(says(&answer), expected, "{answer}");
    }
    let named =
        json!({ "verdict": "malicious", "threats": [{ "name": "Evil\u{202e}", "level": 9 }] });
    let row = row((200, &named.to_string()), (5, true));
    assert_eq!(
        (row.findings.len(), row.findings[0].name.as_str()),
        (1, "Evil\u{fffd}")
    );
}

#[test]
fn everything_else_is_an_error() {
    for other in [
        json!({}),
        json!([]),
        json!("clean"),
        json!({ "verdict": "clean" }),
        json!({ "verdict": "clean", "done": "no" }),
        json!({ "verdict": "Clean", "done": true }),
    ] {
        assert!(matches!(says(&other), Outcome::Error { .. }), "{other}");
    }
    let clean = r#"{"verdict":"clean","done":true}"#;
    for status in [100, 302, 400, 401, 404, 429, 500] {
        assert!(matches!(
            row((status, clean), (5, true)).outcome,
            Outcome::Error { .. }
        ));
    }
    for sent in [(4, true), (5, false)] {
        assert!(matches!(
            row((200, clean), sent).outcome,
            Outcome::Error { .. }
        ));
    }
    for length in 0..clean.len() {
        assert!(!is_clean(row((200, &clean[..length]), (5, true)).outcome));
    }
    let twice = r#"{"verdict":"malicious","verdict":"clean","done":true}"#;
    assert!(!is_clean(row((200, twice), (5, true)).outcome));
}

proptest! {
    #[test]
    fn a_damaged_infected_answer_is_never_clean(
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..=3),
    ) {
        let answer = json!({ "verdict": "malicious", "done": true, "threats": [{ "name": "X", "level": 9 }] });
        let mut answer: Vec<char> = answer.to_string().chars().collect();
        for (at, symbol) in damages {
            let at = at.index(answer.len());
            answer[at] = symbol;
        }
        let answer: String = answer.into_iter().collect();
        prop_assert!(!is_clean(row((200, &answer), (5, true)).outcome));
    }
}
