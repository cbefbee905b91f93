//! A real clamd with signatures of its own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// SHA-256 of the EICAR test file, which is 68 bytes long.
const EICAR: &str =
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f:68:Test.Eicar:73";
/// `SOFIE-TEST-MALWARE` in hexadecimal: what only clamd knows.
const MARKER: &str = "Test.Marker:0:*:534f4649452d544553542d4d414c57415245";

/// A running clamd; ends with the value. It knows the EICAR test file and [`TestClamd::MALWARE`].
#[derive(Debug)]
pub struct TestClamd {
    process: Child,
    folder: TempDir,
}

impl TestClamd {
    /// What this clamd calls malware, wherever in a file.
    pub const MALWARE: &[u8] = b"SOFIE-TEST-MALWARE";

    /// Starts clamd and waits until it listens.
    ///
    /// # Panics
    /// When clamd is not installed, or does not listen within half a minute.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self::start_in(folder)
    }

    /// Ends clamd and starts it again at the same place.
    ///
    /// # Panics
    /// As [`TestClamd::start`].
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.kill();
        let empty = TempDir::new().expect("a folder");
        Self::start_in(std::mem::replace(&mut self.folder, empty))
    }

    fn start_in(folder: TempDir) -> Self {
        let path = folder.path();
        let database = path.join("signatures");
        std::fs::create_dir_all(&database).expect("a folder");
        std::fs::write(database.join("test.hsb"), format!("{EICAR}\n")).expect("a file");
        std::fs::write(database.join("test.ndb"), format!("{MARKER}\n")).expect("a file");
        std::fs::write(path.join("clamd.conf"), configuration(path)).expect("a file");
        let process = Command::new("clamd")
            .arg("--config-file")
            .arg(path.join("clamd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("clamd is installed (Debian: clamav-daemon)");
        let clamd = Self { process, folder };
        let until = Instant::now() + Duration::from_secs(30);
        while std::os::unix::net::UnixStream::connect(clamd.socket()).is_err() {
            assert!(Instant::now() < until, "clamd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        clamd
    }

    /// Returns where it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Returns its address, as the table of engines has it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// Ends clamd at once.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.socket());
    }
}

impl Drop for TestClamd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "LocalSocket {folder}/socket\nDatabaseDirectory {folder}/signatures\nTemporaryDirectory {folder}\n\
         Foreground yes\n"
    )
}
