//! `FortiSandbox` against a server that answers by script: whatever goes wrong is never clean (DET-14).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::{Value, json};
use sofie_detection::{
    Body, Engine, EngineReport, ErrorKind, Level, Outcome, Runtime, Scan, Ticket,
};

use super::fixture::engine;
use super::scripted::{self, Scripted};
use super::{now, scan};

struct Server {
    engine: Runtime,
    asked: Arc<Mutex<Vec<String>>>,
    behind: Scripted,
}

fn ok(data: &Value) -> Value {
    coded(0, "OK", data)
}

fn coded(code: i64, message: &str, data: &Value) -> Value {
    json!({ "id": 1, "result": { "status": { "code": code, "message": message }, "data": data } })
}

/// What a good server says.
fn good(url: &str, rating: &str) -> Value {
    match url {
        "/sys/login/user" => {
            let mut begun = ok(&Value::Null);
            begun["session"] = "s1".into();
            begun
        }
        "/sys/status" => ok(&json!({ "Version": "v4" })),
        "/scan/result/file" => coded(3, "DATA_NOT_EXIST", &Value::Null),
        "/alert/ondemand/submit-file" => ok(&json!({ "sid": "77" })),
        "/scan/result/get-jobs-of-submission" => ok(&json!({ "jids": ["5", 6], "total_jids": 2 })),
        _ => ok(&json!({ "rating": rating })),
    }
}

async fn serve(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Server {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&asked);
    let server = scripted::serve(Box::new(move |_, content| {
        let question: Value = serde_json::from_slice(content).unwrap();
        let url = question["params"][0]["url"].as_str().unwrap_or_default();
        noted.lock().unwrap().push(url.to_owned());
        answer(url, &question)
    }))
    .await;
    let config = json!({ "addresses": [server.address], "user": "u", "password": "p" });
    Server {
        engine: engine("fortisandbox", |_| {}, &config),
        asked,
        behind: server,
    }
}

const CONTENT: &[u8] = b"hello";

fn about() -> Scan {
    scan("a.txt", CONTENT.len()).with_sha256(Some("ab".repeat(32)))
}

impl Server {
    async fn first(&self) -> EngineReport {
        self.engine.scan(&about(), Body::of(CONTENT)).await
    }

    /// Asks after a file that was given to it once.
    async fn later(&self) -> EngineReport {
        let slip = json!({ "at": format!("{}/", self.behind.address), "job": "77", "sha256": null, "given": 1 });
        self.after(Ticket::Given(slip.to_string())).await
    }

    async fn after(&self, ticket: Ticket) -> EngineReport {
        let tickets = BTreeMap::from([("engine".to_owned(), ticket)]);
        let scan = about().without_content(Arc::new(tickets));
        self.engine.scan(&scan, Body::of(&[])).await
    }

    fn times(&self, url: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|one| one.ends_with(url)).count()
    }
}

fn is_clean(report: &EngineReport) -> bool {
    matches!(report.outcome, Outcome::Clean { .. })
}

fn error(report: &EngineReport) -> Option<ErrorKind> {
    match report.outcome {
        Outcome::Error { kind, .. } => Some(kind),
        _ => None,
    }
}

#[tokio::test]
async fn a_file_is_handed_over_once_and_asked_after() {
    for (rating, outcome) in [
        ("Malicious", Some(Outcome::Infected)),
        (
            "Medium Risk",
            Some(Outcome::Suspicious {
                level: Level::Medium,
            }),
        ),
        ("Clean", None),
    ] {
        let server = serve(move |url, _| good(url, rating)).await;
        assert!(server.engine.self_test(now()).await.passed());
        let first = server.first().await;
        assert_eq!(error(&first), Some(ErrorKind::Pending));
        let later = server.after(first.ticket.unwrap()).await;
        match outcome {
            Some(outcome) => assert_eq!(later.outcome, outcome),
            None => assert!(is_clean(&later), "{later:?}"),
        }
        assert_eq!(server.times("submit-file"), 1);
        assert_eq!(server.times("/sys/login/user"), 1);
    }
}

#[tokio::test]
async fn the_worst_job_counts_and_unfinished_ones_are_waited_for() {
    let server = serve(|url, body| {
        let rating = if body["params"][0]["jid"] == "5" {
            "Clean"
        } else {
            "High Risk"
        };
        good(url, rating)
    })
    .await;
    let high = Outcome::Suspicious { level: Level::High };
    assert_eq!(server.later().await.outcome, high);
    for (what, data) in [
        (
            "get-jobs-of-submission",
            json!({ "jids": ["5"], "total_jids": 2 }),
        ),
        (
            "get-jobs-of-submission",
            json!({ "jids": [], "total_jids": 0 }),
        ),
        ("get-jobs-of-submission", json!({})),
    ] {
        let server = serve(move |url, _| {
            if url.ends_with(what) {
                ok(&data)
            } else {
                good(url, "Clean")
            }
        })
        .await;
        let row = server.later().await;
        assert_eq!((error(&row), row.ticket), (Some(ErrorKind::Pending), None));
    }
    let working = |url: &str, _: &Value| {
        let progress = coded(29, "DATA_IN_QUEUE_OR_PROGRESS", &Value::Null);
        if url == "/scan/result/job" {
            progress
        } else {
            good(url, "Clean")
        }
    };
    assert_eq!(
        error(&serve(working).await.later().await),
        Some(ErrorKind::Pending)
    );
}

#[tokio::test]
async fn what_it_knows_by_hash_it_is_not_given() {
    let known = |url: &str, _: &Value| match url {
        "/scan/result/file" => {
            ok(&json!({ "rating": "Malicious", "score": 1, "malware_name": "W32/X" }))
        }
        _ => good(url, "Clean"),
    };
    let server = serve(known).await;
    let row = server.first().await;
    assert_eq!(
        (row.outcome, row.findings[0].name.as_str()),
        (Outcome::Infected, "W32/X")
    );
    assert_eq!(server.times("submit-file"), 0);
}

#[tokio::test]
async fn a_session_that_is_over_is_begun_again_once() {
    let over = Mutex::new(1);
    let server = serve(move |url, _| {
        let mut left = over.lock().unwrap();
        if url == "/scan/result/get-jobs-of-submission" && *left > 0 {
            *left -= 1;
            return coded(-11, "INVALID_SESSION", &Value::Null);
        }
        good(url, "Clean")
    })
    .await;
    assert!(is_clean(&server.later().await));
    assert_eq!(server.times("/sys/login/user"), 2);
    let always = |url: &str, _: &Value| match url {
        "/sys/login/user" => good(url, ""),
        _ => coded(-11, "INVALID_SESSION", &Value::Null),
    };
    let server = serve(always).await;
    assert!(!server.engine.self_test(now()).await.passed());
    assert!(error(&server.later().await).is_some());
}

#[tokio::test]
async fn a_file_that_it_forgot_it_is_given_once_more() {
    for forgotten in ["/scan/result/get-jobs-of-submission", "/scan/result/job"] {
        let server = serve(move |url, _| match url {
            _ if url == forgotten => coded(3, "DATA_NOT_EXIST", &Value::Null),
            _ => good(url, "Clean"),
        })
        .await;
        let row = server.later().await;
        assert_eq!(error(&row), Some(ErrorKind::Pending));
        let again = row.ticket.unwrap();
        assert!(matches!(again, Ticket::Again(_)), "{again:?}");
        let tickets = BTreeMap::from([("engine".to_owned(), again)]);
        let scan = about().with_tickets(Arc::new(tickets));
        let row = server.engine.scan(&scan, Body::of(CONTENT)).await;
        let row = server.after(row.ticket.unwrap()).await;
        assert_eq!(error(&row), Some(ErrorKind::EngineInternal));
        assert_eq!(server.times("submit-file"), 1);
    }
}

#[tokio::test]
async fn what_it_works_on_already_it_is_not_given() {
    let over = Arc::new(Mutex::new(false));
    let asked = Arc::clone(&over);
    let server = serve(move |url, _| match url {
        "/scan/result/file" if *asked.lock().unwrap() => ok(&json!({ "rating": "Malicious" })),
        "/scan/result/file" => coded(29, "DATA_IN_QUEUE_OR_PROGRESS", &Value::Null),
        _ => good(url, "Clean"),
    })
    .await;
    let ticket = server.first().await.ticket.unwrap();
    assert_eq!(
        error(&server.after(ticket.clone()).await),
        Some(ErrorKind::Pending)
    );
    *over.lock().unwrap() = true;
    assert_eq!(server.after(ticket).await.outcome, Outcome::Infected);
    assert_eq!(server.times("submit-file"), 0);
}

#[tokio::test]
async fn a_ticket_of_another_address_is_no_good() {
    let server = serve(|url, _| good(url, "Clean")).await;
    let slip = json!({ "at": "https://old.example.org/", "job": "77", "sha256": null, "given": 1 });
    for ticket in [slip.to_string(), "77".to_owned()] {
        let row = server.after(Ticket::Given(ticket)).await;
        assert_eq!(error(&row), Some(ErrorKind::Pending));
        assert!(matches!(row.ticket, Some(Ticket::Again(_))));
    }
    assert_eq!(server.times("get-jobs-of-submission"), 0);
}

#[tokio::test]
async fn what_it_says_of_another_hash_does_not_count() {
    let server = serve(|url, _| match url {
        "/scan/result/file" => ok(&json!({ "rating": "Clean", "sha256": "cd".repeat(32) })),
        _ => good(url, "Clean"),
    })
    .await;
    assert_eq!(error(&server.first().await), Some(ErrorKind::Protocol));
}

/// At every question, everything that is no good answer.
#[tokio::test]
async fn no_fault_is_clean() {
    let questions = [
        "/sys/login/user",
        "/scan/result/file",
        "/alert/ondemand/submit-file",
        "/scan/result/get-jobs-of-submission",
        "/scan/result/job",
    ];
    let faults = [
        Value::Null,
        json!({}),
        json!([]),
        json!({ "result": { "status": { "code": "0" } } }),
        coded(0, "OK", &Value::Null),
        coded(0, "OK", &json!({ "rating": ["Clean"] })),
        coded(0, "OK", &json!({ "rating": "Clean", "score": 1 })),
        coded(0, "OK", &json!({ "rating": "Perfect" })),
        coded(0, "OK", &json!({ "rating": "Unknown" })),
        coded(
            0,
            "OK",
            &json!({ "sid": "../x", "jids": ["a/b"], "total_jids": 1 }),
        ),
        coded(-1, "USER_HAS_NO_PERMISSION", &json!({ "rating": "Clean" })),
        coded(7, "SOMETHING", &json!({ "rating": "Clean" })),
    ];
    for question in questions {
        for fault in faults.clone() {
            let told = format!("{question}: {fault}");
            let script = move |url: &str, _: &Value| {
                if url == question {
                    fault.clone()
                } else {
                    good(url, "Malicious")
                }
            };
            let server = serve(script).await;
            for row in [server.first().await, server.later().await] {
                assert!(!is_clean(&row), "{told}: {row:?}");
            }
        }
    }
    let server = serve(|url, _| good(url, "Clean")).await;
    let short = scan("a.txt", 9);
    assert!(!is_clean(
        &server.engine.scan(&short, Body::of(CONTENT)).await
    ));
}
