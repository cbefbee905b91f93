use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::DateTime;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::engine::Program;
use super::handover::HandOver;
use super::preset::{Code, PRESETS, Preset};
use crate::body::Body;
use crate::engine::{Engine, FileMeta, Scan};
use crate::runtime::{Refusal, Runtime, Setup, Times, Types};
use crate::verdict::{ErrorKind, Outcome};

/// A scanner of our own, which reads what it is given.
struct Scanner {
    directory: TempDir,
}

impl Scanner {
    fn new(script: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let program = directory.path().join("scanner");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn engine(&self, hand_over: HandOver, count: Option<&'static str>) -> Runtime {
        let program = self.directory.path().join("scanner").display().to_string();
        let preset = Preset {
            name: "test",
            programs: vec![&*program.leak()].leak(),
            arguments: &["{path}"],
            version: &["--version"],
            codes: &[
                (0, Code::Clean),
                (3, Code::Infected),
                (5, Code::Encrypted),
                (6, Code::Incomplete),
                (7, Code::Config),
            ],
            count,
            finding: Some(("Virus '", "'")),
        };
        let times = Times {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            verdict: Duration::from_secs(5),
        };
        let setup = Setup {
            id: "test".to_owned(),
            name: "Test".to_owned(),
            class: crate::engine::Class::Antivirus,
            largest_file: 1 << 30,
            oversize: Refusal::Unscannable,
            types: Types::all(),
            at_once: 2,
            times,
        };
        let adapter = Program {
            id: setup.id.clone(),
            preset: Box::leak(Box::new(preset)),
            hand_over,
            times,
        };
        Runtime::new(setup, Arc::new(adapter))
    }

    async fn says(&self, content: &[u8]) -> Outcome {
        ask(&self.engine(HandOver::Memory, None), content).await
    }
}

fn scan(size: usize) -> Scan {
    let meta = FileMeta {
        name: "$(touch /tmp/evil); a.txt".to_owned(),
        size: size as u64,
    };
    let now = DateTime::UNIX_EPOCH;
    Scan::new(meta, now, Duration::from_secs(10), CancellationToken::new())
}

async fn ask(engine: &Runtime, content: &[u8]) -> Outcome {
    let row = engine.scan(&scan(content.len()), Body::of(content)).await;
    row.outcome
}

fn error(kind: ErrorKind) -> Outcome {
    Outcome::Error {
        kind,
        retryable: kind.is_retryable(),
    }
}

/// Finds the test file by what it holds.
const HONEST: &str = r#"[ "$1" = --version ] && { echo "Scanner 1.2"; exit 0; }
if grep -q EICAR-STANDARD "$1"; then echo ">>> Virus 'Eicar-Test' found"; exit 3; fi"#;

#[tokio::test]
async fn a_program_reads_the_content_and_its_code_decides() {
    let scanner = Scanner::new(HONEST);
    let shm = HandOver::tmpfs("/dev/shm".into()).unwrap();
    for hand_over in [HandOver::Memory, shm] {
        let engine = scanner.engine(hand_over, None);
        let test = engine.self_test(DateTime::UNIX_EPOCH).await;
        assert!(test.passed(), "{test:?}");
        assert_eq!(test.versions.program.as_deref(), Some("Scanner 1.2"));
        let eicar = sofie_inspector::eicar();
        let row = engine.scan(&scan(eicar.len()), Body::of(&eicar)).await;
        assert_eq!(row.findings[0].name, "Eicar-Test");
    }
    let mine = format!("sofie-scan-{}-", std::process::id());
    let left = std::fs::read_dir("/dev/shm").unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&mine));
    assert_eq!(left.count(), 0, "a file is left");
}

#[tokio::test]
async fn codes_and_deaths_that_nobody_knows_are_errors() {
    let says = async |script: &str| Scanner::new(script).says(b"x").await;
    assert_eq!(says("exit 5").await, Outcome::Encrypted);
    assert!(matches!(says("exit 6").await, Outcome::Incomplete { .. }));
    assert_eq!(says("exit 7").await, error(ErrorKind::Config));
    assert_eq!(says("exit 99").await, error(ErrorKind::Protocol));
    assert_eq!(says("kill -9 $$").await, error(ErrorKind::EngineInternal));
    assert_eq!(
        says("head -c 70000 /dev/zero").await,
        error(ErrorKind::Protocol)
    );
    // Clean by its code, found by its words.
    assert_eq!(says("echo \"Virus 'X' found\"").await, Outcome::Infected);
}

#[tokio::test]
async fn where_a_count_decides_it_must_be_there() {
    let says = async |script: &str| {
        let scanner = Scanner::new(script);
        let engine = scanner.engine(HandOver::Memory, Some("threat(s) detected"));
        ask(&engine, b"x").await
    };
    assert!(matches!(
        says("echo 0 threat(s\\) detected").await,
        Outcome::Error { .. }
    ));
    assert!(matches!(
        says("echo '0 threat(s) detected'").await,
        Outcome::Clean { .. }
    ));
    assert_eq!(says("echo '2 threat(s) detected'").await, Outcome::Infected);
    for silent in [
        "true",
        "echo 'some threat(s) detected'",
        "echo '0 threat(s) detected 0 threat(s) detected'",
    ] {
        assert_eq!(says(silent).await, error(ErrorKind::Protocol), "{silent}");
    }
}

#[tokio::test]
async fn what_a_program_started_ends_with_its_time() {
    let place = TempDir::new().unwrap();
    let note = place.path().join("pid");
    let script = format!("sleep 60 & echo $! > {}; wait", note.display());
    let scanner = Scanner::new(&script);
    let engine = scanner.engine(HandOver::Memory, None);
    let meta = scan(1).meta;
    let now = DateTime::UNIX_EPOCH;
    let short = Scan::new(
        meta,
        now,
        Duration::from_millis(1500),
        CancellationToken::new(),
    );
    let begun = Instant::now();
    let row = engine.scan(&short, Body::of(b"x")).await;
    assert_eq!(row.outcome, error(ErrorKind::Timeout));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let id = std::fs::read_to_string(&note).unwrap();
    let gone = async {
        // A killed process stays as a zombie until somebody looks.
        let state =
            || std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        while state().contains(") S") || state().contains(") R") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_program_that_changes_what_it_looks_at_is_not_believed() {
    let shm = HandOver::tmpfs("/dev/shm".into()).unwrap();
    for script in ["rm -f \"$1\"", ": > \"$1\""] {
        let engine = Scanner::new(script);
        let engine = engine.engine(shm.clone(), None);
        let outcome = ask(&engine, b"content").await;
        assert!(
            !matches!(outcome, Outcome::Clean { .. }),
            "{script}: {outcome:?}"
        );
    }
    // Memory can't be changed at all.
    let sealed = Scanner::new("echo x > \"$1\" && exit 3; grep -q content \"$1\" || exit 3");
    assert!(matches!(
        sealed.says(b"content").await,
        Outcome::Clean { .. }
    ));
}

#[tokio::test]
async fn a_file_of_another_size_is_no_file() {
    let scanner = Scanner::new("true");
    let engine = scanner.engine(HandOver::Memory, None);
    for said in [1, 3] {
        let row = engine.scan(&scan(said), Body::of(b"xx")).await;
        assert_eq!(row.outcome, error(ErrorKind::Source));
    }
}

#[test]
fn a_disk_is_no_place_for_content() {
    assert_eq!(HandOver::tmpfs("/".into()), None);
    assert_eq!(HandOver::tmpfs("/nowhere".into()), None);
    assert_eq!(HandOver::tmpfs("dev/shm".into()), None);
}

#[test]
fn presets_name_programs_by_their_place_and_the_content_once() {
    for preset in PRESETS {
        let places = preset.programs.iter().map(Path::new);
        assert!(places.clone().count() > 0 && places.into_iter().all(Path::is_absolute));
        let path = preset.arguments.iter().filter(|one| **one == "{path}");
        assert_eq!(path.count(), 1, "{}", preset.name);
        let clean = preset.codes.iter().filter(|(_, code)| *code == Code::Clean);
        assert_eq!(clean.count(), 1, "{}", preset.name);
        let mut codes: Vec<_> = preset.codes.iter().map(|(code, _)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), preset.codes.len(), "{}", preset.name);
    }
}
