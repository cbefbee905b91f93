//! Which engines there are.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sofie_detection::{InspectionLimits, Inspector, Programs, Runtime, YARA, Yara};
use sofie_domain::EngineRule;
use sofie_store::engines::{self as rows, Engine};
use tokio::{sync::Mutex, time::Instant};

use super::{adopt, table, trust::Trust};
use crate::{App, Result};

/// The internal engines, in the order in which people see them; the inspector speaks for all of them.
pub const INTERNAL: [&str; 6] = ["type", "container", "encrypted", "eicar", "content", "dlp"];

/// How long a change made by another process may stay unseen.
const REFRESH: Duration = Duration::from_secs(4);

/// The engines of this process.
#[derive(Debug)]
pub struct Engines {
    inspector: Inspector,
    local_clamd: PathBuf,
    present: Mutex<Option<Present>>,
    pub(super) looked: Mutex<Option<Instant>>,
    pub(super) trust: Trust,
    /// The YARA rules that were read last.
    pub(crate) rules: Mutex<Option<Arc<Yara>>>,
}

#[derive(Debug)]
struct Present {
    /// When the table was read; none if it is known to have changed since.
    read: Option<Instant>,
    engines: Vec<Configured>,
}

/// An engine of the table.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    /// Its row.
    pub(crate) row: Engine,
    /// What talks to it; nothing if its row can't be understood. Its word is missing then, as if it were away.
    pub(crate) engine: Option<Arc<Runtime>>,
}

impl Engines {
    /// Returns engines whose inspector runs `programs`, for at most `at_once` files at a time.
    #[must_use]
    pub fn new(programs: impl Into<Programs>, at_once: usize) -> Self {
        Self::with_local_clamd(programs, at_once, "/run/clamav/clamd.ctl".into())
    }

    /// The same, with another place where a local clamd is looked for.
    #[must_use]
    pub fn with_local_clamd(
        programs: impl Into<Programs>,
        at_once: usize,
        local_clamd: PathBuf,
    ) -> Self {
        Self {
            inspector: Inspector::new(programs, InspectionLimits::STANDARD, at_once),
            local_clamd,
            present: Mutex::default(),
            looked: Mutex::default(),
            trust: Trust::default(),
            rules: Mutex::default(),
        }
    }

    /// Returns the inspector.
    #[must_use]
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// Returns where a local clamd is looked for.
    pub(super) fn local_clamd(&self) -> &Path {
        &self.local_clamd
    }

    /// Makes the next reader look at the table.
    pub(super) async fn forget(&self) {
        if let Some(present) = &mut *self.present.lock().await {
            present.read = None;
        }
    }
}

/// Makes the next reader look at the table; for tests that write into it.
#[cfg(feature = "test-util")]
pub async fn look_again(app: &App) {
    app.parts().engines.forget().await;
}

/// Returns the engines of the table, at most five seconds old. What did not change keeps its state.
pub(super) async fn all(app: &App) -> Result<Vec<Configured>> {
    let engines = &app.parts().engines;
    let mut present = engines.present.lock().await;
    if let Some(present) = &*present
        && present.read.is_some_and(|read| read.elapsed() < REFRESH)
    {
        return Ok(present.engines.clone());
    }
    let read = Some(Instant::now());
    let found = rows::list(&mut app.db().read().await?).await?;
    let known = present
        .take()
        .map(|present| present.engines)
        .unwrap_or_default();
    let mut next = Vec::with_capacity(found.len());
    for row in found {
        let same = known.iter().find(|one| is_same(&one.row, &row));
        let engine = if let Some(known) = same {
            known.engine.clone()
        } else {
            engines.trust.forget(&row.id).await;
            build(&row)
        };
        next.push(Configured { row, engine });
    }
    *present = Some(Present {
        read,
        engines: next.clone(),
    });
    Ok(next)
}

fn is_same(known: &Engine, row: &Engine) -> bool {
    (&known.id, known.version) == (&row.id, row.version)
}

fn build(row: &Engine) -> Option<Arc<Runtime>> {
    match table::runtime(row) {
        Ok(engine) => Some(Arc::new(engine)),
        Err(faults) => {
            tracing::error!(
                engine.id = row.id,
                ?faults,
                "an engine's configuration can't be used"
            );
            None
        }
    }
}

/// Returns the engines that files are shown to, whether they answer or not.
pub(crate) async fn enabled(app: &App) -> Result<Vec<Configured>> {
    let mut found = all(app).await?;
    if adopt::local_clamd(app).await? {
        found = all(app).await?;
    }
    found.retain(|one| one.row.enabled);
    Ok(found)
}

/// Returns the engines that files are shown to, and how much their word counts. Rules that files are searched by
/// count as an engine without whose word nothing is delivered.
pub(crate) async fn rules(app: &App, yara: Option<&Arc<Yara>>) -> Result<Vec<EngineRule>> {
    let rule = |one: Configured| EngineRule {
        engine: one.row.id,
        mandatory: one.row.mandatory,
    };
    let searched = yara.map(|_| EngineRule {
        engine: YARA.to_owned(),
        mandatory: true,
    });
    let others = enabled(app).await?.into_iter().map(rule);
    Ok(searched.into_iter().chain(others).collect())
}

/// Tells whether packages flow by the word of the internal engines alone.
pub async fn no_antivirus(app: &App) -> Result<bool> {
    let enabled = enabled(app).await?;
    Ok(!enabled.iter().any(|one| one.row.stage == "antivirus"))
}
