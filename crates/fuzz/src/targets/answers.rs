//! Answers of ICAP and HTTP scanners: *clean* only after every byte, and never beside a word of something found.

use serde_json::Value;
use sofie_detection::{EngineReport, Outcome, fuzzing};

use super::inspector::assert_displayable;
use super::wire::scan;
use crate::input::{Input, Script};

pub(super) const SIZE: u64 = 10;
const PROFILES: [&str; 5] = ["generic", "c_icap", "squidclamav", "eset", "fortisandbox"];

/// How much was sent and whether the end was: one time in four all of it.
pub(super) fn sent(flags: u8) -> (u64, bool) {
    let bytes = if flags & 2 == 0 {
        SIZE
    } else {
        u64::from(flags)
    };
    (bytes, flags & 1 == 0)
}

/// Tells whether the row is clean; if it is, everything was sent.
pub(super) fn clean(row: &EngineReport, sent: (u64, bool)) -> bool {
    let clean = matches!(row.outcome, Outcome::Clean { .. });
    let silent = clean || matches!(row.outcome, Outcome::Skipped { .. });
    assert_eq!(silent, row.findings.is_empty(), "{row:?}");
    assert!(!clean || sent == (SIZE, true), "clean before the end");
    assert_displayable(row.raw_reply.as_deref().unwrap_or_default());
    for finding in &row.findings {
        assert_displayable(&finding.name);
        assert_displayable(&finding.detail);
    }
    clean
}

pub(crate) fn icap(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = PROFILES[usize::from(input.byte()) % PROFILES.len()];
    let sent = sent(input.byte());
    let answer = input.rest();
    let row = fuzzing::icap_row(&scan(SIZE), profile, answer, sent).expect("a known profile");
    if clean(&row, sent) {
        let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
        assert!(text.starts_with("icap/1.0 2"), "{text:?} is clean");
        assert!(!text.contains("\nx-infection-found:"), "{text:?} is clean");
    }
}

pub(crate) fn icap_seeds() -> Vec<Vec<u8>> {
    let page = "Encapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP/1.0 403 Forbidden\r\n\r\n";
    let answers = [
        "ICAP/1.0 204 Unmodified\r\nISTag: \"t\"\r\n\r\n".to_owned(),
        format!("ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=X;\r\n{page}"),
        format!("ICAP/1.0 200 OK\r\nX-Virus-ID: no threats\r\nX-Response-Info: Blocked\r\n{page}"),
        format!(
            "ICAP/1.0 200 OK\r\nX-Violations-Found: 1\r\n\tfile\r\n\tX\r\n\t0\r\n\t0\r\n{page}"
        ),
        "ICAP/1.0 500 Server error\r\n\r\n".to_owned(),
        "ICAP/1.0 201 Created\r\nService-ID: Respmod AV Scan\r\n\r\n".to_owned(),
        "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=38\r\n\r\nHTTP/1.1 200 OK\r\n\
         Content-Length: 10\r\n\r\n"
            .to_owned(),
    ];
    let with = |(answer, flags): (&String, u8)| [&[flags, flags], answer.as_bytes()].concat();
    let pairs = answers
        .iter()
        .flat_map(|answer| (0..3).map(move |flags| (answer, flags)));
    pairs.map(with).collect()
}

pub(crate) fn kaspersky(data: &[u8]) {
    let mut input = Input::new(data);
    let sent = sent(input.byte());
    let status = [200, 401, 408, 413, 500, 204][usize::from(input.byte()) % 6];
    let answer = input.rest();
    let row = fuzzing::kaspersky_row(&scan(SIZE), (status, answer), sent);
    if clean(&row, sent) {
        let value: Value = serde_json::from_slice(answer).expect("what is clean can be read");
        assert_eq!((status, &value["scanResult"]), (200, &"CLEAN".into()));
        let members = value["subObjectsScanResults"].as_array();
        let clean = |member: &Value| member["scanResult"] == "CLEAN";
        assert!(members.is_none_or(|members| members.iter().all(clean)));
    }
}

pub(crate) fn kaspersky_seeds() -> Vec<Vec<u8>> {
    let answers = [
        r#"{"object":"memory","scanResult":"CLEAN"}"#,
        r#"{"object":"memory","scanResult":"DETECT","detectionName":"EICAR-Test-File"}"#,
        r#"{"object":"memory","scanResult":"CLEAN","subObjectsScanResults":[{"object":"a//b","scanResult":"DETECT","detectionName":"X"}]}"#,
        r#"{"scanResult":"NON_SCANNED (PASSWORD PROTECTED)"}"#,
        r#"{"scanResult":"CLEAN","containsOfficeMacro":"true"}"#,
        r#"{"error":"Session Timeout"}"#,
    ];
    let with = |answer: &str| Script::default().byte(0).byte(0).rest(answer.as_bytes());
    answers.map(with).to_vec()
}
