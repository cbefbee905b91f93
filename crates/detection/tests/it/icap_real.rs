//! The real c-icap with its antivirus service before a real clamd (DET-12). Without them these tests fail.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use sofie_detection::{
    Body, Canary, Coverage, Engine, EngineReport, ErrorKind, LimitKind, Outcome, Runtime, Setup,
};
use tempfile::TempDir;

use super::fixture::{MARKER, RealClamd, engine};
use super::{now, scan};

/// As the package for Debian comes, and as it should be.
const DEFAULT: &str = "";
const HARDENED: &str = "virus_scan.MaxObjectSize 100M\n";

struct RealIcap {
    process: Child,
    _directory: TempDir,
    port: u16,
    clamd: RealClamd,
}

impl RealIcap {
    fn start(clamd: RealClamd, more: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let at = directory.path().display();
        let modules = modules();
        let socket = clamd.socket();
        let configuration = format!(
            "PidFile {at}/pid\nCommandsSocket {at}/control\nStartServers 1\nMaxServers 2\nMinSpareThreads 4\n\
             MaxSpareThreads 10\nThreadsPerChild 10\nPort 127.0.0.1:{port}\nTmpDir {at}\nServerLog {at}/server.log\n\
             AccessLog {at}/access.log\nModulesDir {modules}\nServicesDir {modules}\n\
             LoadMagicFile /etc/c-icap/c-icap.magic\nService antivirus_module virus_scan.so\n\
             Module common clamd_mod.so\nclamd_mod.ClamdSocket {}\nvirus_scan.DefaultEngine clamd\n\
             virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE\n\
             virus_scan.SendPercentData 5\nvirus_scan.StartSendPercentDataAfter 2M\nvirus_scan.MaxObjectSize 5M\n{more}",
            socket.display()
        );
        let file = directory.path().join("c-icap.conf");
        std::fs::write(&file, configuration).unwrap();
        let process = Command::new("c-icap")
            .arg("-N")
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("c-icap is installed (Debian: c-icap libc-icap-mod-virus-scan)");
        let icap = Self {
            process,
            _directory: directory,
            port,
            clamd,
        };
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "c-icap does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        icap
    }

    fn engine(&self, profile: &str, change: impl FnOnce(&mut Setup)) -> Runtime {
        let address = match profile {
            // As many install it: with its own list of types in force.
            "generic" => format!("icap://127.0.0.1:{}/virus_scan?allow204=on", self.port),
            _ => format!("icap://127.0.0.1:{}", self.port),
        };
        let config = json!({ "addresses": [address], "profile": profile });
        engine("icap", change, &config)
    }
}

impl Drop for RealIcap {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
    }
}

fn modules() -> String {
    let places = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut places = places.map(|place| place.path().join("c_icap"));
    let found = places.find(|place| place.join("virus_scan.so").exists());
    let found = found.expect("the service is installed (Debian: libc-icap-mod-virus-scan)");
    found.display().to_string()
}

async fn ask(engine: &Runtime, content: &[u8]) -> EngineReport {
    engine
        .scan(&scan("a.bin", content.len()), Body::of(content))
        .await
}

const CLEAN: Outcome = Outcome::Clean {
    coverage: Coverage::Assumed,
};

#[tokio::test]
async fn clean_and_infected_files() {
    let icap = RealIcap::start(RealClamd::start(false), DEFAULT);
    let engine = icap.engine("c_icap", |_| {});
    let clean = ask(&engine, b"nothing\n").await;
    assert_eq!(clean.outcome, CLEAN, "{clean:?}");
    assert!(clean.versions.program.unwrap().contains("C-ICAP"));
    assert!(clean.versions.signatures.is_some());
    for size in [20, 100_000, 1_500_000] {
        let content = [vec![b'.'; size], MARKER.to_vec()].concat();
        let infected = ask(&engine, &content).await;
        assert_eq!(infected.outcome, Outcome::Infected, "{infected:?}");
        assert_eq!(infected.findings[0].name, "Lab.Marker.UNOFFICIAL");
        let passed = ask(&engine, &vec![b'.'; size]).await;
        assert_eq!(passed.outcome, CLEAN, "{passed:?}");
    }
}

/// c-icap answers to what it does not look at as if it were clean; it must not pass for that.
#[tokio::test]
async fn the_self_test_tells_what_is_silent_and_what_is_above_its_limit_is_not_clean() {
    let quiet = RealIcap::start(RealClamd::start(false), DEFAULT);
    let large = |setup: &mut Setup| setup.largest_file = 100 << 20;
    let engine = quiet.engine("c_icap", large);
    let test = engine.self_test(now()).await;
    assert!(test.passed(), "{test:?}");
    for silent in [Canary::EncryptedArchive, Canary::TooLarge] {
        assert!(test.missed.contains(&silent), "{test:?}");
    }
    let small = ask(&engine, &vec![b'.'; 1 << 20]).await;
    assert_eq!(small.outcome, CLEAN, "{small:?}");
    let content = [MARKER.to_vec(), vec![b'.'; 20 << 20]].concat();
    let above = ask(&engine, &content).await;
    let limit = LimitKind::FileSize;
    assert_eq!(above.outcome, Outcome::Incomplete { limit }, "{above:?}");
}

#[tokio::test]
async fn a_hardened_one_has_less_to_warn_of() {
    let icap = RealIcap::start(RealClamd::start(true), HARDENED);
    let test = icap.engine("c_icap", |_| {}).self_test(now()).await;
    assert!(test.passed(), "{test:?}");
    assert_eq!(test.missed, [Canary::EncryptedOffice], "{test:?}");
}

/// The scanner behind it is down, while what is before it says that all is well.
#[tokio::test]
async fn a_dead_scanner_behind_is_an_error() {
    let icap = RealIcap::start(RealClamd::start(false), DEFAULT);
    let engine = icap.engine("generic", |_| {});
    assert!(engine.self_test(now()).await.passed());
    let id = icap.clamd.process_id().to_string();
    let killed = Command::new("kill").args(["-KILL", &id]).status().unwrap();
    assert!(killed.success());
    assert!(engine.status().await.reachable);
    let report = ask(&engine, MARKER).await;
    let internal = Outcome::Error {
        kind: ErrorKind::EngineInternal,
        retryable: true,
    };
    assert_eq!(report.outcome, internal, "{report:?}");
    assert!(!engine.self_test(now()).await.passed());
}

#[tokio::test]
async fn many_at_once_are_all_answered_and_an_unknown_service_is_none() {
    let icap = RealIcap::start(RealClamd::start(false), DEFAULT);
    let engine = icap.engine("c_icap", |_| {});
    let content = [vec![b'.'; 100_000], MARKER.to_vec()].concat();
    let asked = (0..30).map(|_| async {
        let _turn = engine.turn().await;
        ask(&engine, &content).await
    });
    for report in futures_util::future::join_all(asked).await {
        assert_eq!(report.outcome, Outcome::Infected, "{report:?}");
    }
    let address = format!("icap://127.0.0.1:{}/no_such_service", icap.port);
    let wrong = super::fixture::engine("icap", |_| {}, &json!({ "addresses": [address] }));
    let report = ask(&wrong, b"x").await;
    assert!(
        matches!(
            report.outcome,
            Outcome::Error {
                kind: ErrorKind::Config,
                ..
            }
        ),
        "{report:?}"
    );
}
