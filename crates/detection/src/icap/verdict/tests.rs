use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::super::profile::{PROFILES, find};
use super::*;
use crate::engine::FileMeta;

const SIZE: u64 = 12;

fn scan() -> Scan {
    let meta = FileMeta {
        name: "a".to_owned(),
        size: SIZE,
    };
    let now = DateTime::UNIX_EPOCH;
    Scan::new(meta, now, Duration::from_secs(1), CancellationToken::new())
}

fn said(profile: &str, answer: &[u8], sent: Sent) -> Outcome {
    row("x", &scan(), (find(profile).unwrap(), &[]), answer, sent).outcome
}

const ALL: Sent = Sent {
    bytes: SIZE,
    ended: true,
};

/// An answer with an enclosed HTTP head.
fn enclosing(status: &str, headers: &str, http: &str) -> Vec<u8> {
    let http = format!("{http}\r\n");
    format!(
        "ICAP/1.0 {status}\r\nISTag: \"a\"\r\n{headers}Encapsulated: res-hdr=0, res-body={}\r\n\r\n{http}",
        http.len()
    )
    .into_bytes()
}

fn found(status: &str, headers: &str, http: &str) -> Outcome {
    said("generic", &enclosing(status, headers, http), ALL)
}

const SAME: &str = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n";

/// What products answer about malware; some of it observed, the rest from their documents and users.
fn infected_answers() -> Vec<Vec<u8>> {
    let violations = "X-Violations-Found: 1\r\n\t-\r\n\tLab.X\r\n\t0\r\n\t0\r\n";
    let x = "X-Infection-Found: Type=0; Resolution=2; Threat=Lab.X;\r\n";
    vec![
        // c-icap
        enclosing(
            "200 OK",
            &format!("{x}{violations}"),
            "HTTP/1.0 403 Forbidden\r\n",
        ),
        // ESET
        enclosing(
            "200 OK",
            "X-Infection-Found: Type=0; Resolution=0; Threat=Eicar;\r\nX-Virus-ID: Testdatei\r\nX-Response-Info: Blocked\r\n",
            FORBIDDEN,
        ),
        // Symantec
        enclosing(
            "201 Created",
            &format!("Service-ID: Respmod AV Scan\r\n{x}{violations}"),
            PAGE,
        ),
        // Skyhigh
        enclosing(
            "200 OK",
            "X-Virus-Name: EICAR test file\r\nX-Block-Reason: Malware found\r\nX-WWBlockResult: 80\r\n",
            "HTTP/1.1 403 VirusFound\r\n",
        ),
        // Kaspersky
        enclosing(
            "200 OK",
            "X-Virus-ID: EICAR-Test-File\r\nX-Response-Info: blocked\r\n",
            FORBIDDEN,
        ),
        // WithSecure
        enclosing(
            "200 OK",
            "X-FSecure-Scan-Result: infected\r\nX-FSecure-Infection-Name: \"EICAR\"\r\n",
            FORBIDDEN,
        ),
    ]
}

#[test]
fn malware_is_found_in_the_words_of_every_product() {
    for answer in infected_answers() {
        for profile in PROFILES {
            let outcome = said(profile.name, &answer, ALL);
            assert_eq!(
                outcome,
                Outcome::Infected,
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
    }
    let custom = enclosing("200 OK", "X-My-Scanner: Bad.Thing\r\n", SAME);
    let headers = ["x-my-scanner".to_owned()];
    let row = row(
        "x",
        &scan(),
        (find("generic").unwrap(), &headers),
        &custom,
        ALL,
    );
    assert_eq!(row.outcome, Outcome::Infected);
    assert_eq!(row.findings[0].name, "Bad.Thing");
}

#[test]
fn nothing_found_is_clean_only_after_the_end_and_in_one_of_two_ways() {
    let clean = Outcome::Clean {
        coverage: Coverage::Assumed,
    };
    let bare: &[u8] = b"ICAP/1.0 204 Unmodified\r\nISTag: \"a\"\r\n\r\n";
    let null: &[u8] =
        b"ICAP/1.0 204 No modification\r\nEncapsulated: null-body=0\r\nISTag: \"a\"\r\n\r\n";
    let kwts: &[u8] =
        b"ICAP/1.0 204 OK\r\nX-Virus-ID: no threats\r\nX-Response-Info: passed\r\n\r\n";
    for answer in [bare, null, kwts] {
        assert_eq!(said("generic", answer, ALL), clean);
        let early = Sent {
            bytes: 5,
            ended: false,
        };
        let incomplete = Outcome::Incomplete {
            limit: LimitKind::Engine,
        };
        assert_eq!(said("generic", answer, early), incomplete);
        let none = Outcome::Skipped {
            reason: Skip::NoOpinion,
        };
        assert_eq!(said("fortisandbox", answer, ALL), none);
    }
    assert_eq!(found("200 OK", "", SAME), clean);
    let short = Sent {
        bytes: 11,
        ended: true,
    };
    assert!(matches!(
        said("generic", bare, short),
        Outcome::Error { .. }
    ));
}

#[test]
fn everything_else_is_something_else() {
    let replaced = Outcome::Suspicious {
        level: Level::Medium,
    };
    assert_eq!(found("200 OK", "", PAGE), replaced);
    assert_eq!(found("200 OK", "", "HTTP/1.1 200 OK\r\n"), replaced);
    assert_eq!(found("201 Created", "", SAME), replaced);
    assert_eq!(found("200 OK", "", FORBIDDEN), Outcome::Infected);
    assert_eq!(
        found(
            "200 OK",
            "X-Infection-Found: Type=2; Resolution=0; Threat=Encrypted Archive;\r\n",
            SAME
        ),
        Outcome::Encrypted
    );
    assert_eq!(
        found(
            "200 OK",
            "X-Infection-Found: Type=2; Resolution=0; Threat=Container size violation;\r\n",
            SAME
        ),
        Outcome::Incomplete {
            limit: LimitKind::Engine
        }
    );
    // Part of a malware's name is no kind of container.
    assert_eq!(
        found(
            "200 OK",
            "X-Infection-Found: Type=0; Resolution=2; Threat=Ransom.Encrypted.A;\r\n",
            SAME
        ),
        Outcome::Infected
    );
    assert_eq!(
        found(
            "200 OK",
            "X-Infection-Found: Type=0; Resolution=2; Threat=Heuristics.Encrypted.Zip;\r\n",
            FORBIDDEN
        ),
        Outcome::Encrypted
    );
    assert_eq!(
        found("200 OK", "X-Blocked-Reason: Encrypted Archive\r\n", SAME),
        Outcome::Encrypted
    );
    assert_eq!(
        found("200 OK", "X-Blocked-Reason: whatever\r\n", SAME),
        Outcome::Infected
    );
}

#[test]
fn what_a_product_alone_says_is_read_for_it_alone() {
    let redirect = enclosing("200 OK", "", "HTTP/1.1 307 Temporary Redirect\r\n");
    assert_eq!(said("squidclamav", &redirect, ALL), Outcome::Infected);
    assert!(matches!(
        said("generic", &redirect, ALL),
        Outcome::Error { .. }
    ));
    for unknown in ["X-Malware-Class: 3\r\n", "X-New-Infection: yes\r\n"] {
        assert!(
            matches!(found("200 OK", unknown, SAME), Outcome::Error { .. }),
            "{unknown}"
        );
    }
}

#[test]
fn refusals_are_errors() {
    let refused = |status: u16, kind| {
        let answer = format!("ICAP/1.0 {status} Words\r\n\r\n");
        let outcome = said("generic", answer.as_bytes(), ALL);
        let expected = Outcome::Error {
            kind,
            retryable: kind.is_retryable(),
        };
        assert_eq!(outcome, expected, "{status}");
    };
    refused(404, ErrorKind::Config);
    refused(405, ErrorKind::Config);
    refused(400, ErrorKind::Config);
    refused(500, ErrorKind::EngineInternal);
    refused(503, ErrorKind::Overload);
    refused(429, ErrorKind::Overload);
    refused(539, ErrorKind::License);
    refused(100, ErrorKind::Protocol);
    refused(206, ErrorKind::Protocol);
    let clean: &[u8] = b"ICAP/1.0 204 Unmodified\r\nISTag: \"a\"\r\n\r\n";
    for length in 0..clean.len() {
        let outcome = said("generic", &clean[..length], ALL);
        assert!(matches!(outcome, Outcome::Error { .. }), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// One damage, or two: bytes changed, taken away or put in. Every answer of a product says it twice.
    #[test]
    fn a_damaged_infected_answer_is_never_clean(
        which in 0..6_usize,
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), 0..3_u8, any::<u8>()), 1..=2),
        profile in 0..PROFILES.len(),
    ) {
        let mut answer = infected_answers().swap_remove(which);
        for (at, how, byte) in damages {
            let at = at.index(answer.len());
            match how {
                0 => answer[at] = byte,
                1 => { answer.remove(at); }
                _ => answer.insert(at, byte),
            }
        }
        let outcome = said(PROFILES[profile].name, &answer, ALL);
        let clean = matches!(outcome, Outcome::Clean { .. });
        prop_assert!(!clean, "{}", String::from_utf8_lossy(&answer));
    }

    #[test]
    fn a_cut_infected_answer_is_never_clean(which in 0..6_usize, cut in any::<proptest::sample::Index>()) {
        let answer = infected_answers().swap_remove(which);
        let outcome = said("generic", &answer[..cut.index(answer.len())], ALL);
        let clean = matches!(outcome, Outcome::Clean { .. });
        prop_assert!(!clean);
    }
}
