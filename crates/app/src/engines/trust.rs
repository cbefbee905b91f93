//! Whether an engine's word counts at present.

use std::{collections::HashMap, time::Duration};

use sofie_detection::Engine;
use tokio::{sync::Mutex, time::Instant};

use crate::{App, Result};

/// How long a passed self-test vouches for an engine.
const PASSED: Duration = Duration::from_mins(5);
/// How long to leave an engine alone that failed; the packages that wait for it come back later anyway.
const FAILED: Duration = Duration::from_secs(5);

/// The last self-tests of this process.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<HashMap<String, Tested>>);

#[derive(Clone, Debug)]
struct Tested {
    at: Instant,
    fault: Option<String>,
}

impl Trust {
    pub(super) async fn note(&self, engine: &str, fault: Option<String>) {
        let tested = Tested {
            at: Instant::now(),
            fault,
        };
        self.0.lock().await.insert(engine.to_owned(), tested);
    }

    pub(super) async fn forget(&self, engine: &str) {
        self.0.lock().await.remove(engine);
    }

    async fn recent(&self, engine: &str) -> Option<Option<String>> {
        let tested = self.0.lock().await.get(engine).cloned()?;
        let lasts = if tested.fault.is_none() {
            PASSED
        } else {
            FAILED
        };
        (tested.at.elapsed() < lasts).then_some(tested.fault)
    }
}

/// Returns why an engine's word does not count at present; nothing if it does. Tests it when nobody knows.
pub(crate) async fn trusted(app: &App, engine: &dyn Engine) -> Result<Option<String>> {
    let id = &engine.descriptor().id;
    if let Some(known) = app.parts().engines.trust.recent(id).await {
        return Ok(known);
    }
    super::states::test_engine(app, engine).await
}

/// Makes the next check test an engine that just failed to answer.
pub(crate) async fn doubt(app: &App, engine: &str) {
    app.parts().engines.trust.forget(engine).await;
}
