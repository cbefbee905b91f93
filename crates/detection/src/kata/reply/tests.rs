use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::FileMeta;
use crate::verdict::Level;

const NAME: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0fx20785";

/// What a list makes of the file: an outcome's name, `working`, `unknown` or `failed`.
fn made(list: &Value, detect: Outcome) -> &'static str {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: 5,
    };
    let second = Duration::from_secs(1);
    let scan = Scan::new(meta, DateTime::UNIX_EPOCH, second, CancellationToken::new());
    let said = states(list.to_string().as_bytes())
        .and_then(|states| answer("kata", &scan, &states, (NAME, detect)));
    match said {
        Ok(Answer::Said(row)) => row.outcome.name(),
        Ok(Answer::Working) => "working",
        Ok(Answer::Unknown) => "unknown",
        Err(_) => "failed",
    }
}

fn list(states: &[&str]) -> Value {
    let all = states
        .iter()
        .map(|state| json!({ "scanId": NAME, "state": state }));
    all.collect()
}

#[test]
fn every_state_has_its_meaning() {
    for (all, expected) in [
        (&["not detected"][..], "clean"),
        (&["detect"], "infected"),
        (&["processing"], "working"),
        (&["timeout"], "incomplete"),
        (&["error"], "failed"),
        (&["Not detected"], "failed"),
        (&[""], "failed"),
        (&[], "unknown"),
        (&["not detected", "detect"], "infected"),
        (&["not detected", "processing"], "working"),
        (&["not detected", "timeout"], "incomplete"),
        (&["not detected", "error"], "failed"),
    ] {
        assert_eq!(made(&list(all), Outcome::Infected), expected, "{all:?}");
    }
    let high = Outcome::Suspicious { level: Level::High };
    assert_eq!(made(&list(&["detect"]), high), "suspicious");
}

#[test]
fn it_must_speak_of_this_file_and_be_a_list() {
    for wrong in [
        json!({ "scanId": NAME, "state": "not detected" }),
        json!([{ "state": "not detected" }]),
        json!([{ "scanId": NAME }]),
        json!("not detected"),
    ] {
        assert_eq!(made(&wrong, Outcome::Infected), "failed", "{wrong}");
    }
    let other = json!([{ "scanId": format!("{NAME}1"), "state": "not detected" }]);
    assert_eq!(made(&other, Outcome::Infected), "unknown");
}

proptest! {
    #[test]
    fn no_mutation_of_a_bad_answer_is_clean(position: prop::sample::Index, byte: u8) {
        for state in ["detect", "timeout", "error", "processing"] {
            let mut text = list(&[state]).to_string().into_bytes();
            let position = position.index(text.len());
            text[position] = byte;
            if let Ok(value) = serde_json::from_slice(&text) {
                prop_assert_ne!(made(&value, Outcome::Infected), "clean");
            }
        }
    }
}
