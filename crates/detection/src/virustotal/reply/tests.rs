use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

const HASH: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

fn answer(malicious: u32, suspicious: u32) -> String {
    let stats = json!({ "malicious": malicious, "suspicious": suspicious, "harmless": 0, "undetected": 60 });
    let label = json!({ "suggested_threat_label": "virus.eicar/test" });
    let attributes =
        json!({ "last_analysis_stats": stats, "popular_threat_classification": label });
    json!({ "data": { "id": HASH, "type": "file", "attributes": attributes } }).to_string()
}

fn said(status: u16, answer: &[u8]) -> Outcome {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 68,
    };
    let (now, time) = (DateTime::UNIX_EPOCH, Duration::from_secs(1));
    let scan = Scan::new(meta, now, time, CancellationToken::new());
    let thresholds = Thresholds {
        malicious: NonZeroU32::new(3).unwrap(),
        suspicious: NonZeroU32::new(2).unwrap(),
    };
    row("x", &scan, (status, answer), (HASH, thresholds)).outcome
}

const NO_OPINION: Outcome = Outcome::Skipped {
    reason: Skip::NoOpinion,
};

#[test]
fn counts_are_weighed_and_harmless_is_no_opinion() {
    let suspicious = Outcome::Suspicious {
        level: Level::Medium,
    };
    for (malicious, suspects, outcome) in [
        (0, 0, NO_OPINION),
        (1, 0, NO_OPINION),
        (1, 1, suspicious),
        (0, 2, suspicious),
        (2, 90, suspicious),
        (3, 0, Outcome::Infected),
        (u32::MAX, u32::MAX, Outcome::Infected),
    ] {
        assert_eq!(said(200, answer(malicious, suspects).as_bytes()), outcome);
    }
}

#[test]
fn unknown_is_no_opinion_only_by_the_word_of_the_service() {
    let unknown = br#"{"error":{"code":"NotFoundError","message":"File not found"}}"#;
    assert_eq!(said(404, unknown), NO_OPINION);
    for page in [b"<html>Not found</html>".as_slice(), b"", b"{}"] {
        assert!(matches!(said(404, page), Outcome::Error { .. }));
    }
    assert!(matches!(said(200, unknown), Outcome::Error { .. }));
    let elsewhere = answer(0, 0).replace(HASH, &HASH.replace('2', "3"));
    assert!(matches!(
        said(200, elsewhere.as_bytes()),
        Outcome::Error { .. }
    ));
}

#[test]
fn an_exhausted_quota_is_tried_again_later() {
    let quota = br#"{"error":{"code":"QuotaExceededError","message":"Quota exceeded"}}"#;
    let later = Outcome::Error {
        kind: ErrorKind::Overload,
        retryable: true,
    };
    assert_eq!(said(429, quota), later);
    for status in [204, 302, 400, 401, 403, 500, 503] {
        let answer = answer(0, 0);
        assert!(
            matches!(said(status, answer.as_bytes()), Outcome::Error { .. }),
            "{status}"
        );
    }
}

proptest! {
    #[test]
    fn no_answer_is_clean(status: u16, bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
        let clean = |outcome| matches!(outcome, Outcome::Clean { .. });
        prop_assert!(!clean(said(status, &bytes)));
        let mut infected = answer(60, 0).into_bytes();
        let at = at.index(infected.len());
        infected[at] = byte;
        prop_assert!(!clean(said(200, &infected)));
        prop_assert!(!clean(said(200, &infected[..at])));
    }
}
