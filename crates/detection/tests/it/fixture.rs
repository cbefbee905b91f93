//! A real clamd with signatures of our own, and the jailed inspector.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sofie_detection::clamd::{Clamd, Endpoint, Settings, Timeouts};
use sofie_detection::{InspectionLimits, Inspector};
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

    pub fn engine(&self) -> Clamd {
        Clamd::new("clamav", settings(vec![Endpoint::Unix(self.socket())]))
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

pub fn settings(endpoints: Vec<Endpoint>) -> Settings {
    let timeouts = Timeouts {
        connect_ms: 2_000,
        idle_ms: 1_000,
        verdict_ms: 10_000,
    };
    Settings {
        largest_file: LONGEST_STREAM,
        most_at_once: 4,
        timeouts,
        ..Settings::new(endpoints)
    }
}

pub fn inspector() -> Inspector {
    Inspector::new(probe(), InspectionLimits::STANDARD, 2)
}

pub fn probe() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_sofie-detection-probe"))
}
