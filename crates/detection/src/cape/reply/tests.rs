use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;

const SHA256: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

fn described(status: &str, score: &Value, detections: &Value) -> Value {
    json!({ "error": false, "data": {
        "id": 7, "status": status, "sample": { "sha256": SHA256 }, "malscore": score, "detections": detections,
    } })
}

/// What a description makes: an outcome's name, `working`, `unknown` or `failed`.
fn made(value: &Value) -> &'static str {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let second = Duration::from_secs(1);
    let scan = Scan::new(meta, DateTime::UNIX_EPOCH, second, CancellationToken::new());
    match task(value.to_string().as_bytes(), Some(SHA256)) {
        Ok(Task::Over(found)) => row("cape", &scan, vec![found], 1.0).outcome.name(),
        Ok(Task::Working) => "working",
        Ok(Task::Unknown) => "unknown",
        Err(_) => "failed",
    }
}

#[test]
fn every_state_and_score_has_its_meaning() {
    let none = Value::Null;
    for (status, score, detections, expected) in [
        ("reported", json!(0.4), none.clone(), "clean"),
        ("reported", json!(0), json!([]), "clean"),
        ("reported", json!(1.0), none.clone(), "suspicious"),
        ("reported", json!(10), json!(""), "suspicious"),
        ("reported", json!(0), json!("Emotet"), "infected"),
        (
            "reported",
            json!(0),
            json!([{ "family": "Emotet" }]),
            "infected",
        ),
        ("reported", json!(0), json!([{ "name": "x" }]), "failed"),
        ("reported", json!(0), json!([""]), "failed"),
        ("reported", json!(0), json!({}), "failed"),
        ("reported", json!(11), none.clone(), "failed"),
        ("reported", json!(-1), none.clone(), "failed"),
        ("reported", json!("0"), none.clone(), "failed"),
        ("reported", none.clone(), none.clone(), "failed"),
        ("pending", json!(0), none.clone(), "working"),
        ("running", json!(0), none.clone(), "working"),
        ("completed", json!(0), none.clone(), "working"),
        ("failed_analysis", json!(0), none.clone(), "failed"),
        ("banned", json!(0), none.clone(), "failed"),
        ("Reported", json!(0), none.clone(), "failed"),
    ] {
        let answer = described(status, &score, &detections);
        assert_eq!(made(&answer), expected, "{answer}");
    }
    assert_eq!(
        made(&json!({ "error": true, "error_value": "no task" })),
        "unknown"
    );
    assert_eq!(
        made(&json!({ "data": { "status": "reported", "malscore": 0 } })),
        "failed"
    );
}

#[test]
fn levels_go_by_the_score() {
    assert_eq!(level(1.0), Level::Low);
    assert_eq!(level(4.9), Level::Low);
    assert_eq!(level(5.0), Level::Medium);
    assert_eq!(level(7.0), Level::High);
}

#[test]
fn it_must_speak_of_this_file() {
    let mut answer = described("reported", &json!(0), &Value::Null);
    answer["data"]["sample"]["sha256"] = "ab".repeat(32).into();
    assert_eq!(made(&answer), "failed");
}

#[test]
fn tasks_go_into_a_word_and_back() {
    let numbers = taken(br#"{"error":false,"data":{"task_ids":[7,8]}}"#).unwrap();
    assert_eq!(split(&join(&numbers)), Some(vec![7, 8]));
    assert_eq!(split(""), None);
    for wrong in [
        r#"{"error":false,"data":{"task_ids":[]}}"#,
        r#"{"error":false,"data":{"task_ids":["7"]}}"#,
        r#"{"error":false,"data":{}}"#,
        r#"{"error":true}"#,
        r#"{"data":{"task_ids":[7]}}"#,
    ] {
        assert!(taken(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn the_latest_task_that_did_not_fail_is_looked_at() {
    let tasks = json!({ "error": false, "data": [
        { "id": 3, "status": "reported" }, { "id": 5, "status": "running" }, { "id": 9, "status": "failed_analysis" },
    ] });
    assert_eq!(latest(tasks.to_string().as_bytes()).unwrap(), Some(5));
    assert_eq!(latest(br#"{"error":true}"#).unwrap(), None);
    assert_eq!(latest(br#"{"error":false,"data":[]}"#).unwrap(), None);
    assert!(latest(b"[]").is_err());
}

proptest! {
    #[test]
    fn no_mutation_of_a_bad_answer_is_clean(position: prop::sample::Index, byte: u8) {
        let bad = described("reported", &json!(10), &json!([{ "family": "Emotet" }]));
        let late = described("running", &json!(0), &Value::Null);
        for answer in [bad, late] {
            let mut text = answer.to_string().into_bytes();
            let position = position.index(text.len());
            text[position] = byte;
            if let Ok(value) = serde_json::from_slice(&text) {
                prop_assert_ne!(made(&value), "clean", "{}", value);
            }
        }
    }
}
