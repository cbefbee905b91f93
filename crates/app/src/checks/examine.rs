//! One file, read as often as there are stages.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::TryStreamExt;
use sofie_detection::{
    Again, Broken, Class, Dlp, Engine, EngineReport, ErrorKind, Examination, FileMeta, How,
    Inspector, Object, Outcome, Passwords, Scan, Source, Ticket, Yara,
};
use sofie_domain::{ENCRYPTED_ENGINE, File};
use sofie_store::{objects::List, verdicts::Verdict};
use sofie_vault::{BlobSpec, Error as VaultError, Reader};
use tokio_util::sync::CancellationToken;

use super::{
    known::Known,
    later::{self, Tickets},
    translate,
};
use crate::App;

/// The slowest reading that an engine may force on a file, in bytes a second.
const SLOWEST: u64 = 4 << 20;

/// What came of one reading.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// What every engine said.
    pub(super) rows: Vec<Verdict>,
    /// The real type of the file.
    pub(super) media_type: Option<String>,
    /// What is in the file, if that is more than the file itself.
    pub(super) objects: Option<List>,
    /// SHA-256 and CRC-32 of the content, if it was read to its end.
    pub(super) digests: Option<([u8; 32], u32)>,
    /// Whether the stored bytes are damaged, which no later try mends.
    pub(super) corrupted: bool,
    /// Whether the inspector died of this file.
    pub(super) crashed: bool,
    /// Engines that should be tested before they are asked again.
    pub(super) doubtful: Vec<String>,
    /// What engines remember of it from now on.
    pub(super) tickets: Vec<(String, Ticket)>,
}

impl Examined {
    /// Adds what need not be asked.
    fn take_over(&mut self, known: Known) {
        if let Some(inspected) = known.inspected {
            self.media_type = inspected.media_type;
            self.objects = inspected.objects;
            self.digests = inspected.digests;
            self.rows.splice(0..0, inspected.rows);
        }
        self.rows.extend(known.rows);
    }
}

/// Shows a file to the inspector and the engines, stage by stage (DET-18): those that answer from what they know
/// in one reading; sandboxes, which take minutes, only if none of these calls it infected. Nobody is asked for what is
/// known, and nothing is read for it.
pub(super) async fn examine(
    app: &App,
    (file, spec): (&File, &BlobSpec),
    engines: &[Arc<dyn Engine>],
    (looked_for, given, known): (LookedFor, &Tickets, Known),
    cancel: &CancellationToken,
) -> Result<Examined, VaultError> {
    let is_sandbox = |engine: &Arc<dyn Engine>| engine.descriptor().class == Class::Sandbox;
    let asked = engines
        .iter()
        .filter(|one| !known.says(&one.descriptor().id));
    let (sandboxes, quick): (Vec<_>, Vec<_>) = asked.cloned().partition(is_sandbox);
    let inspector = app.parts().engines.inspector();
    let inspecting = known.inspected.is_none().then_some((inspector, looked_for));
    let mut examined = if inspecting.is_none() && quick.is_empty() {
        Examined::default()
    } else {
        let with_tickets = |scan: Scan| scan.with_tickets(Arc::clone(given));
        read(app, file, spec, (inspecting, &quick), &with_tickets, cancel).await?
    };
    if !examined.corrupted {
        examined.take_over(known);
    }
    if sandboxes.is_empty() {
        return Ok(examined);
    }
    if examined.corrupted || infected(&examined.rows) {
        let scan = scan(app, file, &sandboxes, cancel);
        let spared = sandboxes
            .iter()
            .map(|engine| EngineReport::spared(&engine.descriptor().id, &scan));
        let rows = spared.flat_map(|report| translate::rows(&report));
        examined.rows.extend(rows);
        return Ok(examined);
    }
    let sha256 = examined.digests.map(|(sha256, _)| hex::encode(sha256));
    let known = |scan: Scan| {
        let scan = scan.with_sha256(sha256.clone());
        scan.with_tickets(Arc::clone(given))
    };
    let later = read(app, file, spec, (None, &sandboxes), &known, cancel).await?;
    examined.tickets.extend(later.tickets);
    examined.rows.extend(later.rows);
    examined.corrupted |= later.corrupted;
    examined.doubtful.extend(later.doubtful);
    Ok(examined)
}

fn infected(rows: &[Verdict]) -> bool {
    rows.iter()
        .any(|row| row.verdict.outcome == sofie_domain::Outcome::Infected)
}

pub(super) fn scan(
    app: &App,
    file: &File,
    engines: &[Arc<dyn Engine>],
    cancel: &CancellationToken,
) -> Scan {
    let meta = FileMeta {
        name: file.path.name().to_owned(),
        size: file.size,
    };
    let time = longest(engines, file.size);
    Scan::new(meta, app.now(), time, cancel.child_token())
}

/// The sensitive data that is looked for, the rules that files are searched by, and the passwords that are tried.
type LookedFor = (Arc<Dlp>, Option<Arc<Yara>>, Arc<Passwords>);

/// The inspector and what it looks for, in the stage that it belongs to.
type Inspecting<'i> = Option<(&'i Inspector, LookedFor)>;

/// Reads a file out of the vault once, for all engines of a stage.
async fn read(
    app: &App,
    file: &File,
    spec: &BlobSpec,
    (inspecting, engines): (Inspecting<'_>, &[Arc<dyn Engine>]),
    known: &(dyn Fn(Scan) -> Scan + Sync),
    cancel: &CancellationToken,
) -> Result<Examined, VaultError> {
    let reader = match app.parts().vault.open(spec, Some(file.size)).await {
        Ok(reader) => reader,
        Err(error) if is_damage(&error) => return Ok(damaged(engines, app.now())),
        Err(error) => return Err(error),
    };
    let reader = Arc::new(reader);
    let fault: Arc<OnceLock<VaultError>> = Arc::default();
    let noted = Arc::clone(&fault);
    let content = reader.stream(0..reader.len());
    let content = content.inspect_ok(|_| sofie_killpoint::reach("K13"));
    let content = content.map_err(move |error| {
        let text = std::io::Error::other(error.to_string());
        let _ = noted.set(error);
        text
    });
    let (inspector, looked_for) = inspecting.unzip();
    let (dlp, yara, passwords) = looked_for.unwrap_or_default();
    let scan = scan(app, file, engines, cancel)
        .with_dlp(dlp)
        .with_yara(yara)
        .with_passwords(passwords);
    let again = Parts {
        reader,
        fault: Arc::clone(&fault),
    };
    let scan = known(scan).with_again(Again::from(Arc::new(again)));
    let examination = sofie_detection::examine(inspector, engines, &scan, content).await;
    drop(scan);
    let fault = Arc::into_inner(fault).and_then(OnceLock::into_inner);
    match fault {
        Some(error) if !is_damage(&error) => Err(error),
        fault => Ok(examined(&examination, fault.is_some())),
    }
}

/// A file in the vault, for those that read parts of it once more.
struct Parts {
    reader: Arc<Reader>,
    fault: Arc<OnceLock<VaultError>>,
}

#[async_trait]
impl Source for Parts {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, Broken> {
        let read = self.reader.bytes(range).await;
        read.map_err(|error| {
            let _ = self.fault.set(error);
            Broken::Source
        })
    }
}

fn examined(examination: &Examination, corrupted: bool) -> Examined {
    for report in &examination.reports {
        let labels = [
            ("engine", report.engine.clone()),
            ("outcome", report.outcome.name().to_owned()),
        ];
        metrics::histogram!("sofie_engine_scan_seconds", &labels).record(report.took());
    }
    let failed = |report: &&EngineReport| {
        matches!(report.outcome, Outcome::Error { kind, .. }
        if !matches!(kind, ErrorKind::Source | ErrorKind::Pending))
    };
    let crashed = |outcome| {
        matches!(
            outcome,
            Outcome::Error {
                kind: ErrorKind::Crashed,
                ..
            }
        )
    };
    let doubtful = examination.reports.iter().filter(failed);
    let hash = examination.sha256.as_deref().and_then(|text| {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
    });
    Examined {
        rows: rows(examination),
        media_type: examination
            .objects
            .first()
            .map(|object| object.media_type.to_string()),
        objects: translate::objects(&examination.objects, examination.objects_unlisted),
        digests: hash.zip(examination.crc32),
        corrupted,
        crashed: examination
            .reports
            .iter()
            .any(|report| crashed(report.outcome)),
        doubtful: doubtful.map(|report| report.engine.clone()).collect(),
        tickets: later::changes(&examination.reports),
    }
}

/// What every engine said, and that content was opened with a password that people gave.
fn rows(examination: &Examination) -> Vec<Verdict> {
    let mut rows: Vec<Verdict> = examination
        .reports
        .iter()
        .flat_map(translate::rows)
        .collect();
    let own = |report: &&EngineReport| report.engine == ENCRYPTED_ENGINE;
    let opened = |object: &&Object| object.opened == Some(How::Password);
    if examination.opened_with_password
        && let Some(report) = examination.reports.iter().find(own)
    {
        let object = examination.objects.iter().find(opened);
        rows.push(translate::opened(report, object));
    }
    rows
}

fn damaged(engines: &[Arc<dyn Engine>], now: chrono::DateTime<chrono::Utc>) -> Examined {
    let row = |engine: &str| {
        translate::not_asked(engine, "file-damaged", "the stored bytes are damaged", now)
    };
    let others = engines.iter().map(|engine| engine.descriptor().id.as_str());
    Examined {
        rows: crate::engines::INTERNAL
            .into_iter()
            .chain(others)
            .map(row)
            .collect(),
        corrupted: true,
        ..Examined::default()
    }
}

/// Tells whether an error means that the bytes are not those that were stored. A file that is not there may
/// come back with its file system, so it is waited for.
fn is_damage(error: &VaultError) -> bool {
    matches!(
        error,
        VaultError::Corrupt(_) | VaultError::LengthMismatch { .. } | VaultError::Crypto
    )
}

/// How long one reading may take: as long as the slowest engine may, and a minute for the rest.
fn longest(engines: &[Arc<dyn Engine>], size: u64) -> Duration {
    let slowest = engines.iter().map(|engine| engine.descriptor().seconds);
    let fixed = u64::from(slowest.max().unwrap_or(120));
    Duration::from_secs(fixed.saturating_add(60).saturating_add(size / SLOWEST))
}

/// Computes the digests of a file that the inspector did not get through, so that it can be released.
pub(super) async fn digests(
    app: &App,
    file: &File,
    spec: &BlobSpec,
) -> Result<([u8; 32], u32), VaultError> {
    let reader: Reader = app.parts().vault.open(spec, Some(file.size)).await?;
    let mut stream = std::pin::pin!(reader.stream(0..reader.len()));
    let mut sha = digest::Context::new(&digest::SHA256);
    let mut crc = crc32fast::Hasher::new();
    while let Some(piece) = stream.try_next().await? {
        sha.update(&piece);
        crc.update(&piece);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(sha.finish().as_ref());
    Ok((hash, crc.finalize()))
}
