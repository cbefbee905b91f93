//! Whether an engine's word counts at present.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sofie_detection::{Engine as _, Runtime};
use tokio::{sync::Mutex, time::Instant};

use super::states;
use crate::{App, Result};

/// How long a passed self-test vouches for an engine.
const PASSED: Duration = Duration::from_mins(5);
/// How long to leave an engine alone that failed; the packages that wait for it come back later anyway.
const FAILED: Duration = Duration::from_secs(5);

/// The last self-tests of this process.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<HashMap<String, Tested>>);

/// What is known of an engine: why its word does not count, or that it does.
enum Known {
    /// Nobody knows, or not any more.
    Nothing,
    /// It was tested just now.
    Fresh(Option<String>),
    /// It failed a while ago.
    Failed(String),
}

#[derive(Debug)]
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

    /// Tells what is known; whoever is told of a failure that is no longer fresh tests the engine again, and is
    /// the only one.
    async fn known(&self, engine: &str) -> Known {
        let mut all = self.0.lock().await;
        let Some(tested) = all.get_mut(engine) else {
            return Known::Nothing;
        };
        let age = tested.at.elapsed();
        match &tested.fault {
            None if age < PASSED => Known::Fresh(None),
            None => Known::Nothing,
            Some(fault) if age < FAILED => Known::Fresh(Some(fault.clone())),
            Some(fault) => {
                tested.at = Instant::now();
                Known::Failed(fault.clone())
            }
        }
    }
}

/// Returns why an engine's word does not count at present; nothing if it does. Tests it when nobody knows.
pub(crate) async fn trusted(app: &App, engine: &Arc<Runtime>) -> Result<Option<String>> {
    let (owned, tested) = (app.clone(), Arc::clone(engine));
    let test = async move { states::test_engine(&owned, tested.as_ref()).await };
    known_or(app, &engine.descriptor().id, test).await
}

/// The same for the inspector, without which nothing is checked.
pub(crate) async fn inspector_trusted(app: &App) -> Result<Option<String>> {
    let owned = app.clone();
    let test = async move { states::test_inspector(&owned).await };
    known_or(app, states::INSPECTOR, test).await
}

/// What failed is tested again behind the caller's back: an engine that hangs must not make the files wait
/// that need it least.
async fn known_or(
    app: &App,
    id: &str,
    test: impl Future<Output = Result<Option<String>>> + Send + 'static,
) -> Result<Option<String>> {
    match app.parts().engines.trust.known(id).await {
        Known::Fresh(fault) => Ok(fault),
        Known::Nothing => test.await,
        Known::Failed(fault) => {
            tokio::spawn(async move {
                if let Err(error) = test.await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "an engine could not be tested");
                }
            });
            Ok(Some(fault))
        }
    }
}

/// Makes the next check test an engine that just failed to answer.
pub(crate) async fn doubt(app: &App, engine: &str) {
    app.parts().engines.trust.forget(engine).await;
}
