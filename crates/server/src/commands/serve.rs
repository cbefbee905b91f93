//! `sofie serve | web | worker`: the life of a process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use sofie_app::{App, setup};
use sofie_identity::PlainToken;
use tokio::task::JoinSet;

use super::room::tell_uses;
use crate::assemble;
use crate::clock::SystemClock;
use crate::doctor;
use crate::ground::{Ground, Purpose, Site};
use crate::lifecycle::Lifecycle;
use crate::listener::Listener;
use crate::{kafka, metrics, worker};

/// How much longer than its requests the whole process may take to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often the uses of keys are written down.
const USES: Duration = Duration::from_secs(10);

/// Which parts of the server this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    All,
    Web,
    Worker,
}

impl Role {
    fn purpose(self) -> Purpose {
        if self == Self::All {
            Purpose::Serve
        } else {
            Purpose::Share
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Web => "web",
            Self::Worker => "worker",
        }
    }

    fn is_web(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }

    fn is_worker(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}

pub async fn run(mut site: Site, role: Role, listen: Option<SocketAddr>) -> Result<ExitCode> {
    doctor::ensure_clock(&SystemClock)?;
    site.config.http.listen = listen.unwrap_or(site.config.http.listen);
    let lifecycle = Lifecycle::following_signals()?;
    // Taken first: a second server is told at once, and early visitors wait instead of being refused.
    let listener = if role.is_web() {
        Some(Listener::bind(&site.config.http).await?)
    } else {
        None
    };
    let own = match site.config.metrics.listen {
        Some(address) => Some(metrics::Listener::bind(address).await?),
        None => None,
    };
    let turned_away = async {
        match &listener {
            Some(listener) => listener.turn_away(&lifecycle).await,
            None => std::future::pending().await,
        }
    };
    let ground = tokio::select! {
        ground = Ground::open_for(&lifecycle, site, role.purpose()) => ground?,
        () = lifecycle.soft.cancelled() => return Ok(ExitCode::SUCCESS),
        never = turned_away => match never {},
    };
    let ended = live(&ground, role, (listener, own), &lifecycle).await;
    ground.close().await;
    ended.map(|()| ExitCode::SUCCESS)
}

async fn live(
    ground: &Ground,
    role: Role,
    (listener, own): (Option<Listener>, Option<metrics::Listener>),
    lifecycle: &Lifecycle,
) -> Result<()> {
    let http = &ground.site.config.http;
    let address = listener
        .as_ref()
        .map_or(Ok(http.listen), Listener::address)?;
    let url = assemble::local_url(address);
    let app = assemble::app(ground, url.clone()).await?;
    let mut parts = JoinSet::new();
    let handle = metrics::start(role.name())?;
    if let Some(own) = own {
        parts.spawn(own.serve(handle.clone(), lifecycle.clone()));
    }
    if role.is_web() {
        parts.spawn(metrics::measure(
            app.clone(),
            handle.clone(),
            lifecycle.clone(),
        ));
    }
    if let Some(listener) = listener {
        let router = assemble::router(&app, http, lifecycle, handle.clone());
        parts.spawn(listener.serve(router, lifecycle.clone()));
    }
    parts.spawn(count_uses(app.clone(), lifecycle.clone()));
    let workers = (role.is_worker()).then(|| worker::workers(&ground.site.config.worker));
    if let Some(workers) = &workers {
        parts.spawn(sofie_app::jobs::runner(&app, workers).run(lifecycle.soft.clone()));
    }
    if let Some(kafka) = kafka::assemble(&app, &ground.site.config, workers.as_ref())? {
        parts.spawn(kafka.run(lifecycle.soft.clone()));
    }
    if role == Role::All {
        let scheduler = sofie_app::schedule::Scheduler::beside(&app, worker::name());
        parts.spawn(scheduler.run(lifecycle.soft.clone()));
    }
    lifecycle.set_ready();
    if role.is_web() {
        greet(ground, &url, setup::offer(&app).await?.as_ref());
    }
    let failure = tokio::select! {
        biased;
        () = lifecycle.soft.cancelled() => None,
        error = ground.power.failure() => Some(error),
        Some(_) = parts.join_next() => Some(anyhow!("a part of the server ended by itself")),
    };
    lifecycle.stop();
    let all = async {
        while parts.join_next().await.is_some() {}
        app.parts().tasks.close();
        app.parts().tasks.wait().await;
        app.parts().permits.settle().await;
        tell_uses(&app).await;
    };
    lifecycle.drain(all, http.drain() + GRACE).await;
    failure.map_or(Ok(()), Err)
}

/// Counts how often keys are used, until the soft stop.
async fn count_uses(app: App, lifecycle: Lifecycle) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(USES) => tell_uses(&app).await,
            () = lifecycle.soft.cancelled() => return,
        }
    }
}

/// Tells the person who started the server what there is to know.
fn greet(ground: &Ground, url: &str, setup: Option<&PlainToken>) {
    if let Some(warning) = ground.keys.warning() {
        println!("{warning}\n");
    }
    println!("SOFiE is ready: {url}");
    if let Some(setup) = setup {
        let link = format!("{url}/setup#{}", setup.expose());
        println!("Make the first administrator with this link, which works once:\n{link}");
    }
}
