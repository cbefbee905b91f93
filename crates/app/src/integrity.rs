//! Whether the database and the stored files agree (ADM-9): every file has its blob, every blob its file, and, if
//! asked, every byte is the one that was stored.

mod judge;
mod pace;
mod run;
mod views;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use sofie_domain::{Event, FileId, PackageId};
use sofie_store::{
    integrity::{self, StoredFile},
    integrity_runs::{self, Look},
};
use sofie_vault::{BlobId, BlobInfo};

use self::judge::judge;
pub use self::pace::Pace;
pub use self::run::{begin, cancel};
pub(crate) use self::run::{by_schedule, go_on};
pub use self::views::{Overview, overview};
use crate::{App, Context, Error, Result, audit};
pub use sofie_store::integrity_runs::{Counts, Finding, Run as Row};

/// How many rows are read at once; what is in memory is a few of these and the names of one shard's blobs.
const PAGE: i64 = 200;
/// How many files are looked at at once.
const AT_ONCE: usize = 4;
/// So many problems are named in the audit log; the report has them all.
const NAMED: usize = 20;
/// A blob without a row is left alone for so long: its row may still come.
const YOUNG: std::time::Duration = std::time::Duration::from_hours(24);

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The blob.
    pub blob: String,
    /// The file and its package, if there is one.
    pub file: Option<(PackageId, FileId)>,
    /// Particulars, in words.
    pub detail: String,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file's blob is not there.
    Missing,
    /// The blob's length is not the file's.
    WrongLength,
    /// The blob does not open, or its bytes are not those that were stored.
    Damaged,
    /// The key of the file's package can't be opened.
    Locked,
    /// The blob could not be read: the storage fails.
    Unreadable,
    /// No file has the blob, and nothing is about to remove it.
    Surplus,
}

impl ProblemKind {
    /// What it makes of a file; nothing if it is about no file.
    #[must_use]
    pub fn state(self) -> Option<&'static str> {
        match self {
            Self::WrongLength | Self::Damaged => Some("corrupted"),
            Self::Missing | Self::Locked | Self::Unreadable => Some("inaccessible"),
            Self::Surplus => None,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::WrongLength => "wrong_length",
            Self::Damaged => "damaged",
            Self::Locked => "locked",
            Self::Unreadable => "unreadable",
            Self::Surplus => "surplus",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Complete files that were looked at.
    pub files: u64,
    /// Their plain bytes.
    pub bytes: u64,
    /// Files that are still on their way.
    pub unfinished: u64,
    /// Blobs that are about to be unlinked.
    pub doomed: u64,
    /// Blobs without a row that are too young to say.
    pub young: u64,
    /// How many problems of each kind there are.
    pub problems: BTreeMap<&'static str, u64>,
    named: Vec<String>,
}

impl Report {
    /// Whether all is well.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn add(&mut self, problem: &Problem) {
        *self.problems.entry(problem.kind.as_str()).or_default() += 1;
        if self.named.len() < NAMED {
            self.named.push(match problem.file {
                Some((_, file)) => format!("{} {file}", problem.kind.as_str()),
                None => format!("{} {}", problem.kind.as_str(), problem.blob),
            });
        }
    }
}

/// Compares the database with the store, both ways, and tells each problem as it is found. `deep` decrypts every
/// byte and compares the SHA-256 of every file.
///
/// Files may come and go meanwhile: what does not agree is asked for again before it counts.
pub async fn verify(
    app: &App,
    ctx: &Context,
    deep: bool,
    mut tell: impl FnMut(&Problem),
) -> Result<Report> {
    let instance = app.parts().instance.to_string();
    let ours = app.parts().vault.require_marker(instance).await;
    ours.map_err(Error::internal)?;
    let mut report = Report::default();
    let pace = deep.then(|| Pace::mib_per_second(0));
    for shard in 0..=u8::MAX {
        let mut blobs = listed(app, shard).await?;
        let mut after = None;
        loop {
            let mut tx = app.db().read().await?;
            let files = integrity::files(&mut tx, shard, after, PAGE).await?;
            drop(tx);
            let Some(last) = files.last() else { break };
            after = Some(last.secrets.blob_id);
            for file in &files {
                blobs.remove(&file.secrets.blob_id);
            }
            report.unfinished += files.iter().filter(|file| !file.complete).count() as u64;
            let judged = look_at(app, files, pace.as_ref()).await?;
            let mut tx = app.db().begin().await?;
            integrity_runs::note(&mut tx, &looks(&judged), deep, app.now()).await?;
            tx.commit().await?;
            for (file, problem) in judged {
                report.files += 1;
                report.bytes += file.size;
                if let Some(problem) = problem {
                    report.add(&problem);
                    tell(&problem);
                }
            }
        }
        let (problems, others) = surplus(app, ctx, blobs).await?;
        report.doomed += others.doomed;
        report.young += others.young;
        for problem in problems {
            report.add(&problem);
            tell(&problem);
        }
    }
    record(app, ctx, deep, &report).await?;
    Ok(report)
}

/// The committed and unfinished blobs of a shard.
async fn listed(app: &App, shard: u8) -> Result<BTreeMap<[u8; 16], BlobInfo>> {
    let found = app.parts().vault.list_shard(shard).await;
    let found = found.map_err(Error::internal)?;
    Ok(found.into_iter().map(|info| (info.blob.0, info)).collect())
}

/// Looks at those of the files that are complete.
async fn look_at(app: &App, files: Vec<StoredFile>, deep: Option<&Pace>) -> Result<Vec<Judged>> {
    let complete = files.into_iter().filter(|file| file.complete);
    let judged = stream::iter(complete).map(|file| async move {
        let problem = judge(app, &file, deep).await?;
        Ok::<_, Error>((file, problem))
    });
    judged.buffer_unordered(AT_ONCE).try_collect().await
}

/// A file, and what is wrong with it.
type Judged = (StoredFile, Option<Problem>);

/// What there is to note about files that were looked at.
fn looks(judged: &[Judged]) -> Vec<Look> {
    let look = |(file, problem): &Judged| Look {
        file: file.id,
        state: problem
            .as_ref()
            .and_then(|one| one.kind.state())
            .unwrap_or("ok"),
        problem: problem
            .as_ref()
            .map(|one| (one.kind.as_str(), one.detail.clone())),
    };
    judged.iter().map(look).collect()
}

/// Blobs without a file that are no problem.
#[derive(Clone, Copy, Debug, Default)]
struct Others {
    doomed: u64,
    young: u64,
}

/// The blobs that no file has.
async fn surplus(
    app: &App,
    ctx: &Context,
    blobs: BTreeMap<[u8; 16], BlobInfo>,
) -> Result<(Vec<Problem>, Others)> {
    let blobs: Vec<BlobInfo> = blobs.into_values().collect();
    let (mut problems, mut others) = (Vec::new(), Others::default());
    for some in blobs.chunks(500) {
        let ids: Vec<[u8; 16]> = some.iter().map(|info| info.blob.0).collect();
        let mut tx = app.db().read().await?;
        let known = integrity::standing(&mut tx, &ids).await?;
        for (info, known) in some.iter().zip(known) {
            let touched: chrono::DateTime<chrono::Utc> = info.created.max(info.modified).into();
            let age = (ctx.now - touched).to_std().unwrap_or_default();
            if known.needed {
                // It came after the rows were read.
            } else if known.doomed {
                others.doomed += 1;
            } else if age < YOUNG {
                others.young += 1;
            } else {
                problems.push(Problem {
                    kind: ProblemKind::Surplus,
                    blob: BlobId(info.blob.0).to_string(),
                    file: None,
                    detail: format!("{} bytes that no file has", info.size),
                });
            }
        }
    }
    Ok((problems, others))
}

async fn record(app: &App, ctx: &Context, deep: bool, report: &Report) -> Result<()> {
    let event = if report.sound() {
        Event::IntegrityVerified
    } else {
        Event::IntegrityBroken
    };
    let data = json!({
        "deep": deep,
        "files": report.files,
        "bytes": report.bytes,
        "problems": report.problems,
        "named": report.named,
    });
    let mut tx = app.db().begin().await?;
    let late = Context {
        now: app.now(),
        ..ctx.clone()
    };
    audit::record(&mut tx, &late, event, None, data).await?;
    Ok(tx.commit().await?)
}
