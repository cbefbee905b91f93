//! `CAPEv2` against a server that answers by script: whatever goes wrong is never clean (DET-15).

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

type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

struct Server {
    engine: Runtime,
    asked: Asked,
    _behind: Scripted,
}

/// A server that has the tasks of `search` for the file's hash, and describes tasks by `task`.
async fn serve(search: Value, task: impl Fn(&str) -> Value + Send + Sync + 'static) -> Server {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let server = scripted::serve(Box::new(move |path, content| {
        let what = path.strip_prefix("/apiv2/").unwrap().to_owned();
        noted.lock().unwrap().push((what.clone(), content.to_vec()));
        match what.trim_end_matches('/').rsplit_once('/') {
            Some(("cuckoo", "status")) => data(&json!({ "version": "2.4-CAPE" })),
            Some(("tasks/search/sha256", hash)) if hash == sha256() => search.clone(),
            Some(("tasks/create", "file")) => data(&json!({ "task_ids": [7, 8] })),
            Some(("tasks/view", number)) => task(number),
            _ => json!({ "error": true, "error_value": path }),
        }
    }))
    .await;
    let config = json!({ "addresses": [server.address], "token": "t", "tags": "win10" });
    Server {
        engine: engine("cape", |_| {}, &config),
        asked,
        _behind: server,
    }
}

fn data(data: &Value) -> Value {
    json!({ "error": false, "data": data })
}

fn nothing() -> Value {
    json!({ "error": true, "error_value": "nothing" })
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

    fn given(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(_, content)| !content.is_empty())
            .count()
    }
}

fn error(report: &EngineReport) -> Option<ErrorKind> {
    match report.outcome {
        Outcome::Error { kind, .. } => Some(kind),
        _ => None,
    }
}

#[tokio::test]
async fn a_file_is_handed_over_once_and_all_its_tasks_count() {
    for (second, outcome) in [
        (json!({ "status": "reported", "malscore": 0.2 }), "clean"),
        (json!({ "status": "reported", "malscore": 6 }), "suspicious"),
        (
            json!({ "status": "reported", "malscore": 9, "detections": "Emotet" }),
            "infected",
        ),
        (json!({ "status": "running" }), "error"),
    ] {
        let server = serve(nothing(), move |number| match number {
            "7" => data(&json!({ "status": "reported", "malscore": 0 })),
            _ => data(&second),
        })
        .await;
        assert!(server.engine.self_test(now()).await.passed());
        let first = server.first().await;
        assert_eq!(error(&first), Some(ErrorKind::Pending), "{first:?}");
        let later = server.later(first.ticket.unwrap()).await;
        assert_eq!(later.outcome.name(), outcome);
        assert_eq!(server.given(), 1);
        let asked = server.asked.lock().unwrap();
        let (_, form) = asked
            .iter()
            .find(|(_, content)| !content.is_empty())
            .unwrap();
        let form = String::from_utf8(form.clone()).unwrap();
        assert!(form.contains("name=\"tags\"\r\n\r\nwin10\r\n"));
        assert!(form.contains("name=\"file\"") && form.contains("\r\n\r\nhello\r\n--"));
    }
}

#[tokio::test]
async fn what_it_knows_is_not_given_again() {
    let tasks =
        json!([{ "id": 3, "status": "reported" }, { "id": 9, "status": "failed_analysis" }]);
    let server = serve(data(&tasks), |number| {
        assert_eq!(number, "3");
        data(&json!({ "status": "reported", "malscore": 0, "sample": { "sha256": sha256() } }))
    })
    .await;
    assert_eq!(server.first().await.outcome.name(), "clean");
    assert_eq!(server.given(), 0);
}

#[tokio::test]
async fn what_it_says_of_another_file_does_not_count() {
    let tasks = json!([{ "id": 3, "status": "reported" }]);
    let server = serve(data(&tasks), |_| {
        data(&json!({ "status": "reported", "malscore": 0, "sample": { "sha256": "cd".repeat(32) } }))
    })
    .await;
    assert_eq!(error(&server.first().await), Some(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_task_that_is_gone_is_begun_again_once() {
    let server = serve(nothing(), |_| nothing()).await;
    let first = server.first().await;
    let later = server.later(first.ticket.unwrap()).await;
    assert!(matches!(later.ticket, Some(Ticket::Again(_))), "{later:?}");
}
