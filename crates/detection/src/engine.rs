//! What an engine is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_inspector::{Dlp, Passwords};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::again::Again;
use crate::body::Body;
use crate::inspect::Yara;
use crate::self_test::SelfTest;
use crate::ticket::Ticket;
use crate::verdict::EngineReport;

/// An engine that looks at whole files.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Who it is and what it can do.
    fn descriptor(&self) -> &Descriptor;

    /// How busy it is at present.
    fn load(&self) -> Load {
        Load::default()
    }

    /// Waits until it takes one more file; the turn is over when the value goes.
    async fn turn(&self) -> Turn {
        Turn::of(None)
    }

    /// Asks the engine for its versions. Never fails: not answering is a status.
    async fn status(&self) -> EngineStatus;

    /// Proves that the engine finds the EICAR test file and passes a clean one, and learns
    /// what it leaves out in silence. `now` stamps the result.
    async fn self_test(&self, now: DateTime<Utc>) -> SelfTest;

    /// Whether it may take minutes, and is asked again later by a ticket.
    fn answers_later(&self) -> bool {
        false
    }

    /// Whether what it says may depend on a file's name.
    fn name_matters(&self) -> bool {
        true
    }

    /// Looks at one file. Ends by `scan.deadline` or when `scan.cancel` fires, whatever the
    /// engine behind does; clean only when every byte was given and the answer is well formed.
    async fn scan(&self, scan: &Scan, body: Body) -> EngineReport;
}

/// Who an engine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Stable and unique among the configured engines.
    pub id: String,
    /// For people.
    pub name: String,
    /// What kind of engine it is.
    pub class: Class,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Largest file it is given, in bytes; larger ones are *incomplete*.
    pub largest_file: Option<u64>,
    /// How many files it is given at once.
    pub most_at_once: u16,
    /// How long it may take for a small file, in seconds.
    pub seconds: u32,
}

/// Kinds of engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Part of this product.
    Internal,
    /// Knows files by their hashes, or tells what others found.
    Reputation,
    /// Signatures and heuristics.
    Antivirus,
    /// Runs files and watches them.
    Sandbox,
}

impl Class {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Reputation => "reputation",
            Self::Antivirus => "antivirus",
            Self::Sandbox => "sandbox",
        }
    }
}

/// How busy an engine is, as far as this process goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Files that it looks at.
    pub busy: usize,
    /// Files that wait for their turn.
    pub waiting: usize,
}

/// The right to show an engine one file.
#[derive(Debug)]
pub struct Turn(Option<OwnedSemaphorePermit>);

impl Turn {
    /// A turn that ends with the permit, or one that nobody counts.
    pub(crate) fn of(permit: Option<OwnedSemaphorePermit>) -> Self {
        Self(permit)
    }

    /// Whether it is counted.
    pub fn is_counted(&self) -> bool {
        self.0.is_some()
    }
}

/// What an engine can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent yes and no"
)]
pub struct Capabilities {
    /// Says when it could not read encrypted content.
    pub reports_encrypted: bool,
    /// Says when a limit stopped it.
    pub reports_limits: bool,
    /// Says when it saw a macro.
    pub reports_macros: bool,
    /// Sends content out of the house.
    pub exports_content: bool,
}

/// The versions that a verdict was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Of the program.
    pub program: Option<String>,
    /// Of the signatures.
    pub signatures: Option<String>,
    /// When the signatures were made, as far as the engine tells.
    pub signatures_time: Option<DateTime<Utc>>,
}

/// Whether an engine is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineStatus {
    /// It answered just now.
    pub reachable: bool,
    /// What it said it is.
    pub versions: Versions,
    /// Why it can't be reached, or the last thing that went wrong.
    pub last_error: Option<String>,
}

/// What an engine is told of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta {
    /// The name the sender gave it.
    pub name: String,
    /// Its size in bytes; another number of bytes is an error.
    pub size: u64,
}

/// One file's turn at one engine.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The file.
    pub meta: FileMeta,
    /// The wall clock when the turn began.
    pub now: DateTime<Utc>,
    /// When it must be over.
    pub deadline: Instant,
    /// Ends it at once.
    pub cancel: CancellationToken,
    /// Which sensitive data the inspector looks for.
    pub dlp: Arc<Dlp>,
    /// What the inspector tries on encrypted content.
    pub passwords: Arc<Passwords>,
    /// By which rules objects are searched, if there are any.
    pub yara: Option<Arc<Yara>>,
    /// SHA-256 of the file in hexadecimal, if it is known beforehand.
    pub sha256: Option<String>,
    /// What engines that take minutes remember of the file.
    pub tickets: Arc<BTreeMap<String, Ticket>>,
    /// Where parts of the content can be had once more.
    pub again: Again,
    /// The content is not at hand: engines that take minutes are only asked after the file.
    pub without_content: bool,
    begun: Instant,
    longest: Duration,
}

impl Scan {
    /// A turn that begins `now` and may take `time`.
    pub fn new(
        meta: FileMeta,
        now: DateTime<Utc>,
        time: Duration,
        cancel: CancellationToken,
    ) -> Self {
        let begun = Instant::now();
        Self {
            meta,
            now,
            deadline: begun + time,
            cancel,
            dlp: Arc::default(),
            passwords: Arc::default(),
            yara: None,
            sha256: None,
            tickets: Arc::default(),
            again: Again::default(),
            without_content: false,
            begun,
            longest: time,
        }
    }

    /// The same turn, begun only now: waiting for it takes nothing of its time.
    pub(crate) fn begin(&self) -> Self {
        let fresh = Self::new(
            self.meta.clone(),
            self.time(),
            self.longest,
            self.cancel.clone(),
        );
        Self {
            now: fresh.now,
            deadline: fresh.deadline,
            begun: fresh.begun,
            ..self.clone()
        }
    }

    /// The same turn, about a file whose SHA-256 is known.
    #[must_use]
    pub fn with_sha256(self, sha256: Option<String>) -> Self {
        Self { sha256, ..self }
    }

    /// The same turn, about a file that engines were given earlier.
    #[must_use]
    pub fn with_tickets(self, tickets: Arc<BTreeMap<String, Ticket>>) -> Self {
        Self { tickets, ..self }
    }

    /// The same turn, in which engines that take minutes are asked after the file without being given it.
    #[must_use]
    pub fn without_content(self, tickets: Arc<BTreeMap<String, Ticket>>) -> Self {
        Self {
            tickets,
            without_content: true,
            ..self
        }
    }

    /// The same turn, about content of which parts can be had once more.
    #[must_use]
    pub fn with_again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    /// The same turn, in which objects are also searched by these rules.
    #[must_use]
    pub fn with_yara(self, yara: Option<Arc<Yara>>) -> Self {
        Self { yara, ..self }
    }

    /// The same turn, in which the inspector also looks for this sensitive data.
    #[must_use]
    pub fn with_dlp(self, dlp: Arc<Dlp>) -> Self {
        Self { dlp, ..self }
    }

    /// The same turn, in which the inspector also tries these passwords.
    #[must_use]
    pub fn with_passwords(self, passwords: Arc<Passwords>) -> Self {
        Self { passwords, ..self }
    }

    /// The wall clock now, by the time that has passed since the beginning.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.now + self.begun.elapsed()
    }
}
