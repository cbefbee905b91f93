//! The child process: started, fed, listened to.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::process::{Pid, setpriority_process};
use sofie_inspector::protocol::{self, END, Header, MAX_DATA_FRAME, MAX_REPORT};
use sofie_inspector::{Dlp, Limits, Object, Passwords, Report};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Semaphore;

use crate::body::{Body, Broken};
use crate::engine::Scan;
use crate::self_test::{self, SelfTest};
use crate::verdict::{EngineReport, ErrorKind};

use super::rows;

/// What most files are done in. A file that takes longer gives way on the processor to those that do not.
const BRIEFLY: Duration = Duration::from_millis(100);
/// How far it gives way, in steps of `nice`.
const GIVES_WAY: i32 = 15;

/// Looks inside files in a jailed child process, one per file.
#[derive(Debug)]
pub struct Inspector {
    program: PathBuf,
    limits: Limits,
    at_once: Semaphore,
}

/// What the inspector said of one file.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// One row per internal engine, always all of them.
    pub reports: Vec<EngineReport>,
    /// What was seen; none when there is no valid report.
    pub contents: Option<Contents>,
}

/// What is in a file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// CRC-32 (IEEE).
    pub crc32: u32,
    /// The file, and what is in it.
    pub objects: Vec<Object>,
    /// How many more objects were seen.
    pub objects_unlisted: u64,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("starting the inspector")]
    Start(#[source] std::io::Error),
    #[error(transparent)]
    Content(#[from] Broken),
    #[error("inspecting: the file has {real} bytes, not {said}")]
    Size { said: u64, real: u64 },
    #[error("inspecting: the inspector ended with {0}")]
    Died(ExitStatus),
    #[error("inspecting: the inspector's report is not valid")]
    Report(#[source] protocol::ReportError),
    #[error("inspecting: talking to the inspector")]
    Pipe(#[source] std::io::Error),
    #[error("inspecting: no answer in time")]
    Late,
    #[error("inspecting: cancelled")]
    Cancelled,
}

impl Failure {
    const fn kind(&self) -> ErrorKind {
        match self {
            Self::Start(_) => ErrorKind::Connect,
            Self::Content(Broken::Source) | Self::Size { .. } => ErrorKind::Source,
            Self::Content(Broken::TooSlow) | Self::Late => ErrorKind::Timeout,
            Self::Died(_) | Self::Pipe(_) => ErrorKind::Crashed,
            Self::Report(_) => ErrorKind::Protocol,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }
}

impl Inspector {
    /// An inspector that runs `program inspect`, at most `at_once` at a time.
    pub fn new(program: PathBuf, limits: Limits, at_once: usize) -> Self {
        Self {
            program,
            limits,
            at_once: Semaphore::new(at_once.max(1)),
        }
    }

    /// Looks inside one file. Whatever goes wrong is an error row of every internal engine.
    pub async fn inspect(&self, scan: &Scan, body: Body) -> Inspection {
        let limited = tokio::time::timeout_at(scan.deadline, self.run(scan, body));
        let ended = tokio::select! {
            ended = limited => ended.unwrap_or(Err(Failure::Late)),
            () = scan.cancel.cancelled() => Err(Failure::Cancelled),
        };
        match ended {
            Ok(report) => rows::answer(scan, report),
            Err(failure) => rows::failed(scan, failure.kind(), &failure.to_string()),
        }
    }

    /// Proves that the inspector can be started and knows the test files. `now` stamps the result.
    pub async fn self_test(&self, now: DateTime<Utc>) -> SelfTest {
        self_test::known_files_inside(self, now).await
    }

    async fn run(&self, scan: &Scan, body: Body) -> Result<Report, Failure> {
        let _turn = self
            .at_once
            .acquire()
            .await
            .map_err(|_| Failure::Cancelled)?;
        let mut child = self.start().map_err(Failure::Start)?;
        let pid = child.id();
        tokio::select! {
            report = self.converse(scan, body, &mut child) => report,
            never = give_way(pid) => match never {},
        }
    }

    /// Feeds the child and listens to it.
    async fn converse(
        &self,
        scan: &Scan,
        body: Body,
        child: &mut Child,
    ) -> Result<Report, Failure> {
        let fed = match child.stdin.take() {
            Some(input) => self.feed(scan, body, input).await,
            None => Err(Failure::Start(std::io::ErrorKind::BrokenPipe.into())),
        };
        // A child that stopped listening died: how it ended says more than the broken pipe.
        if let Err(failure @ (Failure::Content(_) | Failure::Size { .. } | Failure::Start(_))) = fed
        {
            return Err(failure);
        }
        let output = collect(child).await?;
        fed?;
        protocol::parse_report(&output, scan.meta.size).map_err(Failure::Report)
    }

    fn start(&self) -> std::io::Result<Child> {
        Command::new(&self.program)
            .arg("inspect")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    /// Tells the child what it must know; the copies of passwords are gone afterwards.
    async fn greet(&self, scan: &Scan, input: &mut ChildStdin) -> Result<(), Failure> {
        let header = Header {
            name: scan.meta.name.clone(),
            size: scan.meta.size,
            limits: self.limits,
            dlp: Dlp::clone(&scan.dlp),
            passwords: Passwords::clone(&scan.passwords),
        };
        let frame = protocol::encode_header(&header).map_err(Failure::Pipe)?;
        input.write_all(&frame).await.map_err(Failure::Pipe)
    }

    async fn feed(
        &self,
        scan: &Scan,
        mut body: Body,
        mut input: ChildStdin,
    ) -> Result<(), Failure> {
        self.greet(scan, &mut input).await?;
        let mut sent = 0;
        while let Some(piece) = body.next().await? {
            for frame in piece.chunks(MAX_DATA_FRAME) {
                input
                    .write_all(&protocol::data_prefix(frame.len()))
                    .await
                    .map_err(Failure::Pipe)?;
                input.write_all(frame).await.map_err(Failure::Pipe)?;
            }
            sent += piece.len() as u64;
        }
        if sent != scan.meta.size {
            return Err(Failure::Size {
                said: scan.meta.size,
                real: sent,
            });
        }
        input.write_all(&END).await.map_err(Failure::Pipe)?;
        Ok(())
    }
}

/// Lowers the priority of a child that is still there after a while; never ends.
async fn give_way(pid: Option<u32>) -> Infallible {
    tokio::time::sleep(BRIEFLY).await;
    let pid = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid
        && let Err(error) = setpriority_process(Some(pid), GIVES_WAY)
    {
        let error: &dyn std::error::Error = &error;
        tracing::debug!(error, "an inspector's priority could not be lowered");
    }
    std::future::pending().await
}

/// Everything the child wrote, if it ended well.
async fn collect(child: &mut Child) -> Result<Vec<u8>, Failure> {
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // One byte more than allowed shows that it is too much.
        let longest = MAX_REPORT as u64 + 5;
        stdout
            .take(longest)
            .read_to_end(&mut output)
            .await
            .map_err(Failure::Pipe)?;
    }
    if output.len() > MAX_REPORT + 4 {
        return Err(Failure::Report(protocol::ReportError::Length));
    }
    let status = child.wait().await.map_err(Failure::Pipe)?;
    if status.success() {
        Ok(output)
    } else {
        Err(Failure::Died(status))
    }
}
