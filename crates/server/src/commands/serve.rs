//! `sofie serve | web | worker | scheduler`: the life of a process.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::clock::SystemClock;
use crate::doctor;
use crate::ground::{Ground, Site};
use crate::lifecycle::Lifecycle;
use crate::listener::Listener;
use crate::probes::Probes;

/// Which parts of the server this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    All,
    Web,
    Worker,
    Scheduler,
}

impl Role {
    fn is_web(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }
}

pub async fn run(mut site: Site, role: Role, listen: Option<SocketAddr>) -> Result<ExitCode> {
    ensure!(
        doctor::clock_is_sane(&SystemClock),
        "the clock of this machine is wrong: it shows a time before this program was built"
    );
    site.config.http.listen = listen.unwrap_or(site.config.http.listen);
    let lifecycle = Lifecycle::following_signals()?;
    // Taken first: a second server is told at once, and early visitors wait instead of being refused.
    let listener = if role.is_web() {
        Some(Listener::bind(&site.config.http).await?)
    } else {
        None
    };
    let ground = tokio::select! {
        ground = Ground::serve(site) => ground?,
        () = lifecycle.soft.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let ended = live(&ground, listener, &lifecycle).await;
    ground.close().await;
    ended.map(|()| ExitCode::SUCCESS)
}

async fn live(ground: &Ground, listener: Option<Listener>, lifecycle: &Lifecycle) -> Result<()> {
    let mut parts = tokio::task::JoinSet::new();
    if let Some(listener) = listener {
        println!("SOFiE is ready: http://{}", listener.address()?);
        let router = probes(ground, lifecycle)?
            .router()
            .fallback(crate::frontend::serve);
        parts.spawn(listener.serve(router, lifecycle.clone()));
    }
    if let Some(warning) = ground.keys.warning() {
        println!("\n{warning}\n");
    }
    lifecycle.set_ready();
    let failure = tokio::select! {
        () = lifecycle.soft.cancelled() => None,
        error = ground.power.failure() => Some(error),
    };
    lifecycle.stop();
    while parts.join_next().await.is_some() {}
    failure.map_or(Ok(()), Err)
}

fn probes(ground: &Ground, lifecycle: &Lifecycle) -> Result<Probes> {
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .context("cannot start the metrics")?;
    let http = ground.site.config.http.clone();
    Ok(Probes {
        http,
        lifecycle: lifecycle.clone(),
        db: ground.db.clone(),
        metrics,
    })
}
