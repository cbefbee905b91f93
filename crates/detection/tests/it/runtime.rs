//! What all configured engines share: rules, fail-over, turns, the circuit breaker (DET-1, DET-3, DET-11).

use std::sync::Arc;
use std::time::Duration;

use sofie_detection::{
    Body, Engine, ErrorKind, LimitKind, Outcome, Refusal, Runtime, Skip, TypeMode, Types,
};

use super::fake::{Fake, Script};
use super::fixture::clamd;
use super::{now, scan};

const CLEAN: &[u8] = b"stream: OK\0";

async fn ask(engine: &Runtime, name: &str, content: &[u8]) -> Outcome {
    let report = engine
        .scan(&scan(name, content.len()), Body::of(content))
        .await;
    report.outcome
}

fn says(answer: &[u8]) -> Fake {
    Fake::start(Script::Answer(answer.to_vec()))
}

fn no_answer(kind: ErrorKind) -> Outcome {
    Outcome::Error {
        kind,
        retryable: true,
    }
}

#[tokio::test]
async fn size_and_type_rules_say_what_becomes_of_other_files() {
    let fake = says(b"stream: X FOUND\0");
    let limited = |oversize| {
        clamd(&[&fake.socket], |setup| {
            setup.largest_file = 3;
            setup.oversize = oversize;
        })
    };
    let incomplete = Outcome::Incomplete {
        limit: LimitKind::FileSize,
    };
    assert_eq!(
        ask(&limited(Refusal::Unscannable), "a", b"four").await,
        incomplete
    );
    let skipped = Outcome::Skipped { reason: Skip::Size };
    assert_eq!(ask(&limited(Refusal::Skip), "a", b"four").await, skipped);
    assert_eq!(
        ask(&limited(Refusal::Skip), "a", b"two").await,
        Outcome::Infected
    );

    let only = |others| {
        clamd(&[&fake.socket], |setup| {
            setup.types = Types {
                mode: TypeMode::Only,
                endings: vec!["exe".to_owned()],
                others,
            };
        })
    };
    let skipped = Outcome::Skipped { reason: Skip::Type };
    assert_eq!(ask(&only(Refusal::Skip), "a.txt", b"x").await, skipped);
    assert_eq!(
        ask(&only(Refusal::Unscannable), "a.txt", b"x").await,
        Outcome::Unsupported
    );
    assert_eq!(
        ask(&only(Refusal::Skip), "a.exe", b"x").await,
        Outcome::Infected
    );
}

#[tokio::test]
async fn an_empty_file_is_clean_only_if_it_is_empty() {
    let engine = says(b"stream: X FOUND\0").engine();
    assert!(matches!(
        ask(&engine, "a", b"").await,
        Outcome::Clean { .. }
    ));
    let report = engine.scan(&scan("a", 0), Body::of(b"x")).await;
    assert_eq!(report.outcome, no_answer(ErrorKind::Source));
}

#[tokio::test]
async fn after_failures_in_a_row_only_a_self_test_opens_the_way_again() {
    let nowhere = tempfile::TempDir::new().unwrap();
    let socket = nowhere.path().join("socket");
    let engine = clamd(&[&socket], |_| {});
    for _ in 0..3 {
        assert_eq!(ask(&engine, "a", b"x").await, no_answer(ErrorKind::Connect));
    }
    // It comes back, but nobody has tested it yet.
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let report = engine.scan(&scan("a", 1), Body::of(b"x")).await;
    assert!(
        report.findings[0].detail.contains("self-test"),
        "{report:?}"
    );
    let asked = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(asked.is_err(), "it was contacted");
    drop(listener);
    assert!(!engine.self_test(now()).await.passed());
}

#[tokio::test]
async fn a_file_goes_to_the_next_endpoint_only_while_nobody_took_content() {
    // Both answer the version; the first breaks off before it took the content.
    let broken = Fake::start(Script::Early(0, Vec::new()));
    let good = says(CLEAN);
    let engine = clamd(&[&broken.socket, &good.socket], |_| {});
    for _ in 0..6 {
        // Either the good one had it whole, or the broken one had a part of it: never a clean part.
        let outcome = ask(&engine, "a", b"content").await;
        assert!(
            matches!(outcome, Outcome::Clean { .. }) || outcome == no_answer(ErrorKind::Protocol),
            "{outcome:?}"
        );
    }
    assert!(matches!(
        ask(&engine, "a", b"content").await,
        Outcome::Clean { .. }
    ));
}

#[tokio::test]
async fn turns_are_counted() {
    let fake = Fake::start(Script::Hang);
    let engine = Arc::new(clamd(&[&fake.socket], |setup| setup.at_once = 1));
    let turn = engine.turn().await;
    assert!(turn.is_counted());
    let waiting = Arc::clone(&engine);
    let next = tokio::spawn(async move { waiting.turn().await });
    while engine.load().waiting == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!((engine.load().busy, engine.load().waiting), (1, 1));
    drop(turn);
    let _turn = next.await.unwrap();
    assert_eq!((engine.load().busy, engine.load().waiting), (1, 0));
}
