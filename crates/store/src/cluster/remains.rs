//! Clearing away what a killed process left: a running server, or its files.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal};

use super::ClusterError;
use super::folder::PORT;

const POLL: Duration = Duration::from_millis(20);
/// What is tried in turn on processes that do not end: fast shutdown, immediate shutdown, the end.
const STEPS: &[(Signal, Duration)] = &[
    (Signal::INT, Duration::from_secs(10)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// Stops every server process on the folder and removes a lock file that would stop the next.
///
/// The caller holds the lock of the data directory, so none of the processes belongs to anybody.
pub(super) async fn clear(folder: &Path) -> Result<(), ClusterError> {
    for (signal, patience) in STEPS {
        let found = processes(folder);
        if found.is_empty() {
            break;
        }
        tracing::info!(processes = ?found, signal = signal.as_raw(), "stopping a PostgreSQL left by a killed process");
        tell(folder, &found, *signal);
        let started = Instant::now();
        while started.elapsed() < *patience && !processes(folder).is_empty() {
            tokio::time::sleep(POLL).await;
        }
    }
    let left = processes(folder);
    if !left.is_empty() {
        return Err(ClusterError::StillRunning { pids: left });
    }
    for name in ["postmaster.pid".to_owned(), format!(".s.PGSQL.{PORT}.lock")] {
        remove_misleading(&folder.join(name))?;
    }
    Ok(())
}

/// Sends the signal to the postmaster, which passes it on; to all when it is dead or does not listen.
fn tell(folder: &Path, processes: &[i32], signal: Signal) {
    let postmaster =
        first_line_number(&folder.join("postmaster.pid")).filter(|pid| processes.contains(pid));
    let (receivers, signal) = match postmaster {
        Some(pid) if signal != Signal::KILL => (vec![pid], signal),
        // A backend takes a fast shutdown for a cancelled query; without its postmaster it must go at once.
        None if signal == Signal::INT => (processes.to_vec(), Signal::QUIT),
        _ => (processes.to_vec(), signal),
    };
    for pid in receivers.into_iter().filter_map(Pid::from_raw) {
        // Looked at again through a handle: its number may have gone to another process meanwhile.
        let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
            continue;
        };
        if is_server_of(folder, pid.as_raw_nonzero().get()) {
            let _ = rustix::process::pidfd_send_signal(&handle, signal);
        }
    }
}

/// The server processes of the folder.
fn processes(folder: &Path) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| is_server_of(folder, *pid)).collect()
}

/// Whether a process is a PostgreSQL that works in the folder.
fn is_server_of(folder: &Path, pid: i32) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let named = fs::read_to_string(process.join("comm"))
        .is_ok_and(|name| name.trim_end().starts_with("postgres"));
    if !named {
        return false;
    }
    let Ok(ours) = fs::metadata(folder) else {
        return false;
    };
    match fs::metadata(process.join("cwd")) {
        Ok(cwd) => (cwd.dev(), cwd.ino()) == (ours.dev(), ours.ino()),
        // A root without CAP_SYS_PTRACE, as in many containers, can't see where another user's process works.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let same_owner = fs::metadata(&process).is_ok_and(|found| found.uid() == ours.uid());
            same_owner && first_line_number(&folder.join("postmaster.pid")) == Some(pid)
        }
        Err(_) => false,
    }
}

/// Removes a lock file whose number has gone to some other process: PostgreSQL would believe it and not start.
/// One whose number is free is left to PostgreSQL, which then also looks for shared memory still in use.
fn remove_misleading(file: &Path) -> Result<(), ClusterError> {
    let Some(pid) = first_line_number(file).and_then(|number| Pid::from_raw(number.abs())) else {
        return Ok(());
    };
    match rustix::process::test_kill_process(pid) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        _ => fs::remove_file(file).map_err(ClusterError::io("remove the stale", file)),
    }
}

fn first_line_number(file: &Path) -> Option<i32> {
    fs::read_to_string(file)
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}
