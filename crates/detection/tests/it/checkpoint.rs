//! Check Point against a server that answers by script: whatever goes wrong is never clean (DET-14).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sofie_detection::{Body, Engine, EngineReport, ErrorKind, Outcome, Runtime, Scan, Ticket};

use super::fixture::engine;
use super::scripted::{self, Scripted};
use super::{now, scan};

const CONTENT: &[u8] = b"hello";

fn sha256() -> String {
    "ab".repeat(32)
}

/// What it was asked, with the content.
type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

struct Server {
    engine: Runtime,
    asked: Asked,
    _behind: Scripted,
}

async fn serve(answer: impl Fn(&str, &[u8]) -> Value + Send + Sync + 'static) -> Server {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let server = scripted::serve(Box::new(move |path, content| {
        let what = path.rsplit('/').next().unwrap();
        noted
            .lock()
            .unwrap()
            .push((what.to_owned(), content.to_vec()));
        answer(what, content)
    }))
    .await;
    let image = "e50e99f3-5963-4573-af9e-e3f4750b55e2:1";
    let config = json!({ "addresses": [server.address], "apikey": "k", "images": [image] });
    Server {
        engine: engine("checkpoint", |_| {}, &config),
        asked,
        _behind: server,
    }
}

impl Server {
    async fn first(&self) -> EngineReport {
        let scan = scan("a.txt", CONTENT.len()).with_sha256(Some(sha256()));
        self.engine.scan(&scan, Body::of(CONTENT)).await
    }

    async fn later(&self, ticket: Ticket) -> EngineReport {
        let tickets = BTreeMap::from([("engine".to_owned(), ticket)]);
        let scan: Scan = scan("a.txt", CONTENT.len()).without_content(Arc::new(tickets));
        self.engine.scan(&scan, Body::of(&[])).await
    }

    fn uploads(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(what, _)| what == "upload").count()
    }
}

fn state(label: &str) -> Value {
    json!({ "response": { "status": { "label": label }, "sha256": sha256() } })
}

fn verdict(verdict: &str) -> Value {
    let mut answer = state("FOUND");
    answer["response"]["te"] =
        json!({ "status": { "label": "FOUND" }, "combined_verdict": verdict });
    answer
}

fn error(report: &EngineReport) -> Option<ErrorKind> {
    match report.outcome {
        Outcome::Error { kind, .. } => Some(kind),
        _ => None,
    }
}

#[tokio::test]
async fn a_file_is_uploaded_once_and_asked_after_by_its_hash() {
    for (word, name) in [("benign", "clean"), ("malicious", "infected")] {
        let given = Mutex::new(false);
        let server = serve(move |what, _| {
            let mut given = given.lock().unwrap();
            match what {
                "upload" => {
                    *given = true;
                    state("UPLOAD_SUCCESS")
                }
                _ if *given => verdict(word),
                _ => json!({ "response": { "status": { "label": "NOT_FOUND" } } }),
            }
        })
        .await;
        assert!(server.engine.self_test(now()).await.passed());
        let first = server.first().await;
        assert_eq!(error(&first), Some(ErrorKind::Pending), "{first:?}");
        let later = server.later(first.ticket.unwrap()).await;
        assert_eq!(later.outcome.name(), name);
        assert_eq!(server.uploads(), 1);
        let asked = server.asked.lock().unwrap();
        let (_, form) = asked.iter().find(|(what, _)| what == "upload").unwrap();
        let form = String::from_utf8(form.clone()).unwrap();
        assert!(form.contains(&sha256()) && form.contains("\r\n\r\nhello\r\n--"));
        assert!(form.contains(r#""file_type":"txt""#) && form.contains(r#""revision":1"#));
    }
}

#[tokio::test]
async fn what_others_gave_it_is_waited_for_and_not_given_again() {
    let server = serve(|_, _| state("PENDING")).await;
    let first = server.first().await;
    assert_eq!(error(&first), Some(ErrorKind::Pending));
    let later = server.later(first.ticket.unwrap()).await;
    assert_eq!(
        (error(&later), later.ticket),
        (Some(ErrorKind::Pending), None)
    );
    assert_eq!(server.uploads(), 0);
}

#[tokio::test]
async fn what_it_forgets_twice_is_an_error() {
    let unknown = || json!({ "response": { "status": { "label": "NOT_FOUND" } } });
    let server = serve(move |what, _| match what {
        "upload" => state("UPLOAD_SUCCESS"),
        _ => unknown(),
    })
    .await;
    let mut ticket = server.first().await.ticket.unwrap();
    for round in 1..=2 {
        let later = server.later(ticket.clone()).await;
        if round == 2 {
            assert_eq!(error(&later), Some(ErrorKind::EngineInternal));
            break;
        }
        ticket = later.ticket.unwrap();
        assert!(matches!(ticket, Ticket::Again(_)), "{ticket:?}");
        let tickets = BTreeMap::from([("engine".to_owned(), ticket)]);
        let again = scan("a.txt", CONTENT.len())
            .with_sha256(Some(sha256()))
            .with_tickets(Arc::new(tickets));
        ticket = server
            .engine
            .scan(&again, Body::of(CONTENT))
            .await
            .ticket
            .unwrap();
    }
    assert_eq!(server.uploads(), 2);
}

#[tokio::test]
async fn a_ticket_of_another_address_is_no_good() {
    let here = serve(|what, _| match what {
        "upload" => state("UPLOAD_SUCCESS"),
        _ => json!({ "response": { "status": { "label": "NOT_FOUND" } } }),
    })
    .await;
    let ticket = here.first().await.ticket.unwrap();
    let there = serve(|_, _| verdict("benign")).await;
    let row = there.later(ticket).await;
    assert_eq!(error(&row), Some(ErrorKind::Pending));
    assert!(matches!(row.ticket, Some(Ticket::Again(_))));
}

#[tokio::test]
async fn no_fault_is_clean() {
    let mut elsewhere = verdict("benign");
    elsewhere["response"]["sha256"] = "cd".repeat(32).into();
    for fault in [
        Value::Null,
        json!({}),
        json!({ "response": [] }),
        state("FOUND"),
        state("SOMETHING"),
        verdict("harmless"),
        verdict("unknown"),
        verdict("error"),
        elsewhere,
    ] {
        let told = fault.to_string();
        let server = serve(move |_, _| fault.clone()).await;
        let row = server.first().await;
        assert_ne!(row.outcome.name(), "clean", "{told}");
        assert_ne!(row.outcome.name(), "infected", "{told}");
    }
}
