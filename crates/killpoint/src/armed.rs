//! What a debug build does at a point.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{Signal, getpid, kill_process};

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Has this process look into a file at each point; only the first call counts.
pub fn arm(file: PathBuf) {
    FILE.get_or_init(|| file);
}

pub(crate) fn reach(point: &str) {
    let Some(file) = FILE.get() else { return };
    if is_asked(file, point) {
        die();
    } else if is_asked(file, &format!("stop {point}")) {
        // Somebody lets it go on later, when its lease is over.
        let _ = kill_process(getpid(), Signal::STOP);
    }
}

/// Whether the file names this point, and no other thread or process was faster.
fn is_asked(file: &Path, point: &str) -> bool {
    let asked = fs::read_to_string(file).unwrap_or_default();
    asked.trim() == point && fs::rename(file, marker(file)).is_ok()
}

fn marker(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".hit");
    name.into()
}

fn die() -> ! {
    // Nothing is flushed, dropped or told: that is the point.
    let _ = kill_process(getpid(), Signal::KILL);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_hit_once_and_leaves_its_marker() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("kill");
        assert!(!is_asked(&file, "K1"), "nobody asks");
        fs::write(&file, "K1\n").unwrap();
        assert!(!is_asked(&file, "K2"), "another point is meant");
        assert!(file.exists());
        assert!(is_asked(&file, "K1"));
        assert!(!file.exists() && marker(&file).exists());
        assert!(!is_asked(&file, "K1"), "only once");
    }
}
