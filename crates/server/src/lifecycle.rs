//! Soft stop, drain, hard stop (security.md §4.2 rule 11).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The service manager is asked for so much more time than a pause takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// In which phase of its life the process is; a cheap handle.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    ready: Arc<AtomicBool>,
    /// What is waited for before we are ready, in words that anybody may read.
    waiting: watch::Sender<Option<&'static str>>,
    /// Fires when nothing new is to be begun.
    pub soft: CancellationToken,
    /// Fires when nothing is to be waited for.
    pub hard: CancellationToken,
}

impl Lifecycle {
    /// Follows the signals of the process: the first TERM or INT is the soft stop, the second the hard one.
    pub fn following_signals() -> Result<Self> {
        let lifecycle = Self::default();
        let terminate = signal(SignalKind::terminate()).context("cannot follow SIGTERM")?;
        let interrupt = signal(SignalKind::interrupt()).context("cannot follow SIGINT")?;
        tokio::spawn(lifecycle.clone().follow(terminate, interrupt));
        Ok(lifecycle)
    }

    async fn follow(self, mut terminate: Signal, mut interrupt: Signal) {
        for stop in [Self::stop, Self::stop_now] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop(&self);
        }
    }

    /// Begins the soft stop.
    pub fn stop(&self) {
        if !self.soft.is_cancelled() {
            tracing::info!("stopping: finishing what is under way");
            self.ready.store(false, Ordering::Relaxed);
            notify(&[NotifyState::Stopping]);
            self.soft.cancel();
        }
    }

    /// Begins the hard stop.
    pub fn stop_now(&self) {
        self.stop();
        tracing::warn!("stopping now");
        self.hard.cancel();
    }

    /// Says that the start has to wait for something, and for how long at least.
    pub fn wait(&self, reason: &'static str, pause: Duration) {
        self.waiting.send_replace(Some(reason));
        let more = u32::try_from((pause + PATIENCE).as_micros()).unwrap_or(u32::MAX);
        notify(&[
            NotifyState::Status(reason),
            NotifyState::ExtendTimeoutUsec(more),
        ]);
    }

    /// Waits until something is waited for, and returns what.
    pub async fn waits(&self) -> &'static str {
        let mut waiting = self.waiting.subscribe();
        match waiting.wait_for(Option::is_some).await {
            Ok(reason) => reason.unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Tells everybody that we take work.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
        notify(&[NotifyState::Status(""), NotifyState::Ready]);
        if let Some(limit) = sd_notify::watchdog_enabled() {
            tokio::spawn(self.clone().feed_watchdog(limit / 2));
        }
    }

    /// Whether we take work.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Waits for work that was told to stop; `false` when the hard stop came, or the time was up, before its end.
    pub async fn drain(&self, work: impl Future<Output = ()>, limit: Duration) -> bool {
        tokio::select! {
            () = work => true,
            () = self.hard.cancelled() => false,
            () = tokio::time::sleep(limit) => false,
        }
    }

    async fn feed_watchdog(self, period: Duration) {
        let mut ticks = tokio::time::interval(period);
        while !self.hard.is_cancelled() {
            ticks.tick().await;
            notify(&[NotifyState::Watchdog]);
        }
    }
}

/// Tells systemd; without it there is nobody to tell.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "cannot notify the service manager");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_with_the_work_the_time_or_the_hard_stop() {
        let lifecycle = Lifecycle::default();
        let second = Duration::from_secs(1);
        assert!(
            lifecycle
                .drain(tokio::time::sleep(second), second * 2)
                .await
        );
        assert!(!lifecycle.drain(std::future::pending(), second).await);
        lifecycle.stop_now();
        assert!(!lifecycle.drain(std::future::pending(), second * 1000).await);
    }

    #[tokio::test]
    async fn a_stopping_process_is_not_ready() {
        let lifecycle = Lifecycle::default();
        assert!(!lifecycle.is_ready());
        lifecycle.set_ready();
        assert!(lifecycle.is_ready());
        lifecycle.stop();
        assert!(
            !lifecycle.is_ready()
                && lifecycle.soft.is_cancelled()
                && !lifecycle.hard.is_cancelled()
        );
    }
}
