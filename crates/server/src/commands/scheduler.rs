//! `sofie scheduler`: the schedule alone. It opens no key and no file, and tells Kafka of nothing: what it asks for, the
//! others announce.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sofie_app::schedule::Scheduler;
use sofie_store::{Database, NoCipher};

use crate::clock::SystemClock;
use crate::doctor;
use crate::ground::{Base, Purpose, Site};
use crate::lifecycle::Lifecycle;
use crate::{metrics, worker};

/// One works, one asks whether the other still does.
const CONNECTIONS: u32 = 2;

pub async fn run(site: Site) -> Result<ExitCode> {
    doctor::ensure_clock(&SystemClock)?;
    let lifecycle = Lifecycle::following_signals()?;
    let own = match site.config.metrics.listen {
        Some(address) => Some(metrics::Listener::bind(address).await?),
        None => None,
    };
    let base = tokio::select! {
        base = Base::open(site, Purpose::Share) => base?,
        () = lifecycle.soft.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let ended = live(&base, own, &lifecycle).await;
    base.power.off().await;
    ended.map(|()| ExitCode::SUCCESS)
}

async fn live(base: &Base, own: Option<metrics::Listener>, lifecycle: &Lifecycle) -> Result<()> {
    let handle = metrics::start("scheduler")?;
    let told = own.map(|own| tokio::spawn(own.serve(handle, lifecycle.clone())));
    let db = Database::connect(&base.connect, Arc::new(NoCipher), CONNECTIONS)
        .await
        .context("cannot reach the database")?;
    let scheduler = Scheduler::new(db.clone(), Arc::new(SystemClock), worker::name());
    lifecycle.set_ready();
    let running = scheduler.run(lifecycle.soft.clone());
    let failure = tokio::select! {
        () = running => None,
        error = base.power.failure() => Some(error),
    };
    lifecycle.stop();
    if let Some(told) = told {
        told.await?;
    }
    db.close().await;
    failure.map_or(Ok(()), Err)
}
