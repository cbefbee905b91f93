//! One reading, many engines (DET-18).

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, stream};
use sofie_detection::{Engine, ErrorKind, Examination, Outcome, Scan, examine};

use super::fake::{Fake, Script};
use super::fixture::inspector;
use super::{scan, scan_for};

fn pieces(content: &[u8]) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let pieces: Vec<_> = content
        .chunks(50_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces)
}

fn outcomes(examination: &Examination) -> Vec<&str> {
    examination
        .reports
        .iter()
        .map(|row| row.outcome.name())
        .collect()
}

fn fakes(scripts: &[Script]) -> (Vec<Fake>, Vec<Arc<dyn Engine>>) {
    let fakes: Vec<Fake> = scripts.iter().cloned().map(Fake::start).collect();
    let engines = fakes
        .iter()
        .map(|fake| Arc::new(fake.engine()) as Arc<dyn Engine>)
        .collect();
    (fakes, engines)
}

const CLEAN: &[u8] = b"stream: OK\0";

async fn run(scripts: &[Script], scan: &Scan, content: &[u8]) -> Examination {
    let (_fakes, engines) = fakes(scripts);
    examine(Some(&inspector()), &engines, scan, pieces(content)).await
}

#[tokio::test]
async fn every_engine_sees_the_whole_file() {
    let content = vec![b'x'; 1_000_000];
    let scripts = [
        Script::Answer(CLEAN.to_vec()),
        Script::Answer(b"stream: X FOUND\0".to_vec()),
    ];
    let examination = run(&scripts, &scan("a.txt", content.len()), &content).await;
    assert_eq!(outcomes(&examination)[..5], ["clean"; 5]);
    assert_eq!(
        outcomes(&examination)[5..],
        ["skipped", "clean", "infected"]
    );
    assert_eq!(examination.crc32, Some(crc32fast::hash(&content)));
    assert_eq!(examination.reports[6].bytes_sent, 1_000_000);
}

#[tokio::test]
async fn a_deaf_and_a_hanging_engine_cost_only_their_own_verdict() {
    let content = vec![b'x'; 2_000_000];
    let scripts = [
        Script::Deaf,
        Script::Hang,
        Script::Early(10, Vec::new()),
        Script::Answer(CLEAN.to_vec()),
    ];
    let begun = Instant::now();
    let examination = run(&scripts, &scan("a.txt", content.len()), &content).await;
    assert_eq!(outcomes(&examination)[..5], ["clean"; 5]);
    assert_eq!(
        outcomes(&examination)[5..],
        ["skipped", "error", "error", "error", "clean"]
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_read_error_is_an_error_everywhere() {
    let content = stream::iter([
        Ok(Bytes::from_static(b"half")),
        Err(io::Error::other("disk")),
    ]);
    let (_fakes, engines) = fakes(&[Script::Answer(CLEAN.to_vec())]);
    let examination = examine(Some(&inspector()), &engines, &scan("a", 8), content).await;
    let source = Outcome::Error {
        kind: ErrorKind::Source,
        retryable: true,
    };
    assert!(
        examination.reports.iter().all(|row| row.outcome == source),
        "{:?}",
        examination.reports
    );
    assert_eq!(examination.sha256, None);
}

#[tokio::test]
async fn a_source_that_never_ends_is_a_time_out_everywhere() {
    let endless = stream::pending::<io::Result<Bytes>>();
    let (_fakes, engines) = fakes(&[Script::Answer(CLEAN.to_vec())]);
    let short = scan_for("a", 8, Duration::from_millis(200));
    let examination = examine(Some(&inspector()), &engines, &short, endless).await;
    assert!(
        outcomes(&examination)
            .iter()
            .all(|outcome| *outcome == "error")
    );
    assert_eq!(examination.reports.len(), 7);
}

#[tokio::test]
async fn reports_come_through_json_with_stable_names() {
    let scripts = [Script::Answer(
        b"stream: Heuristics.Limits.Exceeded.MaxFiles FOUND\0".to_vec(),
    )];
    let examination = run(&scripts, &scan("a.txt", 1), b"x").await;
    let row = &examination.reports[6];
    let json = serde_json::to_value(row).unwrap();
    assert_eq!(json["outcome"], "incomplete");
    assert_eq!(json["limit"], "members");
    assert_eq!(
        json["findings"][0]["name"],
        "Heuristics.Limits.Exceeded.MaxFiles"
    );
    assert_eq!(
        &serde_json::from_value::<sofie_detection::EngineReport>(json).unwrap(),
        row
    );
    let silence = serde_json::json!({"outcome": "fine"});
    assert!(serde_json::from_value::<Outcome>(silence).is_err());
    assert!(serde_json::from_value::<Outcome>(serde_json::json!({})).is_err());
}
