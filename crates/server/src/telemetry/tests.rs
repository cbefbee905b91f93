use std::sync::Arc;

use chrono::{DateTime, Utc};
use sofie_domain::Clock;
use tracing_subscriber::layer::SubscriberExt as _;

use super::layer::Spans;
use super::otlp;
use super::span::{Kind, Span, Value};

const REQUEST: &str = "01940000-0000-7000-8000-000000000001";
const JOB: &str = "01940000-0000-7000-9000-000000000002";

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 5).unwrap()
    }
}

/// What leaves of the spans of `work`, in the order of their ends.
fn spans(work: impl FnOnce()) -> Vec<Span> {
    let (queue, mut ended) = tokio::sync::mpsc::channel(8);
    let layer = Spans {
        queue,
        lost: Arc::default(),
        clock: Arc::new(Noon),
    };
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, work);
    let mut all = Vec::new();
    while let Ok(span) = ended.try_recv() {
        all.push(span);
    }
    all
}

#[test]
fn a_request_its_job_and_its_mail_are_one_trace() {
    let all = spans(|| {
        tracing::info_span!("http", request.id = %REQUEST, http.method = "POST", http.route = "/x")
            .in_scope(|| {
                tracing::info!(http.status = 201_u16, "request answered");
            });
        let job = tracing::info_span!("job", job.name = "deliver_mail", job.id = %JOB, job.attempt = 2_u32, request_id = Some(REQUEST));
        job.in_scope(|| {
            // What lies in between is not told.
            tracing::info_span!("other").in_scope(|| {
                tracing::info_span!("mail", mail.kind = "new_package").in_scope(|| ());
            });
        });
    });
    let kinds: Vec<Kind> = all.iter().map(|span| span.kind).collect();
    assert_eq!(kinds, [Kind::Request, Kind::Mail, Kind::Job]);
    let [request, mail, job] = all.as_slice() else {
        panic!("three spans");
    };
    assert!(
        all.iter()
            .all(|span| span.place.trace == request.place.trace)
    );
    assert_eq!(
        format!("{:032x}", request.place.trace),
        REQUEST.replace('-', "")
    );
    assert_eq!(request.place.parent, None);
    assert_eq!(job.place.parent, Some(request.place.span));
    assert_eq!(mail.place.parent, Some(job.place.span));
    assert_eq!(
        request.attributes.find("http.status"),
        Some(&Value::Number(201))
    );
    let names: Vec<String> = all.iter().map(Span::name).collect();
    assert_eq!(names, ["POST /x", "mail new_package", "deliver_mail"]);
}

#[test]
fn a_job_of_the_schedule_is_a_trace_of_its_own() {
    let none: Option<&str> = None;
    let all = spans(|| {
        tracing::info_span!("job", job.name = "maintain", job.id = %JOB, job.attempt = 1_u32, request_id = none).in_scope(|| ());
    });
    assert_eq!(all[0].place.parent, None);
    assert_eq!(format!("{:032x}", all[0].place.trace), JOB.replace('-', ""));
}

#[test]
fn attempts_are_spans_of_their_own() {
    let all = spans(|| {
        for attempt in [1_u32, 2] {
            tracing::info_span!("job", job.name = "x", job.id = %JOB, job.attempt = attempt)
                .in_scope(|| ());
        }
    });
    assert_ne!(all[0].place.span, all[1].place.span);
}

#[test]
fn nothing_about_people_leaves() {
    let all = spans(|| {
        let span = tracing::info_span!("http", request.id = %REQUEST, http.method = "GET", http.route = "/x", user.email = "eva@example.org");
        span.in_scope(|| {
            tracing::error!(
                package.title = "Plans",
                path = "eva.txt",
                "eva@example.org failed"
            );
        });
    });
    let body = otlp::request(&all).to_string();
    assert!(!body.contains("eva") && !body.contains("Plans"), "{body}");
    assert!(all[0].is_fault());
}

#[test]
fn the_form_is_that_of_the_protocol() {
    let all = spans(|| {
        tracing::info_span!("http", request.id = %REQUEST, http.method = "GET", http.route = "/x")
            .in_scope(|| {
                tracing::info!(http.status = 503_u16, "request answered");
            });
    });
    let text =
        |key: &str, text: &str| serde_json::json!({ "key": key, "value": { "stringValue": text } });
    assert_eq!(
        otlp::request(&all),
        serde_json::json!({ "resourceSpans": [{
            "resource": { "attributes": [
                text("service.name", "sofie"), text("service.version", env!("CARGO_PKG_VERSION")),
            ] },
            "scopeSpans": [{ "scope": { "name": "sofie" }, "spans": [{
                "traceId": "01940000000070008000000000000001",
                "spanId": "8000000000000001",
                "name": "GET /x",
                "kind": 2,
                "startTimeUnixNano": "1800000000000000005",
                "endTimeUnixNano": "1800000000000000005",
                "attributes": [
                    text("request.id", REQUEST), text("http.method", "GET"), text("http.route", "/x"),
                    { "key": "http.status", "value": { "intValue": "503" } },
                ],
                "status": { "code": 2 },
            }] }],
        }] })
    );
}

#[test]
fn what_has_no_room_is_counted_and_nobody_waits() {
    let (queue, _ended) = tokio::sync::mpsc::channel(2);
    let lost = Arc::default();
    let layer = Spans {
        queue,
        lost: Arc::clone(&lost),
        clock: Arc::new(Noon),
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for _ in 0..5 {
            tracing::info_span!("http", request.id = %REQUEST).in_scope(|| ());
        }
    });
    assert_eq!(lost.load(std::sync::atomic::Ordering::Relaxed), 3);
}
