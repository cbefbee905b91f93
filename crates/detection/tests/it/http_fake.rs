//! Servers that answer by script, for ICAP and for HTTP: what real ones can't be made to show.

use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use sofie_detection::{Body, Broken, Engine, ErrorKind, Outcome, Runtime, Setup, body};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::fixture::engine;
use super::{now, scan};

/// What a server does with a question that has content.
#[derive(Clone)]
enum Script {
    /// Reads everything, then writes this in pieces of so many bytes and keeps the connection.
    Answer(Vec<u8>, usize),
    /// Answers as soon as the heads are there, then reads on.
    Early(Vec<u8>),
    /// Reads everything and says nothing.
    Hang,
    /// Does not read.
    Deaf,
    /// Hangs up in the middle of this.
    Cut(Vec<u8>),
    /// Looks for the test file, and answers one or the other.
    Honest(Vec<u8>, Vec<u8>),
}

struct Server {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `end` is how a question ends; `trivial` what a question without content gets.
async fn serve(script: Script, end: &'static [u8], trivial: Vec<u8>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(converse(connection, script.clone(), end, trivial.clone()));
        }
    });
    Server { port, task }
}

async fn converse(mut connection: TcpStream, script: Script, end: &[u8], trivial: Vec<u8>) {
    let mut question = Vec::new();
    while !question.windows(4).any(|four| four == b"\r\n\r\n") {
        if connection.read_buf(&mut question).await.unwrap_or(0) == 0 {
            return;
        }
    }
    if question.starts_with(b"OPTIONS") || question.starts_with(b"GET ") {
        let _ = connection.write_all(&trivial).await;
        return;
    }
    match &script {
        Script::Deaf => return tokio::time::sleep(Duration::from_mins(1)).await,
        Script::Early(answer) => {
            let _ = connection.write_all(answer).await;
        }
        _ => {}
    }
    while !question.ends_with(end) {
        if connection.read_buf(&mut question).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let answer = match script {
        Script::Answer(answer, pieces) => {
            for piece in answer.chunks(pieces) {
                let _ = connection.write_all(piece).await;
                let _ = connection.flush().await;
                tokio::task::yield_now().await;
            }
            return tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Script::Honest(clean, infected) => {
            if holds_eicar(&question) {
                infected
            } else {
                clean
            }
        }
        Script::Cut(answer) => answer[..answer.len() - 2].to_vec(),
        Script::Hang | Script::Early(_) | Script::Deaf => {
            return tokio::time::sleep(Duration::from_mins(1)).await;
        }
    };
    let _ = connection.write_all(&answer).await;
}

fn holds_eicar(question: &[u8]) -> bool {
    let text = String::from_utf8_lossy(question);
    let object = text
        .split_once("\"object\":\"")
        .and_then(|(_, rest)| rest.split_once('"'));
    let decoded = object.map(|(object, _)| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(object);
        bytes.unwrap()
    });
    let content = decoded.as_deref().unwrap_or(question);
    String::from_utf8_lossy(content).contains("EICAR-STANDARD")
}

fn times(setup: &mut Setup) {
    setup.times.idle = Duration::from_millis(400);
    setup.times.verdict = Duration::from_millis(600);
    setup.largest_file = 1 << 30;
}

async fn icap(script: Script) -> (Server, Runtime) {
    let offers = b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nISTag: \"t\"\r\nMax-Connections: 2\r\nEncapsulated: null-body=0\r\n\r\n";
    let server = serve(script, b"0\r\n\r\n", offers.to_vec()).await;
    let address = format!("icap://127.0.0.1:{}/scan", server.port);
    let engine = engine("icap", times, &json!({ "addresses": [address] }));
    (server, engine)
}

async fn kaspersky(script: Script) -> (Server, Runtime) {
    let server = serve(script, b"\"}", http(200, &json!({ "version": "2.1" }))).await;
    let address = format!("http://127.0.0.1:{}", server.port);
    let config = json!({ "addresses": [address], "token_header": "X-Key", "token": "secret" });
    (server, engine("kaspersky", times, &config))
}

fn http(status: u16, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} Words\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

async fn ask(engine: &Runtime, content: &[u8]) -> Outcome {
    let report = engine
        .scan(&scan("a", content.len()), Body::of(content))
        .await;
    report.outcome
}

fn clean(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Clean { .. })
}

fn kind(outcome: Outcome) -> Option<ErrorKind> {
    match outcome {
        Outcome::Error { kind, .. } => Some(kind),
        _ => None,
    }
}

const UNMODIFIED: &[u8] = b"ICAP/1.0 204 Unmodified\r\nISTag: \"t\"\r\n\r\n";
const INFECTED: &[u8] =
    b"ICAP/1.0 200 OK\r\nISTag: \"t\"\r\nX-Infection-Found: Type=0; Resolution=2; Threat=X;\r\n\
Encapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP/1.0 403 Forbidden\r\n\r\n";

#[tokio::test]
async fn icap_answers_in_pieces_are_answers_and_a_kept_connection_is_left() {
    for pieces in [1, 7, 1000] {
        let (_server, engine) = icap(Script::Answer(UNMODIFIED.to_vec(), pieces)).await;
        assert!(clean(ask(&engine, b"content").await));
        let (_server, engine) = icap(Script::Answer(INFECTED.to_vec(), pieces)).await;
        assert_eq!(ask(&engine, b"content").await, Outcome::Infected);
    }
}

#[tokio::test]
async fn icap_faults_are_never_clean() {
    let large = vec![b'x'; 8 << 20];
    let (_server, engine) = icap(Script::Early(UNMODIFIED.to_vec())).await;
    let early = ask(&engine, &large).await;
    assert!(matches!(early, Outcome::Incomplete { .. }), "{early:?}");
    let (_server, engine) = icap(Script::Early(INFECTED.to_vec())).await;
    assert_eq!(ask(&engine, &large).await, Outcome::Infected);
    let (_server, engine) = icap(Script::Hang).await;
    assert_eq!(kind(ask(&engine, b"x").await), Some(ErrorKind::Timeout));
    let (_server, engine) = icap(Script::Deaf).await;
    assert_eq!(kind(ask(&engine, &large).await), Some(ErrorKind::Timeout));
    let (_server, engine) = icap(Script::Cut(UNMODIFIED.to_vec())).await;
    assert_eq!(kind(ask(&engine, b"x").await), Some(ErrorKind::Protocol));
    let (_server, engine) = icap(Script::Cut(Vec::from(*b"HTTP/1.1 204 No Content\r\n\r\n"))).await;
    assert_eq!(kind(ask(&engine, b"x").await), Some(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_server_has_no_more_turns_than_it_says() {
    let (_server, engine) = icap(Script::Answer(UNMODIFIED.to_vec(), 100)).await;
    assert!(clean(ask(&engine, b"x").await));
    let _turns = (engine.turn().await, engine.turn().await);
    let third = tokio::time::timeout(Duration::from_millis(50), engine.turn()).await;
    assert!(third.is_err(), "it said two");
}

#[tokio::test]
async fn kaspersky_answers_are_read() {
    let says = |word: &str| http(200, &json!({ "object": "memory", "scanResult": word }));
    let honest = Script::Honest(says("CLEAN"), says("DETECT"));
    let (_server, engine) = kaspersky(honest).await;
    let test = engine.self_test(now()).await;
    assert!(test.passed(), "{test:?}");
    assert_eq!(
        test.versions.program.as_deref(),
        Some("Kaspersky Scan Engine 2.1")
    );
    for size in [1, 2, 3, 100_000] {
        assert!(clean(ask(&engine, &vec![b'x'; size]).await), "{size}");
    }
    let always = |status, body: Value| Script::Honest(http(status, &body), http(status, &body));
    let said = async |script| ask(&kaspersky(script).await.1, b"x").await;
    assert_eq!(
        said(always(
            200,
            json!({ "scanResult": "NON_SCANNED (PASSWORD PROTECTED)" })
        ))
        .await,
        Outcome::Encrypted
    );
    let refused = always(401, json!({ "error": "token" }));
    assert_eq!(kind(said(refused).await), Some(ErrorKind::Auth));
    let late = always(408, json!({ "error": "Session Timeout" }));
    assert_eq!(kind(said(late).await), Some(ErrorKind::Timeout));
    assert_eq!(kind(said(Script::Hang).await), Some(ErrorKind::Timeout));
    let cut = Script::Cut(says("CLEAN"));
    assert!(kind(said(cut).await).is_some());
    let large = vec![b'x'; 8 << 20];
    let (_server, engine) = kaspersky(Script::Early(says("CLEAN"))).await;
    assert!(!clean(ask(&engine, &large).await));
    let (_server, engine) = kaspersky(Script::Deaf).await;
    assert_eq!(kind(ask(&engine, &large).await), Some(ErrorKind::Timeout));
}

#[tokio::test]
async fn a_content_that_breaks_off_is_never_clean() {
    let clean_http = http(200, &json!({ "scanResult": "CLEAN" }));
    let (_icap, icap) = icap(Script::Answer(UNMODIFIED.to_vec(), 100)).await;
    let (_http, kaspersky) = kaspersky(Script::Honest(clean_http.clone(), clean_http)).await;
    for engine in [icap, kaspersky] {
        let (sender, content) = body(4);
        sender
            .send(bytes::Bytes::from_static(b"half"))
            .await
            .unwrap();
        sender.abandon(Broken::Source);
        let row = engine.scan(&scan("a", 8), content).await;
        assert_eq!(kind(row.outcome), Some(ErrorKind::Source), "{row:?}");
        for said in [3, 5] {
            let row = engine.scan(&scan("a", said), Body::of(b"four")).await;
            assert!(kind(row.outcome).is_some(), "{row:?}");
        }
    }
}
