//! Faults of clamd that the real one can't be made to show (security bar 4.5).

use std::time::Duration;

use bytes::Bytes;
use sofie_detection::{Body, Broken, Engine, ErrorKind, LimitKind, Outcome, body};

use super::fake::{Fake, Script};
use super::{scan, scan_for};

async fn outcome(script: Script, content: &[u8]) -> Outcome {
    let fake = Fake::start(script);
    fake.engine()
        .scan(&scan("a", content.len()), Body::of(content))
        .await
        .outcome
}

async fn answer(answer: &[u8]) -> Outcome {
    outcome(Script::Answer(answer.to_vec()), b"content").await
}

fn error(kind: ErrorKind) -> Outcome {
    Outcome::Error {
        kind,
        retryable: true,
    }
}

#[tokio::test]
async fn only_the_exact_answer_is_clean() {
    assert!(matches!(
        answer(b"stream: OK\0").await,
        Outcome::Clean { .. }
    ));
    let wrong: [&[u8]; 9] = [
        b"",
        b"stream: OK",
        b"stream: OK\n",
        b"stream: OK\0\0",
        b"stream: O",
        b"stream: OK\nstream: X FOUND\n\0",
        b"fd[3]: OK\0",
        b"UNKNOWN COMMAND\0",
        b"stream: X FOUN\0",
    ];
    for wrong in wrong {
        assert_eq!(
            answer(wrong).await,
            error(ErrorKind::Protocol),
            "{}",
            String::from_utf8_lossy(wrong)
        );
    }
    let long = [b"stream: ".as_slice(), &vec![b'x'; 500_000], b" FOUND\0"].concat();
    assert_eq!(answer(&long).await, error(ErrorKind::Protocol));
}

#[tokio::test]
async fn failures_of_clamd_are_errors() {
    assert_eq!(
        answer(b"stream: Out of memory ERROR\0").await,
        error(ErrorKind::EngineInternal)
    );
    assert_eq!(
        answer(b"COMMAND READ TIMED OUT\n").await,
        error(ErrorKind::Timeout)
    );
    assert_eq!(
        outcome(Script::Hang, b"content").await,
        error(ErrorKind::Timeout)
    );
    assert_eq!(
        outcome(Script::Deaf, &vec![0; 2 << 20]).await,
        error(ErrorKind::Timeout)
    );
}

#[tokio::test]
async fn early_answers_are_read_but_an_early_ok_is_not_believed() {
    let content = vec![0; 2 << 20];
    let early = |answer: &[u8]| outcome(Script::Early(1000, answer.to_vec()), &content);
    let too_large = Outcome::Incomplete {
        limit: LimitKind::FileSize,
    };
    assert_eq!(
        early(b"INSTREAM size limit exceeded. ERROR\0").await,
        too_large
    );
    assert_eq!(early(b"stream: X FOUND\0").await, Outcome::Infected);
    assert_eq!(early(b"stream: OK\0").await, error(ErrorKind::Protocol));
    assert_eq!(early(b"").await, error(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_broken_or_missized_content_is_never_clean() {
    let fake = Fake::start(Script::Answer(b"stream: OK\0".to_vec()));
    let engine = fake.engine();
    let (sender, content) = body(4);
    sender.send(Bytes::from_static(b"half")).await.unwrap();
    sender.abandon(Broken::Source);
    assert_eq!(
        engine.scan(&scan("a", 4), content).await.outcome,
        error(ErrorKind::Source)
    );

    for said in [0, 3, 5] {
        let report = engine.scan(&scan("a", said), Body::of(b"four")).await;
        assert_eq!(report.outcome, error(ErrorKind::Source), "said {said}");
    }
}

#[tokio::test]
async fn deadline_and_cancellation_end_a_scan() {
    let fake = Fake::start(Script::Hang);
    let engine = fake.engine();
    let short = scan_for("a", 1, Duration::from_millis(50));
    assert_eq!(
        engine.scan(&short, Body::of(b"x")).await.outcome,
        error(ErrorKind::Timeout)
    );
    let cancelled = scan("a", 1);
    cancelled.cancel.cancel();
    assert_eq!(
        engine.scan(&cancelled, Body::of(b"x")).await.outcome,
        error(ErrorKind::Cancelled)
    );
}

#[tokio::test]
async fn words_of_clamd_are_made_safe() {
    let fake = Fake::start(Script::Answer(
        b"stream: Evil\x1b[2J\xe2\x80\xae FOUND\0".to_vec(),
    ));
    let report = fake.engine().scan(&scan("a", 1), Body::of(b"x")).await;
    assert_eq!(report.outcome, Outcome::Infected);
    let shown = [
        report.findings[0].name.as_str(),
        report.raw_reply.as_deref().unwrap(),
    ]
    .concat();
    assert!(
        !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
        "{shown:?}"
    );
}
