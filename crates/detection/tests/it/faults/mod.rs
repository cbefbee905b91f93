//! Every kind of engine against every fault: never clean, worth another try, over in time, and well again when the
//! server is (DET-16, security bar 4.5).

mod kinds;
mod server;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use sofie_detection::{Body, Engine, Outcome, Runtime, Setup, Skip};
use tokio::time::Instant;

use self::kinds::{BAD, KINDS, Kind, says};
use self::server::{Act, Server, certificate};
use super::fixture;
use super::scan;

const GOOD: &[u8] = b"good content";
/// For each of the three waits; all of them together are the longest that a scan takes.
const PATIENCE: Duration = Duration::from_secs(10);

fn patient(setup: &mut Setup) {
    setup.largest_file = 1 << 30;
    setup.times.connect = PATIENCE;
    setup.times.idle = PATIENCE;
    setup.times.verdict = PATIENCE;
}

fn engine(kind: &Kind, address: &str) -> Runtime {
    fixture::engine(kind.name, patient, &(kind.config)(address, false))
}

async fn ask(engine: &Runtime, content: &[u8]) -> Outcome {
    let scan = scan("a b.txt", content.len());
    engine.scan(&scan, Body::of(content)).await.outcome
}

/// What is no verdict, and may be one later.
fn is_retryable(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Error {
            retryable: true,
            ..
        }
    )
}

/// A server that is well is believed, whatever it was before.
async fn assert_well(kind: &Kind, engine: &Runtime, after: &str) {
    let good = ask(engine, GOOD).await;
    let expected = match good {
        Outcome::Clean { .. } => kind.vouches,
        Outcome::Skipped { reason } => !kind.vouches && reason == Skip::NoOpinion,
        _ => false,
    };
    assert!(expected, "{} after {after}: {good:?}", kind.name);
}

async fn assert_finds(kind: &Kind, engine: &Runtime) {
    assert_eq!(ask(engine, BAD).await, Outcome::Infected, "{}", kind.name);
}

#[test]
fn every_kind_is_in_the_matrix() {
    // These hold another conversation, and have tests of their own.
    let apart = ["cape", "checkpoint", "command", "fortisandbox", "kata"];
    let known = |name| KINDS.iter().any(|kind| kind.name == name) || apart.contains(&name);
    for kind in sofie_detection::KINDS {
        assert!(known(kind.name), "{} has no row", kind.name);
    }
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    for kind in KINDS {
        let server = Server::start(kind).await;
        let engine = engine(kind, &server.address);
        for question in 1..=kind.last {
            for act in acts(kind) {
                let fault = format!("{act:?} ({question})");
                server.set(Some((question, act)));
                let outcome = ask(&engine, GOOD).await;
                assert!(
                    is_retryable(outcome),
                    "{} with {fault}: {outcome:?}",
                    kind.name
                );
                server.set(None);
                assert_well(kind, &engine, &fault).await;
            }
        }
        assert_finds(kind, &engine).await;
    }
}

/// What can go wrong without anybody having to wait.
fn acts(kind: &Kind) -> Vec<Act> {
    let garbage: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let mut acts = vec![
        Act::Leave,
        Act::Babble,
        Act::Say(garbage),
        Act::Say(Vec::new()),
    ];
    if kind.http {
        acts.extend([Act::WrongLength(7), Act::WrongLength(-1)]);
        acts.extend([
            Act::Say(says(200, "")),
            Act::Say(says(204, "")),
            Act::Say(says(200, "{}")),
        ]);
        let mut statuses = vec![401, 403, 429, 500, 502, 503];
        // After this one nothing is asked for a minute where questions are counted; its own tests see to that.
        statuses.retain(|status| kind.name != "virustotal" || *status != 429);
        let refusals = statuses
            .into_iter()
            .map(|status| Act::Say(says(status, "{}")));
        acts.extend(refusals);
    }
    if kind.name == "icap" {
        let says = |status: u16| format!("ICAP/1.0 {status} Words\r\n\r\n").into_bytes();
        // 403 is a matter of the configuration there, which no other try mends.
        acts.extend([401, 429, 500, 503].map(|status| Act::Say(says(status))));
    }
    acts
}

#[tokio::test]
async fn a_good_answer_that_breaks_off_anywhere_is_an_error() {
    let each = |kind: &'static Kind| (1..=kind.last).map(move |question| break_off(kind, question));
    join_all(KINDS.iter().flat_map(each)).await;
}

async fn break_off(kind: &'static Kind, question: usize) {
    let server = Server::start(kind).await;
    let engine = engine(kind, &server.address);
    for length in 0.. {
        server.set(Some((question, Act::Cut(length))));
        let outcome = ask(&engine, GOOD).await;
        if server.said_all() {
            break;
        }
        let at = format!("{} at {length} of {question}", kind.name);
        assert!(is_retryable(outcome), "{at}: {outcome:?}");
        server.set(None);
        assert_well(kind, &engine, &at).await;
    }
}

#[tokio::test]
async fn an_answer_before_the_file_is_not_believed() {
    let large = vec![b'x'; 16 << 20];
    for kind in KINDS.iter().filter(|kind| kind.uploads) {
        let server = Server::start(kind).await;
        let engine = engine(kind, &server.address);
        server.set(Some((1, Act::Early)));
        let outcome = ask(&engine, &large).await;
        // Some servers say in this way that they have looked at the beginning only.
        let partly = matches!(outcome, Outcome::Incomplete { .. });
        assert!(
            partly || is_retryable(outcome),
            "{}: {outcome:?}",
            kind.name
        );
        server.set(None);
        assert_well(kind, &engine, "an early answer").await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_in_time() {
    for kind in KINDS {
        for question in 1..=kind.last {
            for act in [Act::Silence, Act::Drip] {
                let server = Server::start(kind).await;
                let engine = engine(kind, &server.address);
                let fault = format!("{act:?} ({question})");
                server.set(Some((question, act)));
                let begun = Instant::now();
                let outcome = ask(&engine, GOOD).await;
                assert!(
                    is_retryable(outcome),
                    "{} with {fault}: {outcome:?}",
                    kind.name
                );
                let took = begun.elapsed();
                let longest = PATIENCE * 3 + Duration::from_secs(1);
                assert!(took <= longest, "{} with {fault}: {took:?}", kind.name);
            }
        }
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_until_somebody_is() {
    for kind in KINDS {
        let address = Server::start(kind).await.stop().await;
        let engine = engine(kind, &address);
        for _ in 0..2 {
            let outcome = ask(&engine, GOOD).await;
            assert!(is_retryable(outcome), "{}: {outcome:?}", kind.name);
        }
        let _server = Server::at(&address, kind, None).await;
        assert_well(kind, &engine, "an absence").await;
    }
}

#[tokio::test]
async fn a_server_with_another_certificate_gets_nothing() {
    let (trusted, acceptor) = certificate();
    let (other, _) = certificate();
    for kind in KINDS.iter().filter(|kind| kind.tls) {
        let server = Server::at("127.0.0.1:0", kind, Some(acceptor.clone())).await;
        let trusts = |certificate: &str| {
            let mut config = (kind.config)(&server.address, true);
            config["certificate"] = Value::from(certificate);
            fixture::engine(kind.name, patient, &config)
        };
        let outcome = ask(&trusts(&other), GOOD).await;
        assert!(is_retryable(outcome), "{}: {outcome:?}", kind.name);
        assert_well(kind, &trusts(&trusted), "the right certificate").await;
    }
}
