//! Proof that an engine works, by files whose verdict is known.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_inspector::{Detector, Dlp};
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::engine::{Class, Engine, FileMeta, Scan, Versions};
use crate::inspect::Inspector;
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
    /// What the engine leaves out in silence.
    pub warnings: Vec<Warning>,
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

/// Something that an engine says nothing about, so that others must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// It calls encrypted archives clean.
    SilentOnEncrypted,
    /// It calls content beyond its limits clean.
    SilentOnLimits,
    /// It calls a file clean that is larger than it looks into, though it is given such files.
    SilentOnSize,
}

/// Lets an engine look at the EICAR test file and at a clean file, and finds out what it is silent about.
pub(crate) async fn of(engine: &Runtime, now: DateTime<Utc>) -> SelfTest {
    let eicar = ask(engine, now, "eicar.com", &sofie_inspector::eicar()).await;
    let finds_eicar = eicar.outcome == Outcome::Infected;
    if let Outcome::Error { .. } = eicar.outcome {
        // It has said why; another file would only take its time again.
        return SelfTest {
            finds_eicar,
            passes_clean: false,
            warnings: Vec::new(),
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
    let mut warnings = Vec::new();
    // What has no opinion of a clean file has none of these, and its answers may be counted.
    if finds_eicar && matches!(clean.outcome, Outcome::Clean { .. }) {
        for (warning, name, content) in questions(engine) {
            let row = ask(engine, now, name, &content).await;
            if matches!(row.outcome, Outcome::Clean { .. }) {
                warnings.push(warning);
            }
        }
    }
    SelfTest {
        finds_eicar,
        passes_clean,
        warnings,
        error: explain(&eicar, finds_eicar).or_else(|| explain(&clean, passes_clean)),
        versions: clean.versions,
        at: now,
    }
}

/// Files that an attentive engine does not call clean.
fn questions(engine: &Runtime) -> [(Warning, &'static str, Vec<u8>); 3] {
    let largest = engine.descriptor().largest_file.unwrap_or(u64::MAX);
    [
        (
            Warning::SilentOnEncrypted,
            "encrypted.zip",
            probes::encrypted_zip(),
        ),
        (Warning::SilentOnLimits, "nested.zip", probes::nested_zip()),
        (
            Warning::SilentOnSize,
            "large.zip",
            probes::large_zip(&sofie_inspector::eicar(), largest),
        ),
    ]
}

/// Lets the inspector look at the EICAR test file, a clean file and an encrypted archive.
pub(crate) async fn known_files_inside(inspector: &Inspector, now: DateTime<Utc>) -> SelfTest {
    let eicar = look(inspector, now, "eicar.com", &sofie_inspector::eicar()).await;
    let clean = look(inspector, now, "clean.txt", CLEAN).await;
    let encrypted = look(inspector, now, "encrypted.zip", &probes::encrypted_zip()).await;
    let says = |rows: &[EngineReport], outcome| rows.iter().any(|row| row.outcome == outcome);
    let finds_eicar = says(&eicar, Outcome::Infected);
    let unclean = clean
        .iter()
        .find(|row| !matches!(row.outcome, Outcome::Clean { .. }));
    let silent = !says(&encrypted, Outcome::Encrypted);
    SelfTest {
        finds_eicar,
        passes_clean: unclean.is_none(),
        warnings: silent
            .then_some(Warning::SilentOnEncrypted)
            .into_iter()
            .collect(),
        error: unclean
            .and_then(|row| explain(row, false))
            .or_else(|| (!finds_eicar).then(|| "the test file was not found".to_owned())),
        versions: clean
            .first()
            .map(|row| row.versions.clone())
            .unwrap_or_default(),
        at: now,
    }
}

async fn look(
    inspector: &Inspector,
    now: DateTime<Utc>,
    name: &str,
    content: &[u8],
) -> Vec<EngineReport> {
    let meta = FileMeta {
        name: name.to_owned(),
        size: content.len() as u64,
    };
    // Something is looked for, so that every internal engine has to speak.
    let dlp = Dlp::parse(&[Detector::Card.id().to_owned()], &[]).unwrap_or_default();
    let scan = Scan::new(meta, now, TIME, CancellationToken::new()).with_dlp(Arc::new(dlp));
    inspector.inspect(&scan, Body::of(content)).await.reports
}

async fn ask(engine: &Runtime, now: DateTime<Utc>, name: &str, content: &[u8]) -> EngineReport {
    let meta = FileMeta {
        name: name.to_owned(),
        size: content.len() as u64,
    };
    let scan = Scan::new(meta, now, TIME, CancellationToken::new());
    engine.look(&scan, Body::of(content)).await
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
