//! `sofie scheduler`: the schedule alone. It opens no key and no file.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sofie_app::schedule::Scheduler;
use sofie_store::{Database, NoCipher};

use crate::clock::SystemClock;
use crate::doctor;
use crate::ground::{Base, Purpose, Site};
use crate::lifecycle::Lifecycle;
use crate::worker;

/// One works, one asks whether the other still does.
const CONNECTIONS: u32 = 2;

pub async fn run(site: Site) -> Result<ExitCode> {
    doctor::ensure_clock(&SystemClock)?;
    let lifecycle = Lifecycle::following_signals()?;
    let base = tokio::select! {
        base = Base::open(site, Purpose::Share) => base?,
        () = lifecycle.soft.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let ended = live(&base, &lifecycle).await;
    base.power.off().await;
    ended.map(|()| ExitCode::SUCCESS)
}

async fn live(base: &Base, lifecycle: &Lifecycle) -> Result<()> {
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
    db.close().await;
    failure.map_or(Ok(()), Err)
}
