//! Which engines there are.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sofie_detection::{
    Engine, InspectionLimits, Inspector,
    clamd::{self, Clamd, Endpoint},
};
use sofie_domain::{Policy, Settings};
use tokio::{sync::Mutex, time::Instant};

use super::{address::Address, trust::Trust};
use crate::{App, Result};

/// The internal engines, in the order in which people see them; the inspector speaks for all of them.
pub const INTERNAL: [&str; 5] = ["type", "container", "encrypted", "eicar", "content"];

/// The id of the antivirus.
pub(super) const CLAMD: &str = "clamd";
/// How many files clamd is given at once; below the 10 threads that it has unless told otherwise.
const CLAMD_AT_ONCE: u16 = 8;
/// How long to wait before looking for a local clamd again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The engines of this process.
#[derive(Debug)]
pub struct Engines {
    inspector: Inspector,
    local_clamd: PathBuf,
    clamd: Mutex<Option<Configured>>,
    looked: Mutex<Option<Instant>>,
    pub(super) trust: Trust,
}

#[derive(Debug)]
struct Configured {
    settings: clamd::Settings,
    engine: Arc<Clamd>,
}

impl Engines {
    /// Returns engines whose inspector is `program inspect`, at most `at_once` at a time.
    #[must_use]
    pub fn new(program: PathBuf, at_once: usize) -> Self {
        Self::with_local_clamd(program, at_once, "/run/clamav/clamd.ctl".into())
    }

    /// The same, with another place for the `auto` of the setting `clamd.address`.
    #[must_use]
    pub fn with_local_clamd(program: PathBuf, at_once: usize, local_clamd: PathBuf) -> Self {
        Self {
            inspector: Inspector::new(program, InspectionLimits::STANDARD, at_once),
            local_clamd,
            clamd: Mutex::default(),
            looked: Mutex::default(),
            trust: Trust::default(),
        }
    }

    /// Returns the inspector.
    #[must_use]
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// Returns the engine for some settings; the same one as long as they don't change.
    async fn clamd(&self, settings: clamd::Settings) -> Arc<Clamd> {
        let mut configured = self.clamd.lock().await;
        match &*configured {
            Some(present) if present.settings == settings => Arc::clone(&present.engine),
            _ => {
                let engine = Arc::new(Clamd::new(CLAMD, settings.clone()));
                self.trust.forget(CLAMD).await;
                *configured = Some(Configured {
                    settings,
                    engine: Arc::clone(&engine),
                });
                engine
            }
        }
    }

    /// Tells whether it is time to look for a local clamd, and notes that somebody does.
    async fn may_look(&self) -> bool {
        let mut looked = self.looked.lock().await;
        let may = looked.is_none_or(|last| last.elapsed() >= LOOK_AGAIN);
        if may {
            *looked = Some(Instant::now());
        }
        may
    }
}

/// Returns the antivirus engines that are configured, whether they answer or not.
pub async fn antivirus(app: &App) -> Result<Vec<Arc<dyn Engine>>> {
    let settings = app.settings().await?;
    let engines = &app.parts().engines;
    let endpoints = match Address::parse(&settings.text("clamd.address")) {
        Address::Off => return Ok(Vec::new()),
        Address::At(endpoints) => endpoints,
        Address::Auto => {
            let endpoints = Address::local(&engines.local_clamd);
            let engine = engines
                .clamd(configuration(&settings, endpoints.clone()))
                .await;
            if !adopted(app, &engine).await? {
                return Ok(Vec::new());
            }
            endpoints
        }
    };
    let engine = engines.clamd(configuration(&settings, endpoints)).await;
    Ok(vec![engine])
}

/// Tells whether the local clamd is ours to rely on: it answers, or it was seen once. From then on its
/// absence is a failure and no longer a choice, until an administrator sets the address to `off`.
async fn adopted(app: &App, engine: &Clamd) -> Result<bool> {
    let engines = &app.parts().engines;
    let seen = {
        let mut tx = app.db().read().await?;
        sofie_store::engine_states::find(&mut tx, CLAMD)
            .await?
            .is_some()
    };
    if seen || !engines.may_look().await {
        return Ok(seen);
    }
    let there = tokio::fs::try_exists(&engines.local_clamd)
        .await
        .unwrap_or(false);
    if !there || !engine.status().await.reachable {
        return Ok(false);
    }
    tracing::info!(path = %engines.local_clamd.display(), "found a local clamd; files are checked by it from now on");
    super::states::test_engine(app, engine).await?;
    Ok(true)
}

fn configuration(settings: &Settings, endpoints: Vec<Endpoint>) -> clamd::Settings {
    let mut timeouts = clamd::Timeouts::STANDARD;
    timeouts.verdict_ms = settings.count("clamd.timeout_seconds").saturating_mul(1000);
    clamd::Settings {
        endpoints,
        largest_file: settings.count("clamd.max_size"),
        most_at_once: CLAMD_AT_ONCE,
        timeouts,
    }
}

/// Returns the policy of the checks, with the antivirus engines that are configured.
pub async fn policy(app: &App) -> Result<Policy> {
    let names: Vec<String> = antivirus(app)
        .await?
        .iter()
        .map(|e| e.descriptor().id.clone())
        .collect();
    Ok(app.settings().await?.policy(&names))
}

/// Tells whether packages flow by the word of the internal engines alone.
pub async fn no_antivirus(app: &App) -> Result<bool> {
    Ok(antivirus(app).await?.is_empty())
}
