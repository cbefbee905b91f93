//! Answers of scanners that are services: *clean* only where every word says so, and never of a look-up.

use serde_json::Value;
use sofie_detection::{EngineReport, Outcome, fuzzing};

use super::answers::{SIZE, clean, sent};
use super::wire::scan;
use crate::input::{Input, Script};

const HASH: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

fn status(byte: u8) -> u16 {
    [200, 200, 200, 204, 401, 404, 429, 500][usize::from(byte) % 8]
}

fn seeds(answers: &[&str]) -> Vec<Vec<u8>> {
    let with = |answer: &&str| Script::default().byte(0).byte(0).rest(answer.as_bytes());
    answers.iter().map(with).collect()
}

pub(crate) fn metadefender(data: &[u8]) {
    let mut input = Input::new(data);
    let sent = sent(input.byte());
    let status = status(input.byte());
    let answer = input.rest();
    let row = fuzzing::metadefender_row(&scan(SIZE), (status, answer), sent);
    if row.is_some_and(|row| clean(&row, sent)) {
        let value: Value = serde_json::from_slice(answer).expect("what is clean can be read");
        assert_eq!(status, 200);
        assert_eq!(value["scan_results"]["progress_percentage"], 100);
        assert_eq!(value["scan_results"]["scan_all_result_i"], 0);
        assert_eq!(value["process_info"]["result"], "Allowed");
        let details = value["scan_results"]["scan_details"].as_object();
        let mut details = details.expect("somebody looked").values();
        assert!(details.all(|detail| {
            ![1, 2, 22]
                .map(Value::from)
                .contains(&detail["scan_result_i"])
        }));
    }
}

pub(crate) fn metadefender_seeds() -> Vec<Vec<u8>> {
    seeds(&[
        r#"{"scan_results":{"progress_percentage":100,"scan_all_result_i":0,"scan_details":{"A":{"scan_result_i":0,"threat_found":""}}},"process_info":{"progress_percentage":100,"result":"Allowed","blocked_reason":""}}"#,
        r#"{"scan_results":{"progress_percentage":100,"scan_all_result_i":1,"scan_details":{"A":{"scan_result_i":1,"threat_found":"X"}}},"process_info":{"progress_percentage":100,"result":"Blocked","blocked_reason":"Infected"}}"#,
        r#"{"scan_results":{"progress_percentage":40,"scan_all_result_i":255,"scan_details":{}},"process_info":{"result":"Processing"}}"#,
        r#"{"scan_results":{"progress_percentage":100,"scan_all_result_i":12},"process_info":{"result":"Blocked","blocked_reasons":["Encrypted Archive"]}}"#,
    ])
}

pub(crate) fn fortisandbox(data: &[u8]) {
    let row = fuzzing::fortisandbox_row(&scan(SIZE), data);
    let is_clean = |row: &EngineReport| matches!(row.outcome, Outcome::Clean { .. });
    if row.as_ref().is_some_and(is_clean) {
        let value: Value = serde_json::from_slice(data).expect("what is clean can be read");
        assert_eq!(value["result"]["status"]["code"], 0);
        let rating = value["result"]["data"]["rating"]
            .as_str()
            .expect("it is rated");
        assert!(rating.eq_ignore_ascii_case("clean"));
        let score = value["result"]["data"]["score"].as_i64();
        assert!(score.is_none_or(|score| !(1..=4).contains(&score)));
    }
}

pub(crate) fn fortisandbox_seeds() -> Vec<Vec<u8>> {
    let job = |rating: &str, score: i8| {
        format!(
            r#"{{"id":2,"result":{{"status":{{"code":0,"message":"OK"}},"data":{{"rating":"{rating}","score":{score},"malware_name":"X","detail_url":"https://x/"}}}}}}"#
        )
        .into_bytes()
    };
    let working =
        r#"{"id":2,"result":{"status":{"code":29,"message":"DATA_IN_QUEUE_OR_PROGRESS"}}}"#;
    vec![
        job("Clean", 0),
        job("Malicious", 1),
        job("Low Risk", 4),
        working.into(),
    ]
}

pub(crate) fn checkpoint(data: &[u8]) {
    let row = fuzzing::checkpoint_row(&scan(SIZE), data, HASH);
    let is_clean = |row: &EngineReport| matches!(row.outcome, Outcome::Clean { .. });
    if row.as_ref().is_some_and(is_clean) {
        let value: Value = serde_json::from_slice(data).expect("what is clean can be read");
        let response = match &value["response"] {
            Value::Array(all) => &all[0],
            one => one,
        };
        let sha256 = response["sha256"].as_str().expect("it is about a file");
        assert!(sha256.eq_ignore_ascii_case(HASH));
        assert_eq!(response["status"]["label"], "FOUND");
        assert_eq!(response["te"]["status"]["label"], "FOUND");
        assert_eq!(response["te"]["combined_verdict"], "benign");
    }
}

pub(crate) fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let about = |state: &str, verdict: &str| {
        format!(
            r#"{{"response":{{"status":{{"code":1001,"label":"FOUND"}},"sha256":"{HASH}","te":{{"status":{{"label":"{state}"}},"combined_verdict":"{verdict}","images":[{{"status":"found","report":{{"verdict":"{verdict}"}}}}]}}}}}}"#
        )
        .into_bytes()
    };
    vec![
        about("FOUND", "benign"),
        about("FOUND", "malicious"),
        about("PARTIALLY_FOUND", "benign"),
        br#"{"response":{"status":{"label":"NOT_FOUND"}}}"#.to_vec(),
    ]
}

pub(crate) fn kata(data: &[u8]) {
    let row = fuzzing::kata_row(&scan(SIZE), data, HASH);
    let is_clean = |row: &EngineReport| matches!(row.outcome, Outcome::Clean { .. });
    if row.as_ref().is_some_and(is_clean) {
        let value: Value = serde_json::from_slice(data).expect("what is clean can be read");
        let all = value.as_array().expect("it is a list");
        let about = |one: &&Value| one["scanId"] == HASH;
        assert!(all.iter().any(|one| about(&one)));
        for one in all.iter().filter(about) {
            let state = one["state"].as_str().expect("it has a state");
            assert_eq!(state.replace('_', " "), "not detected");
        }
    }
}

pub(crate) fn kata_seeds() -> Vec<Vec<u8>> {
    let about = |state: &str| {
        format!(r#"[{{"scanId":"{HASH}","state":"{state}"}},{{"scanId":"x","state":"error"}}]"#)
    };
    let all = ["not detected", "detect", "processing", "timeout"].map(about);
    all.into_iter().map(String::into_bytes).collect()
}

pub(crate) fn cape(data: &[u8]) {
    let row = fuzzing::cape_row(&scan(SIZE), data);
    let is_clean = |row: &EngineReport| matches!(row.outcome, Outcome::Clean { .. });
    if row.as_ref().is_some_and(is_clean) {
        let value: Value = serde_json::from_slice(data).expect("what is clean can be read");
        assert_eq!(value["error"], false);
        assert_eq!(value["data"]["status"], "reported");
        let score = value["data"]["malscore"].as_f64().expect("it has a score");
        assert!((0.0..1.0).contains(&score));
        let detections = &value["data"]["detections"];
        assert!(
            detections.is_null() || detections == "" || detections == &Value::Array(Vec::new())
        );
    }
}

pub(crate) fn cape_seeds() -> Vec<Vec<u8>> {
    let task = |status: &str, score: &str, found: &str| {
        format!(
            r#"{{"error":false,"data":{{"id":7,"status":"{status}","malscore":{score},"detections":{found},"sample":{{"sha256":"{HASH}"}}}}}}"#
        )
        .into_bytes()
    };
    vec![
        task("reported", "0.3", "[]"),
        task("reported", "10", r#"[{"family":"X"}]"#),
        task("reported", "6.5", "null"),
        task("running", "0", r#""""#),
        br#"{"error":true,"error_value":"none"}"#.to_vec(),
    ]
}

pub(crate) fn virustotal(data: &[u8]) {
    let mut input = Input::new(data);
    let _ = input.byte();
    let status = status(input.byte());
    let row = fuzzing::virustotal_row(&scan(SIZE), (status, input.rest()), HASH);
    assert!(!clean(&row, (0, false)), "it vouches for nothing");
    if let Outcome::Skipped { .. } = row.outcome {
        assert!(status == 200 || status == 404);
    }
}

pub(crate) fn virustotal_seeds() -> Vec<Vec<u8>> {
    let about = |malicious: u8| {
        format!(
            r#"{{"data":{{"id":"{HASH}","attributes":{{"last_analysis_stats":{{"malicious":{malicious},"suspicious":0}}}}}}}}"#
        )
    };
    let unknown = r#"{"error":{"code":"NotFoundError","message":"not found"}}"#;
    let mut seeds = seeds(&[&about(60), &about(1), &about(0)]);
    seeds.push(Script::default().byte(0).byte(5).rest(unknown.as_bytes()));
    seeds
}

pub(crate) fn rest(data: &[u8]) {
    let mut input = Input::new(data);
    let sent = sent(input.byte());
    let status = status(input.byte());
    let (infected, good) = (input.text(), input.text());
    let answer = input.rest();
    let row = fuzzing::rest_row(&scan(SIZE), (&*infected, &*good), (status, answer), sent);
    if row.is_some_and(|row| clean(&row, sent)) {
        assert!((200..=299).contains(&status));
        // The conditions the other way round: what is clean by the one is infected by it.
        let other = fuzzing::rest_row(&scan(SIZE), (&*good, &*infected), (200, answer), sent);
        assert_eq!(other.map(|row| row.outcome), Some(Outcome::Infected));
    }
}

pub(crate) fn rest_seeds() -> Vec<Vec<u8>> {
    let with = |infected: &str, clean: &str, answer: &str| {
        let script = Script::default().byte(0).byte(0).text(infected).text(clean);
        script.rest(answer.as_bytes())
    };
    let answer = r#"{"verdict":"clean","parts":[{"level":0},{"level":3}],"list":[]}"#;
    vec![
        with("/verdict = malicious*", "/verdict = clean", answer),
        with("/parts/*/level > 2", "/list = []", answer),
        with("/parts/*/level > 5", "/parts/*/level < 4", answer),
        with("/verdict != clean", "/verdict = cl*n", answer),
    ]
}
