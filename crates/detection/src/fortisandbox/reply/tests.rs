use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

fn answer(code: i64, data: &Value) -> Vec<u8> {
    let status = serde_json::json!({ "code": code, "message": if code == 0 { "OK" } else { "X" } });
    let result = serde_json::json!({ "url": "/scan/result/job", "status": status, "data": data });
    serde_json::json!({ "id": 2, "ver": "4.0.2", "result": result })
        .to_string()
        .into_bytes()
}

fn rated(rating: &str, score: &Value) -> Vec<u8> {
    let data = serde_json::json!({ "jid": "7", "rating": rating, "score": score, "malware_name": "N/A",
        "detail_url": "http://sandbox/job?id=7" });
    answer(0, &data)
}

fn said(answer: &[u8]) -> Option<Outcome> {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let scan = Scan::new(
        meta,
        DateTime::UNIX_EPOCH,
        Duration::from_secs(1),
        CancellationToken::new(),
    );
    crate::fortisandbox::row(&scan, answer).map(|row| row.outcome)
}

#[test]
fn every_rating_has_its_outcome_and_others_have_none() {
    let cases = [
        ("Clean", 0, Some(CLEAN)),
        ("Low Risk", 4, Some(suspicious(Level::Low))),
        ("Medium Risk", 3, Some(suspicious(Level::Medium))),
        ("High Risk", 2, Some(suspicious(Level::High))),
        ("Malicious", 1, Some(Outcome::Infected)),
        ("Unknown", -1, Some(Outcome::Unsupported)),
        ("Fine", 0, None),
        ("", 0, None),
        ("Clean", 1, None),
        ("Malicious", 0, None),
        ("Clean", 5, None),
        ("Clean", -1, Some(CLEAN)),
    ];
    for (rating, score, outcome) in cases {
        assert_eq!(
            said(&rated(rating, &score.into())),
            outcome,
            "{rating} {score}"
        );
    }
    assert_eq!(said(&rated("Clean", &Value::Null)), Some(CLEAN));
    assert_eq!(
        said(&rated("Clean", &"0".into())),
        None,
        "a score is a number"
    );
    assert_eq!(
        said(&answer(0, &serde_json::json!({ "score": 0 }))),
        None,
        "no rating"
    );
    assert_eq!(said(&answer(29, &Value::Null)), None);
    assert_eq!(said(b"{}"), None);
}

#[test]
fn the_worst_job_counts_and_all_must_be_there() {
    let told = |data| heard(&answer(0, &data)).unwrap();
    let jids = |ids: &[u64], total: u64| {
        jobs(&told(
            serde_json::json!({ "jids": ids, "total_jids": total }),
        ))
    };
    assert_eq!(jids(&[1, 2], 2), Some(vec!["1".to_owned(), "2".to_owned()]));
    assert_eq!(jids(&[1], 2), None);
    assert_eq!(jids(&[], 0), None);
    for odd in ["../x", "", "a b"] {
        assert_eq!(submission(&told(serde_json::json!({ "sid": odd }))), None);
    }
    assert_eq!(
        submission(&told(serde_json::json!({ "sid": 17 }))).as_deref(),
        Some("17")
    );
}

#[test]
fn only_safe_addresses_of_reports_are_told() {
    let with = |url: &str| {
        let data = serde_json::json!({ "rating": "Malicious", "detail_url": url, "malware_name": "W32/X" });
        match job(&heard(&answer(0, &data)).unwrap()) {
            Ok(Job::Over(rating)) => (rating.name, rating.report),
            other => panic!("{other:?}"),
        }
    };
    let safe = "https://sandbox/job?id=7";
    assert_eq!(with(safe), ("W32/X".to_owned(), Some(safe.to_owned())));
    for unsafe_one in ["http://sandbox/", "javascript:alert(1)", ""] {
        assert_eq!(with(unsafe_one).1, None);
    }
}

proptest! {
    #[test]
    fn a_damaged_malicious_answer_is_never_clean(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..=2),
    ) {
        let mut text = rated("Malicious", &1.into());
        for (at, byte) in damages {
            let at = at.index(text.len());
            text[at] = byte;
        }
        prop_assert_ne!(said(&text), Some(CLEAN));
    }
}
