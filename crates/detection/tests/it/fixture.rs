//! A real clamd with signatures of our own, and the jailed inspector.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sofie_detection::{InspectionLimits, Inspector, Refusal, Runtime, Setup, Times, Types};
use tempfile::TempDir;

/// What the signature database below calls malware.
pub const MARKER: &[u8] = b"LABMALWAREMARKER0001";
const MARKER_HEX: &str = "4c41424d414c574152454d41524b455230303031";

/// SHA-256 of the EICAR test file.
const EICAR_SHA256: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

pub const LONGEST_STREAM: u64 = 2 << 20;

/// A running clamd; ends with the value.
pub struct RealClamd {
    process: Child,
    directory: TempDir,
}

impl RealClamd {
    /// Starts clamd and waits until it answers; `alerts` makes it say what it leaves out.
    pub fn start(alerts: bool) -> Self {
        let directory = TempDir::new().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("db")).unwrap();
        std::fs::write(at("db/lab.ndb"), format!("Lab.Marker:0:*:{MARKER_HEX}\n")).unwrap();
        std::fs::write(
            at("db/lab.hsb"),
            format!("{EICAR_SHA256}:68:Lab.Eicar-Hash:73\n"),
        )
        .unwrap();
        std::fs::write(at("clamd.conf"), configuration(directory.path(), alerts)).unwrap();
        let process = Command::new("clamd")
            .arg("--config-file")
            .arg(at("clamd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("clamd is installed (Debian: clamav-daemon)");
        let clamd = Self { process, directory };
        clamd.wait();
        clamd
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    pub fn engine(&self) -> Runtime {
        clamd(&[&self.socket()], |_| {})
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(30);
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(Instant::now() < until, "clamd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for RealClamd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration(directory: &Path, alerts: bool) -> String {
    let directory = directory.display();
    let mut lines = format!(
        "LocalSocket {directory}/socket\nDatabaseDirectory {directory}/db\nTemporaryDirectory {directory}\n\
         Foreground yes\nStreamMaxLength 2M\nMaxFileSize 2M\nMaxScanSize 4M\n"
    );
    if alerts {
        lines.push_str("AlertEncrypted yes\nAlertExceedsMax yes\n");
    }
    lines
}

/// An engine of a kind, with times for tests.
pub fn engine(kind: &str, change: impl FnOnce(&mut Setup), config: &Value) -> Runtime {
    let kind = sofie_detection::kind(kind).unwrap();
    let mut setup = Setup {
        id: "engine".to_owned(),
        name: "Engine".to_owned(),
        class: kind.class,
        largest_file: LONGEST_STREAM,
        oversize: Refusal::Unscannable,
        types: Types::all(),
        at_once: 4,
        times: Times {
            connect: Duration::from_secs(2),
            idle: Duration::from_secs(1),
            verdict: Duration::from_secs(10),
        },
    };
    change(&mut setup);
    kind.engine(setup, config.as_object().unwrap()).unwrap()
}

/// clamd at these sockets.
pub fn clamd(sockets: &[&Path], change: impl FnOnce(&mut Setup)) -> Runtime {
    let address = |socket: &&Path| format!("unix:{}", socket.display());
    let addresses: Vec<String> = sockets.iter().map(address).collect();
    engine("clamd", change, &json!({ "addresses": addresses }))
}

pub fn inspector() -> Inspector {
    Inspector::new(probe(), InspectionLimits::STANDARD, 2)
}

pub fn probe() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_sofie-detection-probe"))
}
