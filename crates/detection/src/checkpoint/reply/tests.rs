use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

const SHA256: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

fn about_file(state: &str, te: &Value) -> Value {
    json!({ "response": { "status": { "label": state }, "sha256": SHA256, "te": te } })
}

fn emulated(state: &str, verdict: &str) -> Value {
    json!({
        "status": { "label": state }, "combined_verdict": verdict,
        "images": [{ "status": "found", "report": { "verdict": verdict } }],
    })
}

/// What an answer makes: an outcome's name, `working`, `unknown` or `failed`.
fn made(value: &Value) -> &'static str {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let second = Duration::from_secs(1);
    let scan = Scan::new(meta, DateTime::UNIX_EPOCH, second, CancellationToken::new());
    match answer("checkpoint", &scan, value.to_string().as_bytes(), SHA256) {
        Ok(Answer::Said(row)) => row.outcome.name(),
        Ok(Answer::Working) => "working",
        Ok(Answer::Unknown) => "unknown",
        Err(_) => "failed",
    }
}

#[test]
fn every_state_and_verdict_has_its_meaning() {
    for (state, verdict, expected) in [
        ("FOUND", "benign", "clean"),
        ("FOUND", "malicious", "infected"),
        ("PARTIALLY_FOUND", "malicious", "infected"),
        ("PARTIALLY_FOUND", "benign", "working"),
        ("PENDING", "benign", "working"),
        ("FOUND", "unknown", "unsupported"),
        ("FOUND", "error", "failed"),
        ("FOUND", "Benign", "failed"),
        ("FOUND", "", "failed"),
        ("NOT_FOUND", "benign", "unknown"),
        ("NO_QUOTA", "benign", "failed"),
        ("found", "benign", "failed"),
    ] {
        let answer = about_file("FOUND", &emulated(state, verdict));
        assert_eq!(made(&answer), expected, "{state} {verdict}");
    }
    assert_eq!(
        made(&about_file("PARTIALLY_FOUND", &emulated("FOUND", "benign"))),
        "failed"
    );
    assert_eq!(
        made(&about_file("PENDING", &emulated("FOUND", "benign"))),
        "working"
    );
    let nothing = json!({ "response": { "status": { "label": "NOT_FOUND" } } });
    assert_eq!(made(&nothing), "unknown");
    assert_eq!(
        made(&json!({ "response": [nothing["response"]] })),
        "unknown"
    );
}

#[test]
fn benign_is_only_what_every_image_calls_so() {
    for image in [
        json!({ "status": "found", "report": { "verdict": "malicious" } }),
        json!({ "status": "found" }),
        json!({ "status": "error", "report": { "verdict": "benign" } }),
    ] {
        let mut te = emulated("FOUND", "benign");
        te["images"].as_array_mut().unwrap().push(image);
        assert_eq!(made(&about_file("FOUND", &te)), "failed", "{te}");
    }
    let mut te = emulated("FOUND", "benign");
    te["images"] = json!("none");
    assert_eq!(made(&about_file("FOUND", &te)), "failed");
}

#[test]
fn it_must_speak_of_this_file() {
    let mut answer = about_file("FOUND", &emulated("FOUND", "benign"));
    answer["response"]["sha256"] = "ab".repeat(32).into();
    assert_eq!(made(&answer), "failed");
    answer["response"]["sha256"] = Value::Null;
    assert_eq!(made(&answer), "failed");
    let two = json!({ "response": [answer["response"], answer["response"]] });
    assert_eq!(made(&two), "failed");
}

proptest! {
    #[test]
    fn no_mutation_of_a_bad_answer_is_clean(position: prop::sample::Index, byte: u8) {
        for verdict in ["malicious", "unknown", "error"] {
            let mut text = about_file("FOUND", &emulated("FOUND", verdict)).to_string().into_bytes();
            let position = position.index(text.len());
            text[position] = byte;
            if let Ok(value) = serde_json::from_slice(&text) {
                prop_assert_ne!(made(&value), "clean");
            }
        }
    }
}
