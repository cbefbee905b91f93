//! The inspector as a child process: its answers, and its deaths (DET-21).

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sofie_detection::{
    Body, Coverage, ErrorKind, How, InspectionLimits, Inspector, Outcome, Passwords, Skip,
};
use tempfile::TempDir;

use super::fixture::{inspector, probe};
use super::{now, scan, scan_for};

#[tokio::test]
async fn a_clean_file_is_clean_for_every_internal_engine() {
    let content = b"nothing to see\n";
    let inspection = inspector()
        .inspect(&scan("a.txt", content.len()), Body::of(content))
        .await;
    let engines: Vec<&str> = inspection
        .reports
        .iter()
        .map(|row| row.engine.as_str())
        .collect();
    assert_eq!(
        engines,
        ["type", "container", "encrypted", "eicar", "content", "dlp"]
    );
    // Nobody asked for sensitive data, so nobody says that there is none.
    let (dlp, others) = inspection.reports.split_last().unwrap();
    assert_eq!(dlp.outcome, Outcome::Skipped { reason: Skip::Off });
    for row in others {
        assert_eq!(
            row.outcome,
            Outcome::Clean {
                coverage: Coverage::Full
            }
        );
    }
    let contents = inspection.contents.unwrap();
    assert_eq!(contents.crc32, crc32fast::hash(content));
    assert_eq!(contents.objects[0].media_type, "text/plain");
}

#[tokio::test]
async fn eicar_is_infected_and_others_speak_for_themselves() {
    let eicar = sofie_inspector::eicar();
    let inspection = inspector()
        .inspect(&scan("e.pdf", eicar.len()), Body::of(&eicar))
        .await;
    let outcomes: Vec<&str> = inspection
        .reports
        .iter()
        .map(|row| row.outcome.name())
        .collect();
    assert_eq!(
        outcomes,
        [
            "policy_hit",
            "clean",
            "clean",
            "infected",
            "clean",
            "skipped"
        ]
    );
}

#[tokio::test]
async fn a_pdf_is_read_whole() {
    let pdf = b"%PDF-1.7\n%%EOF\n";
    let inspection = inspector()
        .inspect(&scan("a.pdf", pdf.len()), Body::of(pdf))
        .await;
    assert_eq!(
        inspection.reports[0].outcome,
        Outcome::Clean {
            coverage: Coverage::Full
        }
    );
}

/// An archive of a text, encrypted by another program with the password `hunter2`.
fn encrypted() -> Vec<u8> {
    let vectors = include_str!("../../../inspector/tests/inspect/sealed/vectors.txt");
    let digits = vectors
        .lines()
        .find_map(|it| it.strip_prefix("ae2-256-d.zip "));
    hex::decode(digits.unwrap()).unwrap()
}

#[tokio::test]
async fn a_password_that_was_given_opens_what_is_encrypted() {
    let file = encrypted();
    for (password, outcome, opened) in [
        ("hunter2", "clean", Some(How::Password)),
        ("hunter3", "encrypted", None),
    ] {
        let passwords = Passwords::new(vec![password.to_owned()]).unwrap();
        let scan = scan("a.zip", file.len()).with_passwords(Arc::new(passwords));
        assert!(!format!("{scan:?}").contains(password));
        let inspection = inspector().inspect(&scan, Body::of(&file)).await;
        assert_eq!(inspection.reports[2].outcome.name(), outcome);
        let objects = inspection.contents.unwrap().objects;
        assert_eq!(objects.last().unwrap().opened, opened);
    }
}

#[tokio::test]
async fn the_self_test_passes_and_fails_with_a_dead_program() {
    let test = inspector().self_test(now()).await;
    assert!(test.passed(), "{test:?}");
    assert_eq!((test.noticed.len(), test.missed.len()), (6, 0));
    let nowhere = Inspector::new(PathBuf::from("/nonexistent"), InspectionLimits::STANDARD, 1);
    let test = nowhere.self_test(now()).await;
    assert!(!test.passed() && test.error.is_some());
    assert_eq!(sofie_detection::inspect::descriptors().len(), 7);
}

/// A program that misbehaves as its name says.
fn called(name: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let program = directory.path().join(name);
    symlink(probe(), &program).unwrap();
    (directory, program)
}

async fn outcome_of(name: &str, time: Duration) -> Outcome {
    let (_directory, program) = called(name);
    let inspector = Inspector::new(program, InspectionLimits::STANDARD, 1);
    let content = vec![b'x'; 1 << 20];
    let scan = scan_for("a.txt", content.len(), time);
    let inspection = inspector.inspect(&scan, Body::of(&content)).await;
    assert!(inspection.contents.is_none());
    let first = inspection.reports[0].outcome;
    assert!(
        inspection.reports.iter().all(|row| row.outcome == first),
        "{:?}",
        inspection.reports
    );
    first
}

#[tokio::test]
async fn whatever_a_child_does_wrong_is_an_error() {
    let crashed = Outcome::Error {
        kind: ErrorKind::Crashed,
        retryable: false,
    };
    let protocol = Outcome::Error {
        kind: ErrorKind::Protocol,
        retryable: true,
    };
    let long = Duration::from_secs(20);
    assert_eq!(outcome_of("abort", long).await, crashed);
    assert_eq!(outcome_of("failing", long).await, crashed);
    assert_eq!(outcome_of("silent", long).await, protocol);
    assert_eq!(outcome_of("garbage", long).await, protocol);
    assert_eq!(outcome_of("doubled", long).await, protocol);
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_at_the_deadline() {
    let begun = Instant::now();
    let late = Outcome::Error {
        kind: ErrorKind::Timeout,
        retryable: true,
    };
    for name in ["deaf", "spinning"] {
        assert_eq!(outcome_of(name, Duration::from_millis(300)).await, late);
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_missing_program_and_a_wrong_size_are_errors() {
    let nowhere = Inspector::new(PathBuf::from("/nonexistent"), InspectionLimits::STANDARD, 1);
    let inspection = nowhere.inspect(&scan("a", 1), Body::of(b"x")).await;
    assert_eq!(
        inspection.reports[0].outcome,
        Outcome::Error {
            kind: ErrorKind::Connect,
            retryable: true
        }
    );

    for said in [0, 3, 5] {
        let inspection = inspector()
            .inspect(&scan("a", said), Body::of(b"four"))
            .await;
        let source = Outcome::Error {
            kind: ErrorKind::Source,
            retryable: true,
        };
        assert_eq!(inspection.reports[0].outcome, source, "said {said}");
    }
}
