//! The child process that searches objects by YARA rules; the inspector shows it what it unpacks.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use sofie_yara::protocol::{self, MAX_ANSWER};
use sofie_yara::{Answer, AnswerError, Header, Match, Report, RuleError, RuleSet, Severity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::child::give_way;
use crate::engine::{Capabilities, Class, Descriptor, Scan, Versions};
use crate::text;
use crate::verdict::{
    AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome,
};

/// The id of its rows.
pub const ID: &str = "yara";
/// Bytes of a file that buy one more second of the processor's time.
const BYTES_PER_SECOND: u64 = 16 << 20;

/// The rules that files are searched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yara {
    /// All that are in force.
    pub sets: Vec<RuleSet>,
    /// What tells these rules from others.
    pub version: String,
    /// The largest object that is searched, in bytes.
    pub object_bytes: u64,
    /// How much of the processor's time a small file may take, in seconds.
    pub seconds: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The process could not be started.
    #[error("starting the YARA process")]
    Start(#[source] std::io::Error),
    /// It could not be told the rules or listened to.
    #[error("talking to the YARA process")]
    Pipe(#[source] std::io::Error),
    /// It ended otherwise than with an answer; the kernel ends one that takes too much.
    #[error("the YARA process ended with {0}; it may have needed more time or memory than it gets")]
    Died(ExitStatus),
    /// Its answer is none.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// It was not given all that the inspector saw, or does not say so.
    #[error("the YARA process did not see everything")]
    Partial,
    /// The rules can't be used.
    #[error("the rules can't be compiled: {set} line {line}: {message}", set = .0.set, line = .0.line, message = .0.message)]
    Refused(RuleError),
    /// The time was over.
    #[error("the YARA process did not answer in time")]
    Late,
}

impl Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Start(_) => ErrorKind::Connect,
            Self::Late => ErrorKind::Timeout,
            Self::Died(_) | Self::Pipe(_) => ErrorKind::Crashed,
            Self::Answer(_) | Self::Partial => ErrorKind::Protocol,
            Self::Refused(_) => ErrorKind::EngineInternal,
        }
    }
}

/// A process that knows the rules and waits for objects.
#[derive(Debug)]
pub(super) struct Searching(Child);

impl Searching {
    /// Starts it and tells it the rules; gives what objects are written to.
    pub(super) async fn start(
        program: &Path,
        yara: &Yara,
        size: u64,
    ) -> Result<(Self, ChildStdin), Failure> {
        let header = Header {
            sets: yara.sets.clone(),
            object_bytes: yara.object_bytes,
            seconds: yara.seconds.saturating_add(size / BYTES_PER_SECOND),
        };
        let header = protocol::encode_header(&header).map_err(Failure::Pipe)?;
        let mut child = Command::new(program)
            .arg("yara-scan")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::Start)?;
        let input = child.stdin.take();
        let mut input =
            input.ok_or_else(|| Failure::Pipe(std::io::ErrorKind::BrokenPipe.into()))?;
        // One that ends early has said why, or shows it by how it ends.
        let _ = input.write_all(&header).await;
        Ok((Self(child), input))
    }

    /// Waits for the answer.
    pub(super) async fn answer(mut self) -> Result<Answer, Failure> {
        let pid = self.0.id();
        tokio::select! {
            answer = self.listen() => answer,
            never = give_way(pid) => match never {},
        }
    }

    async fn listen(&mut self) -> Result<Answer, Failure> {
        let mut output = Vec::new();
        if let Some(stdout) = self.0.stdout.take() {
            // One byte more than allowed shows that it is too much.
            stdout
                .take(MAX_ANSWER as u64 + 5)
                .read_to_end(&mut output)
                .await
                .map_err(Failure::Pipe)?;
        }
        if output.len() > MAX_ANSWER + 4 {
            return Err(AnswerError::Length.into());
        }
        let status = self.0.wait().await.map_err(Failure::Pipe)?;
        if !status.success() {
            return Err(Failure::Died(status));
        }
        Ok(protocol::parse_answer(&output)?)
    }
}

/// Compiles rules in a process of their own; gives how many there are, or what is wrong with them.
pub(super) async fn check(
    program: &Path,
    yara: &Yara,
) -> Result<Result<u64, Vec<RuleError>>, Failure> {
    let (searching, mut input) = Searching::start(program, yara, 0).await?;
    let mut last = Vec::new();
    sofie_inspector::shown::Frame::Finish(0)
        .write(&mut last)
        .map_err(Failure::Pipe)?;
    let _ = input.write_all(&last).await;
    drop(input);
    match searching.answer().await? {
        Answer::Searched(report) => Ok(Ok(report.rules)),
        Answer::Refused { errors } => Ok(Err(errors.iter().map(displayable).collect())),
    }
}

/// The child's words are as little trusted as those of other engines.
fn displayable(error: &RuleError) -> RuleError {
    RuleError {
        set: text::displayable(&error.set, 100),
        line: error.line,
        message: text::displayable(&error.message, 500),
    }
}

/// The engine, for the engine table.
pub(super) fn descriptor() -> Descriptor {
    Descriptor {
        id: ID.to_owned(),
        name: "YARA rules".to_owned(),
        class: Class::Internal,
        capabilities: Capabilities {
            reports_encrypted: false,
            reports_limits: true,
            reports_macros: false,
            exports_content: false,
        },
        largest_file: None,
        most_at_once: 1,
        seconds: 60,
    }
}

/// The row of a search; `inspected` is how many objects the inspector showed, and how much of them could be read.
pub(super) fn row(
    scan: &Scan,
    yara: &Yara,
    answer: Result<Answer, Failure>,
    inspected: Option<(u32, Coverage)>,
) -> EngineReport {
    let row = match searched(scan, answer, inspected) {
        Ok((report, sent, coverage)) => {
            let findings = findings(&report);
            if findings.is_empty() {
                EngineReport::clean(ID, scan, sent, coverage)
            } else {
                EngineReport::found(ID, scan, findings, report.file_bytes)
            }
        }
        Err(failure) => EngineReport::failed(ID, scan, failure.kind(), &failure.to_string()),
    };
    row.with_versions(Versions {
        program: Some(env!("CARGO_PKG_VERSION").to_owned()),
        signatures: Some(yara.version.clone()),
        signatures_time: None,
    })
}

/// The report, if it is about all that the inspector saw.
fn searched(
    scan: &Scan,
    answer: Result<Answer, Failure>,
    inspected: Option<(u32, Coverage)>,
) -> Result<(Report, AllBytesSent, Coverage), Failure> {
    let report = match answer? {
        Answer::Searched(report) => report,
        Answer::Refused { errors } => {
            let first = errors.first().map(displayable);
            return Err(first.map_or(Failure::Partial, Failure::Refused));
        }
    };
    let (shown, coverage) = inspected.ok_or(Failure::Partial)?;
    let sent = AllBytesSent::check(scan, report.file_bytes).ok_or(Failure::Partial)?;
    if report.objects != shown || shown == 0 {
        return Err(Failure::Partial);
    }
    Ok((report, sent, coverage))
}

fn findings(report: &Report) -> Vec<Finding> {
    let too_large = report.too_large.iter().map(|path| Finding {
        outcome: Outcome::Incomplete {
            limit: LimitKind::ScanSize,
        },
        name: "yara-object-too-large".to_owned(),
        object: Some(text::displayable(path, 2000)),
        detail: String::new(),
        report: None,
    });
    report.matches.iter().map(found).chain(too_large).collect()
}

fn found(found: &Match) -> Finding {
    let suspicious = |level| Outcome::Suspicious { level };
    Finding {
        outcome: match found.severity {
            Severity::Infected => Outcome::Infected,
            Severity::High => suspicious(Level::High),
            Severity::Medium => suspicious(Level::Medium),
            Severity::Low => suspicious(Level::Low),
        },
        name: text::displayable(&format!("{}:{}", found.set, found.rule), 200),
        object: Some(text::displayable(&found.object, 2000)),
        detail: text::displayable(&found.description, 500),
        report: None,
    }
}
