//! One run of a program.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// The most bytes of what a program says.
const LONGEST: u64 = 64 << 10;

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ended {
    pub status: ExitStatus,
    /// What it wrote to both its outputs.
    pub output: Vec<u8>,
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("starting the program")]
    Start(#[source] io::Error),
    #[error("listening to the program")]
    Listen(#[source] io::Error),
    #[error("listening to the program: it says too much")]
    TooLong,
}

/// Runs a program to its end. Left before, it ends at once with everything that it started.
pub(super) async fn run(program: &Path, arguments: &[String]) -> Result<Ended, Failure> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::Start)?;
    let group = Group::of(child.id());
    let (said, complained) = (child.stdout.take(), child.stderr.take());
    let (said, complained) = tokio::try_join!(read(said), read(complained))?;
    let status = child.wait().await.map_err(Failure::Listen)?;
    group.ended();
    Ok(Ended {
        status,
        output: [said, complained].concat(),
    })
}

async fn read(output: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if let Some(output) = output {
        let mut output = output.take(LONGEST + 1);
        output
            .read_to_end(&mut bytes)
            .await
            .map_err(Failure::Listen)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::TooLong);
    }
    Ok(bytes)
}

/// A program and what it started; killed with the value unless it has ended.
struct Group(Option<Pid>);

impl Group {
    fn of(id: Option<u32>) -> Self {
        let id = id.and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // There may be nobody left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
