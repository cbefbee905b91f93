//! The metrics of a process, for Prometheus.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sofie_app::{App, measures};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use crate::lifecycle::Lifecycle;

/// How often the whole installation is measured.
const PERIOD: Duration = Duration::from_secs(15);
/// The bounds of histograms: from what a small file takes to what nobody should wait for, in seconds.
const SECONDS: [f64; 12] = [
    0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0,
];

/// Begins to count; `role` names the process.
pub fn start(role: &'static str) -> Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot start the metrics")?;
    let version = env!("CARGO_PKG_VERSION");
    ::metrics::gauge!("sofie_build_info", "version" => version, "role" => role).set(1.0);
    Ok(handle)
}

/// Measures the installation until the soft stop.
pub async fn measure(app: App, handle: PrometheusHandle, lifecycle: Lifecycle) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = lifecycle.soft.cancelled() => return,
        }
        if let Err(error) = measures::sample(&app).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the installation could not be measured");
        }
        handle.run_upkeep();
    }
}

/// An address of its own for the metrics.
pub struct Listener(TcpListener);

impl Listener {
    /// Takes the address.
    pub async fn bind(address: SocketAddr) -> Result<Self> {
        let bound = TcpListener::bind(address).await;
        bound
            .map(Self)
            .with_context(|| format!("cannot listen on {address} for the metrics"))
    }

    /// Tells the metrics until the hard stop, so that the end can be watched.
    pub async fn serve(self, handle: PrometheusHandle, lifecycle: Lifecycle) {
        let tell = move || async move {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(CONTENT_TYPE, kind)], handle.render())
        };
        let router = Router::new().route("/metrics", get(tell));
        let stop = async move { lifecycle.soft.cancelled().await };
        let served = axum::serve(self.0, router).with_graceful_shutdown(stop);
        if let Err(error) = served.await {
            tracing::error!(%error, "the metrics are not told any more");
        }
    }
}
