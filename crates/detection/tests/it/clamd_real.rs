//! The real clamd (DET-11). Without clamd these tests fail; SOFIE_TEST_WITHOUT_CLAMD skips them.

use std::path::Path;

use sofie_detection::{Body, Canary, Coverage, Engine, ErrorKind, LimitKind, Outcome, Runtime};

use super::fixture::{LONGEST_STREAM, MARKER, RealClamd, clamd as clamd_at};
use super::{now, scan};

fn skipped() -> bool {
    let skip = std::env::var_os("SOFIE_TEST_WITHOUT_CLAMD").is_some();
    if skip {
        eprintln!("SKIPPED: SOFIE_TEST_WITHOUT_CLAMD is set");
    }
    skip
}

async fn ask(engine: &Runtime, content: &[u8]) -> sofie_detection::EngineReport {
    engine
        .scan(&scan("a.bin", content.len()), Body::of(content))
        .await
}

#[tokio::test]
async fn clean_infected_and_empty_files() {
    if skipped() {
        return;
    }
    let clamd = RealClamd::start(false);
    let engine = clamd.engine();
    let clean = ask(&engine, b"nothing\n").await;
    assert_eq!(
        clean.outcome,
        Outcome::Clean {
            coverage: Coverage::Assumed
        }
    );
    assert_eq!((clean.bytes_sent, clean.raw_reply.is_some()), (8, true));
    assert!(clean.versions.program.unwrap().starts_with("ClamAV "));

    let marked = [vec![b'.'; 500_000], MARKER.to_vec()].concat();
    let infected = ask(&engine, &marked).await;
    assert_eq!(infected.outcome, Outcome::Infected);
    assert_eq!(infected.findings[0].name, "Lab.Marker.UNOFFICIAL");

    assert_eq!(
        ask(&engine, b"").await.outcome,
        Outcome::Clean {
            coverage: Coverage::Full
        }
    );
}

#[tokio::test]
async fn the_self_test_tells_what_clamd_is_silent_about() {
    if skipped() {
        return;
    }
    let quiet = RealClamd::start(false);
    let silent = quiet.engine().self_test(now()).await;
    assert!(silent.passed(), "{silent:?}");
    assert_eq!(
        silent.missed,
        [
            Canary::EncryptedArchive,
            Canary::EncryptedOffice,
            Canary::TooDeep
        ]
    );

    let alerting = RealClamd::start(true);
    let loud = alerting.engine().self_test(now()).await;
    assert!(loud.passed(), "{loud:?}");
    assert_eq!(loud.missed, [Canary::EncryptedOffice]);
}

#[tokio::test]
async fn sizes_at_and_above_the_limit() {
    if skipped() {
        return;
    }
    let largest = usize::try_from(LONGEST_STREAM).unwrap();
    let clamd = RealClamd::start(false);
    let engine = clamd.engine();
    let incomplete = Outcome::Incomplete {
        limit: LimitKind::FileSize,
    };
    let exact = ask(&engine, &vec![b'.'; largest]).await;
    assert_eq!(
        exact.outcome,
        Outcome::Clean {
            coverage: Coverage::Assumed
        }
    );
    let above = ask(&engine, &vec![b'.'; largest + 1]).await;
    assert_eq!((above.outcome, above.bytes_sent), (incomplete, 0));

    // The engine believes in a larger limit than clamd's: clamd hangs up while it is written to.
    let engine = clamd_at(&[&clamd.socket()], |setup| setup.largest_file = u64::MAX);
    assert_eq!(
        ask(&engine, &vec![b'.'; 8 * largest]).await.outcome,
        incomplete
    );
}

#[tokio::test]
async fn many_at_once_are_all_answered() {
    if skipped() {
        return;
    }
    let clamd = RealClamd::start(false);
    let engine = clamd.engine();
    let content = [vec![b'.'; 100_000], MARKER.to_vec()].concat();
    let asked = (0..50).map(|_| ask(&engine, &content));
    for report in futures_util::future::join_all(asked).await {
        assert_eq!(report.outcome, Outcome::Infected, "{report:?}");
    }
}

#[tokio::test]
async fn a_dead_clamd_is_an_error_and_the_next_endpoint_is_asked() {
    if skipped() {
        return;
    }
    let clamd = RealClamd::start(false);
    let nowhere = Path::new("/nonexistent/socket");
    let alone = clamd_at(&[nowhere], |_| {});
    let report = ask(&alone, b"text").await;
    assert_eq!(
        report.outcome,
        Outcome::Error {
            kind: ErrorKind::Connect,
            retryable: true
        }
    );
    assert!(!alone.status().await.reachable);
    assert!(!alone.self_test(now()).await.passed());

    let both = clamd_at(&[nowhere, &clamd.socket()], |_| {});
    for _ in 0..4 {
        assert_eq!(ask(&both, MARKER).await.outcome, Outcome::Infected);
    }
    assert!(both.status().await.reachable);
}

#[tokio::test]
async fn a_stopped_clamd_is_a_time_out_and_a_killed_one_an_error() {
    if skipped() {
        return;
    }
    let clamd = RealClamd::start(false);
    let engine = clamd.engine();
    let signal = |name: &str| {
        let id = clamd.process_id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("-STOP");
    let report = ask(&engine, b"text").await;
    assert_eq!(
        report.outcome,
        Outcome::Error {
            kind: ErrorKind::Timeout,
            retryable: true
        }
    );
    signal("-CONT");
    assert!(matches!(
        ask(&engine, b"text").await.outcome,
        Outcome::Clean { .. }
    ));
    signal("-KILL");
    assert!(matches!(
        ask(&engine, b"text").await.outcome,
        Outcome::Error {
            retryable: true,
            ..
        }
    ));
}
