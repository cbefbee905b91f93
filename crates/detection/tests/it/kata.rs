//! Kaspersky Anti Targeted Attack against a server that answers by script: whatever goes wrong is never clean (DET-15).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use sofie_detection::{Body, Engine, EngineReport, ErrorKind, Outcome, Runtime, Scan, Ticket};

use super::fixture::engine;
use super::scripted::{self, Scripted};
use super::{now, scan};

const CONTENT: &[u8] = b"hello";
const SENSOR: &str = "6f1c1f0e-6c3f-4f0e-8f5e-0a3f4b1d2c3e";

fn sha256() -> String {
    "ab".repeat(32)
}

/// What this day's file is called there.
fn name() -> String {
    format!("{}x{}", sha256(), now().timestamp() / 86_400)
}

type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

struct Server {
    engine: Runtime,
    asked: Asked,
    _behind: Scripted,
}

fn config(address: &str, ours: &CertifiedKey<rcgen::KeyPair>, trusted: &str) -> Value {
    json!({
        "addresses": [address], "sensor": SENSOR, "client_certificate": certificate_of(ours),
        "client_key": pem("PRIVATE KEY", &ours.signing_key.serialize_der()), "certificate": trusted,
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn certificate_of(one: &CertifiedKey<rcgen::KeyPair>) -> String {
    pem("CERTIFICATE", one.cert.der())
}

fn certificate() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

/// A server that says `answer` of what it was given, by the number of files that it was given so far.
async fn serve(answer: impl Fn(usize) -> Value + Send + Sync + 'static) -> Server {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let server = scripted::serve(Box::new(move |path, content| {
        let mut asked = noted.lock().unwrap();
        asked.push((path.to_owned(), content.to_vec()));
        if path.contains("/scans/state?") {
            answer(given(&asked))
        } else {
            json!("OK")
        }
    }))
    .await;
    Server {
        engine: engine("kata", |_| {}, &config(&server.address, &certificate(), "")),
        asked,
        _behind: server,
    }
}

fn given(asked: &[(String, Vec<u8>)]) -> usize {
    asked
        .iter()
        .filter(|(_, content)| !content.is_empty())
        .count()
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
        given(&self.asked.lock().unwrap())
    }
}

fn list(state: &str) -> Value {
    json!([{ "scanId": "another", "state": "detect" }, { "scanId": name(), "state": state }])
}

fn error(report: &EngineReport) -> Option<ErrorKind> {
    match report.outcome {
        Outcome::Error { kind, .. } => Some(kind),
        _ => None,
    }
}

#[tokio::test]
async fn a_file_is_handed_over_once_and_asked_after_by_its_name() {
    for (state, outcome) in [("not detected", "clean"), ("detect", "infected")] {
        let server = serve(move |given| if given == 0 { json!([]) } else { list(state) }).await;
        assert!(server.engine.self_test(now()).await.passed());
        let first = server.first().await;
        assert_eq!(error(&first), Some(ErrorKind::Pending), "{first:?}");
        let later = server.later(first.ticket.unwrap()).await;
        assert_eq!(later.outcome.name(), outcome);
        assert_eq!(server.given(), 1);
        let asked = server.asked.lock().unwrap();
        let (path, form) = asked
            .iter()
            .find(|(_, content)| !content.is_empty())
            .unwrap();
        let expected = format!("/kata/scanner/v1/sensors/{SENSOR}/scans?sensorInstanceId=sofie");
        assert_eq!(path, &expected);
        let form = String::from_utf8(form.clone()).unwrap();
        assert!(
            form.contains(&format!("name=\"scanId\"\r\n\r\n{}\r\n", name())),
            "{form}"
        );
        assert!(form.contains("name=\"objectType\"\r\n\r\nfile\r\n"));
        assert!(form.contains("name=\"content\"") && form.contains("\r\n\r\nhello\r\n--"));
    }
}

#[tokio::test]
async fn what_it_was_given_today_is_found_again() {
    let server = serve(|_| list("not detected")).await;
    assert_eq!(server.first().await.outcome.name(), "clean");
    assert_eq!(server.given(), 0);
}

#[tokio::test]
async fn what_failed_there_is_handed_over_once_more() {
    let server = serve(|_| list("error")).await;
    let first = server.first().await;
    assert_eq!(
        (error(&first), server.given()),
        (Some(ErrorKind::Pending), 1)
    );
    let later = server.later(first.ticket.unwrap()).await;
    assert_eq!(error(&later), Some(ErrorKind::EngineInternal));
}

#[tokio::test]
async fn old_results_of_ours_are_deleted_and_no_others() {
    let old = format!("{}x20000", sha256());
    let named = old.clone();
    let server = serve(move |_| json!([
        { "scanId": named, "state": "not detected" }, { "scanId": "report-7", "state": "detect" },
        { "scanId": name(), "state": "not detected" },
    ]))
    .await;
    assert_eq!(server.first().await.outcome.name(), "clean");
    let asked = server.asked.lock().unwrap();
    let others: Vec<_> = asked
        .iter()
        .filter(|(path, _)| !path.contains("/state?"))
        .collect();
    assert_eq!(others.len(), 1);
    assert!(
        others[0].0.contains(&format!("/scans/{old}?")),
        "{}",
        others[0].0
    );
}

#[tokio::test]
async fn it_proves_itself_by_its_certificate() {
    let (ours, theirs, stranger) = (certificate(), certificate(), certificate());
    let mut trusted = RootCertStore::empty();
    trusted.add(ours.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider));
    let key = PrivateKeyDer::Pkcs8(theirs.signing_key.serialize_der().into());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![theirs.cert.der().clone()], key)
        .unwrap();
    let server = scripted::serve_tls(tls, Box::new(|_, _| list("not detected"))).await;
    for (who, expected) in [(&ours, true), (&stranger, false)] {
        let config = config(&server.address, who, &certificate_of(&theirs));
        let engine = engine("kata", |_| {}, &config);
        assert_eq!(engine.self_test(now()).await.passed(), expected);
    }
}
