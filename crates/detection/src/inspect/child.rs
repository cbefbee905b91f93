//! The child process: started, fed, listened to.

use std::convert::Infallible;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::process::{Pid, setpriority_process};
use sofie_inspector::protocol::{self, END, Header, MAX_DATA_FRAME};
use sofie_inspector::{Dlp, Limits, Object, Passwords, Report};
use sofie_yara::RuleError;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{OnceCell, Semaphore};

use crate::body::{Body, Broken};
use crate::engine::Scan;
use crate::self_test::{self, SelfTest};
use crate::verdict::{EngineReport, ErrorKind};

use super::listen::listen;
use super::program::Programs;
use super::rows;
use super::yara::{self, Searching, Yara};

/// What most files are done in. A file that takes longer gives way on the processor to those that do not.
const BRIEFLY: Duration = Duration::from_millis(100);
/// How much the child may be behind, in bytes: the kernel's 64 KiB make both wake up for every few pages. What an
/// unprivileged process may have (/proc/sys/fs/pipe-max-size).
const PIPE: usize = 1 << 20;
/// How far it gives way, in steps of `nice`.
const GIVES_WAY: i32 = 15;

/// Looks inside files in a jailed child process, one per file.
#[derive(Debug)]
pub struct Inspector {
    programs: Programs,
    limits: Limits,
    at_once: Semaphore,
    fingerprint: OnceCell<[u8; 32]>,
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
    /// Whether content was opened with a password that was given.
    pub opened_with_password: bool,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
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
    /// An inspector that runs `programs`, for at most `at_once` files at a time.
    pub fn new(programs: impl Into<Programs>, limits: Limits, at_once: usize) -> Self {
        Self {
            programs: programs.into(),
            limits,
            at_once: Semaphore::new(at_once.max(1)),
            fingerprint: OnceCell::new(),
        }
    }

    /// Reads the programs, so that their fingerprint is known.
    pub async fn identify(&self) -> std::io::Result<()> {
        let read = || self.programs.fingerprint();
        self.fingerprint.get_or_try_init(read).await.map(drop)
    }

    /// What tells the programs from any other build; nothing before they were identified.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.fingerprint.get().copied()
    }

    /// Looks inside one file. Whatever goes wrong is an error row of every internal engine; what goes wrong with
    /// the search by rules only, an error row of that engine.
    pub async fn inspect(&self, scan: &Scan, body: Body) -> Inspection {
        let turn = async {
            let turn = self.at_once.acquire().await;
            turn.map_err(|_| Failure::Cancelled)
        };
        let turn = limited(scan, turn).await;
        let Some(rules) = scan.yara.as_deref() else {
            let ended = match turn {
                Ok(_turn) => limited(scan, self.run(scan, body, None)).await,
                Err(failure) => Err(failure),
            };
            return inspection(scan, ended);
        };
        let _turn = match turn {
            Ok(turn) => turn,
            Err(failure) => {
                let row = yara::row(scan, rules, Err(yara::Failure::Late), None);
                let mut inspection = inspection(scan, Err(failure));
                inspection.reports.push(row);
                return inspection;
            }
        };
        let started = Searching::start(&self.programs.yara, rules, scan.meta.size).await;
        let (searching, objects) = match started {
            Ok((searching, objects)) => (Ok(searching), Some(objects)),
            Err(failure) => (Err(failure), None),
        };
        let searched = async {
            let answer = tokio::time::timeout_at(scan.deadline, searching?.answer()).await;
            answer.unwrap_or(Err(yara::Failure::Late))
        };
        let inspected = limited(scan, self.run(scan, body, objects));
        let (inspected, searched) = tokio::join!(inspected, searched);
        let seen = inspected.as_ref().ok();
        let seen = seen.map(|report| (report.objects_shown, rows::coverage(report)));
        let row = yara::row(scan, rules, searched, seen);
        let mut inspection = inspection(scan, inspected);
        inspection.reports.push(row);
        inspection
    }

    /// Compiles rules without a file; gives how many there are, or what is wrong with them.
    ///
    /// # Errors
    /// When the compiler itself fails, such as by taking too long.
    pub async fn check_rules(
        &self,
        rules: &Yara,
    ) -> Result<Result<u64, Vec<RuleError>>, yara::Failure> {
        let longest = Duration::from_secs(rules.seconds.saturating_add(30));
        let checked = tokio::time::timeout(longest, yara::check(&self.programs.yara, rules)).await;
        checked.unwrap_or(Err(yara::Failure::Late))
    }

    /// Proves that the inspector can be started and knows the test files. `now` stamps the result.
    pub async fn self_test(&self, now: DateTime<Utc>) -> SelfTest {
        self_test::known_files_inside(self, now).await
    }

    /// Proves that the rules can be used and that objects get to them.
    pub async fn rules_self_test(&self, rules: &Yara, now: DateTime<Utc>) -> SelfTest {
        self_test::known_files_by_rules(self, rules, now).await
    }

    async fn run(
        &self,
        scan: &Scan,
        body: Body,
        objects: Option<ChildStdin>,
    ) -> Result<Report, Failure> {
        let shows = objects.is_some();
        let mut child = self.start(objects).map_err(Failure::Start)?;
        let pid = child.id();
        tokio::select! {
            report = self.converse(scan, body, (&mut child, shows)) => report,
            never = give_way(pid) => match never {},
        }
    }

    /// Feeds the child and listens to it.
    async fn converse(
        &self,
        scan: &Scan,
        body: Body,
        (child, shows): (&mut Child, bool),
    ) -> Result<Report, Failure> {
        let fed = match child.stdin.take() {
            Some(input) => self.feed(scan, body, (input, shows)).await,
            None => Err(Failure::Start(std::io::ErrorKind::BrokenPipe.into())),
        };
        let (input, fault) = match fed {
            // Who wants nothing again hears that there is nothing more.
            Ok(input) => (Some(input).filter(|_| scan.again.is_there()), None),
            // A child that stopped listening died: how it ended says more than the broken pipe.
            Err(failure @ Failure::Pipe(_)) => (None, Some(failure)),
            Err(failure) => return Err(failure),
        };
        let output = listen(child, input, scan).await?;
        fault.map_or(Ok(()), Err)?;
        protocol::parse_report(&output, scan.meta.size).map_err(Failure::Report)
    }

    /// Starts the child, which shows `objects` to the other one.
    fn start(&self, objects: Option<ChildStdin>) -> std::io::Result<Child> {
        let objects = match objects {
            Some(objects) => Stdio::from(objects.into_owned_fd()?),
            None => Stdio::null(),
        };
        let child = Command::new(&self.programs.inspect)
            .arg("inspect")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(objects)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(input) = &child.stdin {
            // Without it, it is only slower.
            let _ = rustix::pipe::fcntl_setpipe_size(input, PIPE);
        }
        Ok(child)
    }

    /// Tells the child what it must know; the copies of passwords are gone afterwards.
    async fn greet(&self, scan: &Scan, input: &mut ChildStdin, shows: bool) -> Result<(), Failure> {
        let header = Header {
            name: scan.meta.name.clone(),
            size: scan.meta.size,
            limits: self.limits,
            dlp: Dlp::clone(&scan.dlp),
            passwords: Passwords::clone(&scan.passwords),
            shows,
            again: scan.again.is_there(),
        };
        let frame = protocol::encode_header(&header).map_err(Failure::Pipe)?;
        input.write_all(&frame).await.map_err(Failure::Pipe)
    }

    async fn feed(
        &self,
        scan: &Scan,
        mut body: Body,
        (mut input, shows): (ChildStdin, bool),
    ) -> Result<ChildStdin, Failure> {
        self.greet(scan, &mut input, shows).await?;
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
        Ok(input)
    }
}

/// Lowers the priority of a child that is still there after a while; never ends.
pub(super) async fn give_way(pid: Option<u32>) -> Infallible {
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

fn inspection(scan: &Scan, ended: Result<Report, Failure>) -> Inspection {
    match ended {
        Ok(report) => rows::answer(scan, report),
        Err(failure) => rows::failed(scan, failure.kind(), &failure.to_string()),
    }
}

/// Ends a step at the deadline or when nobody wants it any more.
async fn limited<T>(
    scan: &Scan,
    run: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        ended = tokio::time::timeout_at(scan.deadline, run) => ended.unwrap_or(Err(Failure::Late)),
        () = scan.cancel.cancelled() => Err(Failure::Cancelled),
    }
}
