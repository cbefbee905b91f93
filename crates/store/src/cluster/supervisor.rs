//! Watching over the server while we run.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::ClusterError;
use super::postmaster::{Launch, Postmaster};
use super::remains;

/// A server that dies again so soon is not started for ever.
const SOON: Duration = Duration::from_secs(30);
const TRIES: u32 = 3;

/// What has become of the server.
#[derive(Debug)]
pub(super) enum State {
    Running,
    Stopped,
    GaveUp(String),
}

pub(super) struct Supervisor {
    launch: Launch,
    stop_asked: watch::Receiver<bool>,
}

impl Supervisor {
    /// Watches in a task of its own until it is asked to stop, or nobody is left who could ask.
    pub fn spawn(
        launch: Launch,
        running: Postmaster,
        stop_asked: watch::Receiver<bool>,
    ) -> watch::Receiver<State> {
        let (sender, state) = watch::channel(State::Running);
        let mut supervisor = Self { launch, stop_asked };
        tokio::spawn(async move {
            let last = match supervisor.watch(running).await {
                Ok(()) => State::Stopped,
                Err(error) => State::GaveUp(error.to_string()),
            };
            sender.send_replace(last);
        });
        state
    }

    async fn watch(&mut self, mut postmaster: Postmaster) -> Result<(), ClusterError> {
        let mut deaths = 0;
        let mut started = Instant::now();
        loop {
            let ended = tokio::select! {
                ended = postmaster.wait() => ended,
                _ = self.stop_asked.changed() => {
                    postmaster.stop().await;
                    return Ok(());
                }
            };
            deaths = if started.elapsed() < SOON {
                deaths + 1
            } else {
                1
            };
            let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            tracing::error!(status = how, deaths, "the private PostgreSQL died");
            if deaths >= TRIES {
                return Err(ClusterError::GaveUp(format!(
                    "it died {deaths} times in a row, at last with {how}"
                )));
            }
            started = Instant::now();
            remains::clear(&self.launch.folder.path).await?;
            postmaster = self.launch.start().await?;
            tracing::info!("the private PostgreSQL is back");
        }
    }
}
