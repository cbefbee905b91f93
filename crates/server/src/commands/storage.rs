//! `sofie storage migrate`: copies the encrypted files from one store to the other.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sofie_domain::Clock;
use sofie_store::cluster::ClusterAccess;
use sofie_store::instance;
use sofie_vault::{Move, Moved, Pass};

use crate::cli::Store;
use crate::clock::SystemClock;
use crate::config::StorageKind;
use crate::ground::{Ground, Power, Purpose, Site};
use crate::storage;

/// How often somebody who waits hears how far it is.
const REPORT: Duration = Duration::from_secs(10);

pub async fn migrate(site: Site, to: Store, last: bool, verify: bool) -> Result<ExitCode> {
    let ground = Ground::open(site, Purpose::Command).await?;
    let done = run(&ground, to, last, verify).await;
    ground.close().await;
    done
}

async fn run(ground: &Ground, to: Store, last: bool, verify: bool) -> Result<ExitCode> {
    ensure!(
        !last || !matches!(ground.power, Power::Guest(ClusterAccess::Attached(_))),
        "a server is running: stop it for the final pass"
    );
    let site = &ground.site;
    let (from, to) = match to {
        Store::S3 => (StorageKind::Local, StorageKind::S3),
        Store::Local => (StorageKind::S3, StorageKind::Local),
    };
    let pass = match (verify, last) {
        (true, _) => Pass::Compare,
        // The target has a life of its own already.
        (false, _) if site.config.storage.kind == to => Pass::Missing,
        (false, true) => Pass::Final,
        (false, false) => Pass::Ahead,
    };
    let moving = open(ground, from, to, pass).await?;
    eprintln!(
        "from {} to {}",
        storage::place(site, from),
        storage::place(site, to)
    );
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + REPORT, REPORT);
    let mut all = std::pin::pin!(moving.run());
    let moved = loop {
        tokio::select! {
            moved = &mut all => break moved,
            _ = ticks.tick() => eprintln!("{}", told(&moving.progress(), pass)),
        }
    };
    println!("{}", told(&moving.progress(), pass));
    let moved = moved.context("it ended early; what was copied stays, and the next run goes on")?;
    Ok(conclude(&moved, pass))
}

/// Opens both stores, and makes sure that both are this installation's.
async fn open(ground: &Ground, from: StorageKind, to: StorageKind, pass: Pass) -> Result<Move> {
    let installation = sofie_app::setup::open(&ground.db, SystemClock.now())
        .await
        .context("the key file is not the one that this database began with")?
        .id;
    let holds_files = instance::has_files(&mut ground.db.read().await?).await?;
    let site = &ground.site;
    let mut stores = Vec::new();
    for kind in [from, to] {
        let backend = storage::backend(site, kind)?;
        let may_begin = kind == to && pass != Pass::Compare || !holds_files;
        let place = storage::place(site, kind);
        storage::claim(Arc::clone(&backend), installation, may_begin)
            .await
            .with_context(|| {
                format!("{place} can't be used as a store of this installation's files")
            })?;
        stores.push(backend);
    }
    let to = stores.pop().context("two stores were opened")?;
    let from = stores.pop().context("two stores were opened")?;
    Ok(Move::new(from, to, pass))
}

fn told(moved: &Moved, pass: Pass) -> String {
    let mib = moved.bytes >> 20;
    if pass == Pass::Compare {
        let (same, different) = (moved.same, moved.different);
        return format!("{same} the same, {different} missing or different, {mib} MiB compared");
    }
    let mut text = format!(
        "{} copied ({mib} MiB), {} there already, {} uploads left",
        moved.copied, moved.same, moved.left
    );
    if moved.different > 0 {
        text = format!("{text}, {} broken", moved.different);
    }
    text
}

/// Says what comes next.
fn conclude(moved: &Moved, pass: Pass) -> ExitCode {
    if moved.different > 0 {
        eprintln!("not all is well: the log above names the files");
        return ExitCode::FAILURE;
    }
    match pass {
        Pass::Ahead => println!("stop the server, then run this once more with --final"),
        Pass::Final => {
            println!("now change storage.kind in the configuration, and start the server");
        }
        Pass::Missing | Pass::Compare => {}
    }
    ExitCode::SUCCESS
}
