//! What engines say.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::{Scan, Versions};
use crate::text;
use crate::ticket::Ticket;

/// What one engine says of one file, or of one object in it.
///
/// There is no default. In this crate only `EngineReport::clean` makes the first variant, from
/// proof that every byte was given. Match it without a wildcard: no new outcome may fall
/// through to *clean*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was found.
    Clean {
        /// How much was really looked at.
        coverage: Coverage,
    },
    /// Known bad.
    Infected,
    /// Bad with some likelihood.
    Suspicious {
        /// With how much.
        level: Level,
    },
    /// Can't be read without a password.
    Encrypted,
    /// A limit was reached: part of the content was not examined.
    Incomplete {
        /// Which limit.
        limit: LimitKind,
    },
    /// The engine was not shown the file, by its own rules, or has no opinion.
    Skipped {
        /// Why.
        reason: Skip,
    },
    /// The engine does not handle this kind of content, or the content is damaged.
    Unsupported,
    /// Not malicious as such; a policy may forbid it.
    PolicyHit {
        /// What kind of rule it may break.
        category: Category,
    },
    /// There is no answer.
    Error {
        /// Why not.
        kind: ErrorKind,
        /// Whether the same question may get an answer later.
        retryable: bool,
    },
}

impl Outcome {
    /// The stable name, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Clean { .. } => "clean",
            Self::Infected => "infected",
            Self::Suspicious { .. } => "suspicious",
            Self::Encrypted => "encrypted",
            Self::Incomplete { .. } => "incomplete",
            Self::Skipped { .. } => "skipped",
            Self::Unsupported => "unsupported",
            Self::PolicyHit { .. } => "policy_hit",
            Self::Error { .. } => "error",
        }
    }

    /// The place in the order from harmless to harmful, for choosing an engine's headline.
    /// What a policy makes of it is the policy's affair.
    pub const fn severity(&self) -> u8 {
        match self {
            Self::Clean { .. } => 0,
            Self::Skipped { .. } => 1,
            Self::Suspicious { level: Level::Low } => 2,
            Self::PolicyHit { .. } => 3,
            Self::Suspicious {
                level: Level::Medium,
            } => 4,
            Self::Unsupported => 5,
            Self::Incomplete { .. } => 6,
            Self::Encrypted => 7,
            Self::Error { .. } => 8,
            Self::Suspicious { level: Level::High } => 9,
            Self::Infected => 10,
        }
    }
}

/// How much of the content a clean verdict speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All of it, to the bottom of every container.
    Full,
    /// The engine can't tell; its limits may have been reached in silence.
    Assumed,
    /// All of it on the surface; some formats' inner streams were not unpacked.
    Partial,
}

/// Why an engine says nothing of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It is larger than those that the engine is shown.
    Size,
    /// It is of a type that the engine is not shown.
    Type,
    /// The engine knows nothing of it, neither good nor bad.
    NoOpinion,
    /// What engines of an earlier stage found is enough.
    Decided,
    /// Nothing is looked for.
    Off,
}

/// How likely something is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Low,
    Medium,
    High,
}

/// Limits that an engine may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Size of the file.
    FileSize,
    /// Bytes examined, containers included.
    ScanSize,
    /// Containers within containers.
    Recursion,
    /// Number of members.
    Members,
    /// Unpacked bytes per byte of the file.
    Ratio,
    /// Time.
    Time,
    /// Another limit of the engine.
    Engine,
}

/// Kinds of rules that a policy may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Office macros.
    Macro,
    /// Sensitive data.
    Dlp,
    /// Risky kind of file.
    FileType,
    /// The content is not what the name says.
    TypeMismatch,
    /// The name is made to mislead.
    DeceptiveName,
    /// Content that acts when it is opened.
    ActiveContent,
    /// Two formats in one file.
    Polyglot,
    /// Potentially unwanted program.
    Pua,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The engine can't be reached.
    Connect,
    /// The engine did not answer, or did not take the content, in time.
    Timeout,
    /// The answer is not one.
    Protocol,
    /// The engine says that it failed.
    EngineInternal,
    /// The engine died over this file.
    Crashed,
    /// The file itself could not be read to its end.
    Source,
    /// The caller gave up.
    Cancelled,
    /// The engine is set up wrongly.
    Config,
    /// The engine does not know us.
    Auth,
    /// The engine has no licence, or no signatures.
    License,
    /// The engine has too much to do.
    Overload,
    /// The engine works on it, and is asked again later.
    Pending,
}

impl ErrorKind {
    /// Whether the same question may get an answer later.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Connect
            | Self::Timeout
            | Self::Protocol
            | Self::EngineInternal
            | Self::Source
            | Self::Overload
            | Self::Auth
            | Self::License
            | Self::Cancelled
            | Self::Pending => true,
            // The same file would kill it again.
            Self::Crashed | Self::Config => false,
        }
    }
}

/// One thing that an engine found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it means.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The engine's name for it, or a stable code of ours.
    pub name: String,
    /// The object inside the file, where the engine tells.
    pub object: Option<String>,
    /// More words for people, made safe to display; may be empty.
    pub detail: String,
    /// Where the engine's own report is: an address that begins with `https://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

impl Finding {
    /// A finding about the file as a whole.
    pub fn new(outcome: Outcome, name: &str) -> Self {
        Self {
            outcome,
            name: text::displayable(name, 200),
            object: None,
            detail: String::new(),
            report: None,
        }
    }
}

/// One engine's row for one file. Made only by this crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EngineReport {
    /// Which engine.
    pub engine: String,
    /// The headline: the most severe of the findings, or clean, or an error.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Everything found; empty when clean.
    pub findings: Vec<Finding>,
    /// What spoke.
    pub versions: Versions,
    /// Content bytes that the engine was given.
    pub bytes_sent: u64,
    /// When the engine was asked.
    pub started: DateTime<Utc>,
    /// When it had answered.
    pub finished: DateTime<Utc>,
    /// The engine's own words, made safe to display, at most 16 KiB.
    pub raw_reply: Option<String>,
    /// What the engine calls the file that it works on, if that has changed.
    pub ticket: Option<Ticket>,
}

/// The proof that an engine was given a whole file, without which it can't call it clean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AllBytesSent(u64);

impl AllBytesSent {
    /// Proof that `sent` is the file's size.
    pub(crate) fn check(scan: &Scan, sent: u64) -> Option<Self> {
        (sent == scan.meta.size).then_some(Self(sent))
    }

    /// Proof that an answer is about exactly this content: the engine was asked by its SHA-256, or was given all of it
    /// earlier.
    pub(crate) fn known(scan: &Scan) -> Self {
        Self(scan.meta.size)
    }
}

impl EngineReport {
    /// Nothing found in the whole file.
    pub(crate) fn clean(engine: &str, scan: &Scan, sent: AllBytesSent, coverage: Coverage) -> Self {
        Self::row(
            engine,
            scan,
            Outcome::Clean { coverage },
            Vec::new(),
            sent.0,
        )
    }

    /// Not looked at, or no opinion.
    pub(crate) fn skipped(engine: &str, scan: &Scan, reason: Skip) -> Self {
        Self::row(engine, scan, Outcome::Skipped { reason }, Vec::new(), 0)
    }

    /// Not asked, since an earlier stage has decided.
    pub fn spared(engine: &str, scan: &Scan) -> Self {
        Self::skipped(engine, scan, Skip::Decided)
    }

    /// Something found; with no findings it is an error, not clean.
    pub(crate) fn found(engine: &str, scan: &Scan, findings: Vec<Finding>, sent: u64) -> Self {
        let worst = findings
            .iter()
            .map(|finding| finding.outcome)
            .max_by_key(Outcome::severity);
        let nothing = Outcome::Error {
            kind: ErrorKind::Protocol,
            retryable: true,
        };
        Self::row(engine, scan, worst.unwrap_or(nothing), findings, sent)
    }

    /// No answer.
    pub(crate) fn failed(engine: &str, scan: &Scan, kind: ErrorKind, detail: &str) -> Self {
        let outcome = Outcome::Error {
            kind,
            retryable: kind.is_retryable(),
        };
        let finding = Finding {
            outcome,
            name: "engine-error".to_owned(),
            object: None,
            detail: text::displayable(detail, 500),
            report: None,
        };
        Self::row(engine, scan, outcome, vec![finding], 0)
    }

    /// It works on it, under this name.
    pub(crate) fn pending(engine: &str, scan: &Scan, ticket: Option<Ticket>) -> Self {
        let row = Self::failed(engine, scan, ErrorKind::Pending, "it works on it");
        Self { ticket, ..row }
    }

    pub(crate) fn with_versions(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }

    /// The versions that were asked for before, unless the answer itself told.
    pub(crate) fn or_versions(mut self, versions: Versions) -> Self {
        let told = std::mem::take(&mut self.versions);
        self.versions = Versions {
            program: told.program.or(versions.program),
            signatures: told.signatures.or(versions.signatures),
            signatures_time: told.signatures_time.or(versions.signatures_time),
        };
        self
    }

    pub(crate) fn with_bytes_sent(self, bytes_sent: u64) -> Self {
        Self { bytes_sent, ..self }
    }

    pub(crate) fn with_raw_reply(self, reply: &[u8]) -> Self {
        Self {
            raw_reply: Some(text::displayable_bytes(reply, 16 << 10)),
            ..self
        }
    }

    /// How long the engine took.
    pub fn took(&self) -> Duration {
        (self.finished - self.started).to_std().unwrap_or_default()
    }

    fn row(engine: &str, scan: &Scan, outcome: Outcome, findings: Vec<Finding>, sent: u64) -> Self {
        Self {
            engine: engine.to_owned(),
            outcome,
            findings,
            versions: Versions::default(),
            bytes_sent: sent,
            started: scan.now,
            finished: scan.time(),
            raw_reply: None,
            ticket: None,
        }
    }
}
