//! Proof that an engine works, by files whose verdict is known.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_inspector::{Detector, Dlp};
use sofie_yara::RuleSet;
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::engine::{Class, Engine, FileMeta, Scan, Versions};
use crate::inspect::{Inspector, Yara};
use crate::probes;
use crate::runtime::Runtime;
use crate::verdict::{EngineReport, Outcome};

/// How long an engine may take for one known file.
const TIME: Duration = Duration::from_secs(30);
/// What nobody finds anything in.
const CLEAN: &[u8] = b"A clean file for the self-test.\n";

/// What a self-test showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The EICAR test file was called infected.
    pub finds_eicar: bool,
    /// A clean file was called clean.
    pub passes_clean: bool,
    /// No file was shown to it, only that it answers: files would take it minutes.
    pub reached_only: bool,
    /// What it did not call clean though it might have.
    pub noticed: Vec<Canary>,
    /// What it called clean.
    pub missed: Vec<Canary>,
    /// What spoke.
    pub versions: Versions,
    /// Why it failed, when it did.
    pub error: Option<String>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

impl SelfTest {
    /// Whether the engine may be relied on.
    pub fn passed(&self) -> bool {
        self.finds_eicar && self.passes_clean
    }
}

/// A file that an attentive engine does not call clean.
///
/// Engines differ in what they notice, and what one does not, another must. But what an engine noticed once it
/// notices for good: who does not any more has lost something, and is not to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canary {
    /// The test file in a ZIP archive.
    EicarInZip,
    /// The test file in a 7z archive.
    EicarIn7z,
    /// The test file in archives within archives.
    EicarNested,
    /// A ZIP archive behind other content, with the test file.
    Polyglot,
    /// An encrypted archive.
    EncryptedArchive,
    /// An encrypted Office document.
    EncryptedOffice,
    /// More levels of archives than engines open.
    TooDeep,
    /// An archive with the test file that is larger than what some engines look into, though they are given such files.
    TooLarge,
}

impl Canary {
    /// Every canary.
    pub const ALL: [Self; 8] = [
        Self::EicarInZip,
        Self::EicarIn7z,
        Self::EicarNested,
        Self::Polyglot,
        Self::EncryptedArchive,
        Self::EncryptedOffice,
        Self::TooDeep,
        Self::TooLarge,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EicarInZip => "eicar_zip",
            Self::EicarIn7z => "eicar_7z",
            Self::EicarNested => "eicar_nested",
            Self::Polyglot => "polyglot",
            Self::EncryptedArchive => "encrypted",
            Self::EncryptedOffice => "encrypted_office",
            Self::TooDeep => "limits",
            Self::TooLarge => "size",
        }
    }

    /// A name and content; nothing of it is larger than `largest`.
    fn file(self, largest: u64) -> (&'static str, Vec<u8>) {
        let eicar = sofie_inspector::eicar();
        match self {
            Self::EicarInZip => ("canary.zip", probes::zip("eicar.com", &eicar)),
            Self::EicarIn7z => ("canary.7z", probes::seven_zip("eicar.com", &eicar)),
            Self::EicarNested => ("nested.zip", probes::nested_zip(&eicar, 3)),
            Self::Polyglot => ("picture.gif", probes::behind_a_picture(&eicar)),
            Self::EncryptedArchive => ("encrypted.zip", probes::encrypted_zip()),
            Self::EncryptedOffice => ("encrypted.docx", probes::encrypted_office()),
            Self::TooDeep => ("deep.zip", probes::nested_zip(b"at the bottom\n", 24)),
            Self::TooLarge => ("large.zip", probes::large_zip(&eicar, largest)),
        }
    }
}

/// Lets an engine look at the EICAR test file and at a clean file, and finds out what it is silent about.
pub(crate) async fn of(engine: &Runtime, now: DateTime<Utc>) -> SelfTest {
    if engine.answers_later() {
        return reached(engine, now).await;
    }
    let eicar = ask(engine, now, "eicar.com", &sofie_inspector::eicar()).await;
    let finds_eicar = eicar.outcome == Outcome::Infected;
    if let Outcome::Error { .. } = eicar.outcome {
        // It has said why; another file would only take its time again.
        return SelfTest {
            finds_eicar,
            passes_clean: false,
            reached_only: false,
            noticed: Vec::new(),
            missed: Vec::new(),
            error: explain(&eicar, false),
            versions: eicar.versions,
            at: now,
        };
    }
    let clean = ask(engine, now, "clean.txt", CLEAN).await;
    let passes_clean = match clean.outcome {
        Outcome::Clean { .. } => true,
        // What knows files by name only has no opinion of this one.
        Outcome::Skipped { .. } => engine.descriptor().class == Class::Reputation,
        _ => false,
    };
    let (mut noticed, mut missed) = (Vec::new(), Vec::new());
    // What has no opinion of a clean file has none of these, and its answers may be counted.
    if finds_eicar && matches!(clean.outcome, Outcome::Clean { .. }) {
        let largest = engine.descriptor().largest_file.unwrap_or(u64::MAX);
        for canary in Canary::ALL {
            let (name, content) = canary.file(largest);
            match ask(engine, now, name, &content).await.outcome {
                Outcome::Clean { .. } => missed.push(canary),
                // No answer is neither, and is told where files wait for it.
                Outcome::Error { .. } | Outcome::Skipped { .. } => {}
                _ => noticed.push(canary),
            }
        }
    }
    SelfTest {
        finds_eicar,
        passes_clean,
        reached_only: false,
        noticed,
        missed,
        error: explain(&eicar, finds_eicar).or_else(|| explain(&clean, passes_clean)),
        versions: clean.versions,
        at: now,
    }
}

/// An engine that takes minutes for a file can't be shown one now: that it lets us in and answers must do.
async fn reached(engine: &Runtime, now: DateTime<Utc>) -> SelfTest {
    let status = engine.status().await;
    SelfTest {
        finds_eicar: status.reachable,
        passes_clean: status.reachable,
        reached_only: true,
        noticed: Vec::new(),
        missed: Vec::new(),
        error: status.last_error,
        versions: status.versions,
        at: now,
    }
}

/// What the inspector says of each canary that it is shown, other engines apart; of size it has no opinion, and
/// deep archives are the corpus's matter.
const INSIDE: [(Canary, Outcome); 6] = [
    (Canary::EicarInZip, Outcome::Infected),
    (Canary::EicarIn7z, Outcome::Infected),
    (Canary::EicarNested, Outcome::Infected),
    (Canary::Polyglot, Outcome::Infected),
    (Canary::EncryptedArchive, Outcome::Encrypted),
    (Canary::EncryptedOffice, Outcome::Encrypted),
];

/// Lets the inspector look at the EICAR test file, a clean file and the canaries, of which it may miss none.
pub(crate) async fn known_files_inside(inspector: &Inspector, now: DateTime<Utc>) -> SelfTest {
    let eicar = look(inspector, now, "eicar.com", &sofie_inspector::eicar()).await;
    let clean = look(inspector, now, "clean.txt", CLEAN).await;
    let says = |rows: &[EngineReport], outcome| rows.iter().any(|row| row.outcome == outcome);
    let finds_eicar = says(&eicar, Outcome::Infected);
    let unclean = clean
        .iter()
        .find(|row| !matches!(row.outcome, Outcome::Clean { .. }));
    let (mut noticed, mut missed) = (Vec::new(), Vec::new());
    // Who can't tell the test file from a clean one would only take its time.
    if finds_eicar && unclean.is_none() {
        for (canary, outcome) in INSIDE {
            let (name, content) = canary.file(u64::MAX);
            if says(&look(inspector, now, name, &content).await, outcome) {
                noticed.push(canary);
            } else {
                missed.push(canary);
            }
        }
    }
    let overlooks = missed
        .first()
        .map(|canary| format!("it overlooks {}", canary.as_str()));
    SelfTest {
        finds_eicar: finds_eicar && missed.is_empty(),
        passes_clean: unclean.is_none(),
        reached_only: false,
        noticed,
        missed,
        error: unclean
            .and_then(|row| explain(row, false))
            .or_else(|| (!finds_eicar).then(|| "the test file was not found".to_owned()))
            .or(overlooks),
        versions: clean
            .first()
            .map(|row| row.versions.clone())
            .unwrap_or_default(),
        at: now,
    }
}

/// A rule that finds the test file.
const TEST_RULE: &str = r#"rule test_file { meta: severity = "infected"
    strings: $a = "EICAR-STANDARD-ANTIVIRUS-TEST-" condition: $a }"#;

/// Lets the rules in force, and one that is known, search the EICAR test file and a clean file.
pub(crate) async fn known_files_by_rules(
    inspector: &Inspector,
    yara: &Yara,
    now: DateTime<Utc>,
) -> SelfTest {
    let mut rules = yara.clone();
    rules.sets.push(RuleSet {
        // No set can be called so.
        name: "self test".to_owned(),
        source: TEST_RULE.to_owned(),
    });
    let rules = Arc::new(rules);
    let row = async |name: &str, content: &[u8]| {
        let scan = known(now, name, content).with_yara(Some(Arc::clone(&rules)));
        let mut rows = inspector.inspect(&scan, Body::of(content)).await.reports;
        rows.pop()
    };
    let eicar = row("eicar.com", &sofie_inspector::eicar()).await;
    let clean = row("clean.txt", CLEAN).await;
    let answered = |row: &Option<EngineReport>, wanted: fn(&Outcome) -> bool| {
        row.as_ref().is_some_and(|row| wanted(&row.outcome))
    };
    let finds_eicar = answered(&eicar, |outcome| *outcome == Outcome::Infected);
    // What rules say of a clean file is their authors' affair.
    let passes_clean = answered(&clean, |outcome| !matches!(outcome, Outcome::Error { .. }));
    let explained = |row: &Option<EngineReport>, expected| explain(row.as_ref()?, expected);
    let error = explained(&eicar, finds_eicar).or_else(|| explained(&clean, passes_clean));
    SelfTest {
        finds_eicar,
        passes_clean,
        reached_only: false,
        noticed: Vec::new(),
        missed: Vec::new(),
        error,
        versions: clean.map(|row| row.versions).unwrap_or_default(),
        at: now,
    }
}

async fn look(
    inspector: &Inspector,
    now: DateTime<Utc>,
    name: &str,
    content: &[u8],
) -> Vec<EngineReport> {
    // Something is looked for, so that every internal engine has to speak.
    let dlp = Dlp::parse(&[Detector::Card.id().to_owned()], &[]).unwrap_or_default();
    let scan = known(now, name, content).with_dlp(Arc::new(dlp));
    inspector.inspect(&scan, Body::of(content)).await.reports
}

async fn ask(engine: &Runtime, now: DateTime<Utc>, name: &str, content: &[u8]) -> EngineReport {
    engine
        .look(&known(now, name, content), Body::of(content))
        .await
}

fn known(now: DateTime<Utc>, name: &str, content: &[u8]) -> Scan {
    let meta = FileMeta {
        name: name.to_owned(),
        size: content.len() as u64,
    };
    Scan::new(meta, now, TIME, CancellationToken::new())
}

fn explain(report: &EngineReport, as_expected: bool) -> Option<String> {
    if as_expected {
        return None;
    }
    let detail = report
        .findings
        .first()
        .map_or("", |finding| finding.detail.as_str());
    Some(
        format!("the answer was {} {detail}", report.outcome.name())
            .trim_end()
            .to_owned(),
    )
}
