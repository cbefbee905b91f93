//! What the installation works with: its files, its address, its mail server, its engines, its work.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use chrono::TimeDelta;
use sofie_app::engines::{self, EngineView};
use sofie_app::{App, Context, outbox, setup};
use sofie_domain::Clock;
use sofie_mail::{SmtpTls, SmtpTransport};
use sofie_store::{jobs, measures};

use super::Finding;
use crate::assemble;
use crate::clock::SystemClock;
use crate::ground::{Ground, Site};
use crate::storage;

/// So much may the clock of an object store differ from ours.
const SKEW: Duration = Duration::from_mins(1);
/// Work that waits for longer is taken by nobody.
const IDLE: f64 = 300.0;
/// Signatures that are older were not updated.
const OLD: TimeDelta = TimeDelta::days(7);

/// Looks at everything that there is to see from a database that answers.
pub async fn examine(ground: &Ground) -> Vec<Finding> {
    let app = match assemble::app(ground, String::new()).await {
        Ok(app) => app,
        Err(error) => {
            let advice = "mount the store, see to storage in the configuration, or put its marker file sofie-vault back";
            return vec![Finding::fail("files", format!("{error:#}"), advice)];
        }
    };
    let mut all = vec![files(&app, &ground.site).await];
    match settings(&app).await {
        Ok(found) => all.extend(found),
        Err(error) => {
            let advice = "see to the database, then ask again";
            all.push(Finding::fail("settings", format!("{error:#}"), advice));
        }
    }
    all
}

async fn settings(app: &App) -> Result<Vec<Finding>> {
    let mut all = vec![keys_in_use(app).await?];
    if setup::required(app).await? {
        let advice = "open the link that the first start printed, or `sofie admin add`";
        all.push(Finding::warn("administrators", "there is none", advice));
    }
    let url = app.settings().await?.text("instance.base_url");
    all.push(address(&url).await);
    all.push(mail(app).await?);
    all.extend(tested_engines(app).await?);
    all.push(work(app).await?);
    Ok(all)
}

/// Whether every key is there that something is under.
async fn keys_in_use(app: &App) -> Result<Finding> {
    let ctx = Context::system(app.now());
    let views = sofie_app::keys::list(app, &ctx).await?;
    let lost: Vec<String> = views
        .iter()
        .filter(|view| view.lost())
        .map(|view| {
            let why = view.closed.as_deref().unwrap_or("not found");
            format!("{} ({} packages): {why}", view.id, view.packages)
        })
        .collect();
    Ok(if lost.is_empty() {
        Finding::ok("keys in use", format!("{} known, none lost", views.len()))
    } else {
        let advice = "put back their files, or see to what sealed them: nothing that is under them can be read";
        Finding::fail("keys in use", lost.join(", "), advice)
    })
}

/// The store of files, which bears this installation's name: else there would be no app.
async fn files(app: &App, site: &Site) -> Finding {
    let place = storage::place(site, site.config.storage.kind);
    let probe = match app.parts().vault.probe().await {
        Ok(probe) => probe,
        Err(error) => {
            let error = anyhow::Error::from(error);
            let advice =
                "make room, see to the owner of the folder, or to the rights of the access key";
            return Finding::fail("files", format!("{place}: {error:#}"), advice);
        }
    };
    let ours = SystemTime::from(SystemClock.now());
    let skew = probe.clock.map(|theirs| {
        let ahead = ours.duration_since(theirs).unwrap_or_default();
        let behind = theirs.duration_since(ours).unwrap_or_default();
        ahead.max(behind)
    });
    match skew.filter(|skew| *skew > SKEW) {
        Some(skew) => Finding::warn(
            "files",
            format!(
                "{place}: its clock differs from ours by {} s; beyond 15 minutes it refuses us",
                skew.as_secs()
            ),
            "keep both machines' clocks right: chrony or systemd-timesyncd",
        ),
        None => Finding::ok(
            "files",
            format!("{place} is this installation's; can be written, read and deleted"),
        ),
    }
}

/// The address in mails and links.
async fn address(url: &str) -> Finding {
    let what = "address";
    let Some((scheme, rest)) = url.split_once("://") else {
        let detail = "instance.base_url is not set: links in mails point at this machine";
        let advice = "set it to the address that people type: Administration → Settings → Instance";
        return Finding::warn(what, detail, advice);
    };
    if scheme != "https" {
        let detail = format!("{url}: links and cookies go without TLS");
        let advice =
            "put a proxy with TLS in front, and set instance.base_url to its https:// address";
        return Finding::fail(what, detail, advice);
    }
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let found = tokio::net::lookup_host((host, 443)).await;
    if found.is_ok_and(|mut addresses| addresses.next().is_some()) {
        Finding::ok(
            what,
            format!("{url}; see from outside: sofie doctor --url {url}"),
        )
    } else {
        let detail = format!("{url}: the name has no address, so no link in a mail can be opened");
        Finding::fail(
            what,
            detail,
            "set instance.base_url right, or add the name to the DNS zone",
        )
    }
}

async fn mail(app: &App) -> Result<Finding> {
    let what = "mail";
    let Some(config) = outbox::smtp(app).await? else {
        let detail = "no server is set: mails stay in the outbox";
        let advice = "set mail.smtp_host: Administration → Settings → Mail";
        return Ok(Finding::warn(what, detail, advice));
    };
    let host = config.host.clone();
    let open = config.tls == SmtpTls::None && !is_here(&host);
    let answer = match SmtpTransport::new(config) {
        Ok(transport) => transport.probe().await,
        Err(error) => Err(error),
    };
    Ok(match answer {
        Ok(()) if open => Finding::warn(
            what,
            format!("{host} answers; mails with their links go there without TLS"),
            "set mail.smtp_security to starttls or tls",
        ),
        Ok(()) => Finding::ok(what, format!("{host} answers")),
        Err(error) => {
            let said = format!("{host}: {:#}", anyhow::Error::from(error));
            let advice = if said.contains("certificate") {
                "the server needs a certificate for this name from an authority that this machine trusts"
            } else if said.to_lowercase().contains("tls") {
                "the server must offer TLS, or mail.smtp_security be what it does offer"
            } else {
                "start the mail server, see to mail.smtp_host, mail.smtp_port, the login and the firewall"
            };
            Finding::fail(what, said, advice)
        }
    })
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Has every engine show that it finds the test file.
async fn tested_engines(app: &App) -> Result<Vec<Finding>> {
    engines::test_all(app).await?;
    let views = engines::list(app, &Context::system(app.now())).await?;
    let mut all: Vec<Finding> = views.iter().map(|view| engine(view, app)).collect();
    if engines::no_antivirus(app).await? {
        let words = "none is set up: packages flow by the word of the internal engines alone";
        let advice = "add one: Administration → Engines, docs/manual/engines.md";
        all.push(Finding::warn("antivirus", words, advice));
    }
    Ok(all)
}

fn engine(view: &EngineView, app: &App) -> Finding {
    let what = view.name.as_str();
    if !view.enabled {
        let advice = "switch it on, or take it off the list";
        return if view.mandatory {
            let detail = "switched off, though nothing was to be delivered without its word";
            Finding::fail(what, detail, advice)
        } else {
            Finding::warn(what, "switched off", advice)
        };
    }
    let state = view.state.as_ref();
    if state.and_then(|state| state.available) != Some(true) {
        let error = state.and_then(|state| state.last_error.clone());
        let error = error.unwrap_or_else(|| "does not pass its self-test".to_owned());
        let advice = "see that it runs and answers at its address; until then packages wait or are held back";
        return Finding::fail(what, error, advice);
    }
    let age = state
        .and_then(|state| state.signature_at)
        .map(|made| app.now() - made);
    if let Some(age) = age.filter(|age| *age > OLD) {
        let detail = format!("its signatures are {} days old", age.num_days());
        return Finding::warn(what, detail, "see to its updates (clamd: freshclam)");
    }
    let version = state.and_then(|state| state.version.clone());
    Finding::ok(
        what,
        version.unwrap_or_else(|| "passes its self-test".to_owned()),
    )
}

/// Whether somebody does the work, and whether some was given up.
async fn work(app: &App) -> Result<Finding> {
    let mut tx = app.db().read().await?;
    let dead = jobs::count(&mut tx).await?.dead;
    let waiting = measures::waiting(&mut tx).await?;
    let idle = waiting.iter().find(|queue| queue.oldest > IDLE);
    Ok(if let Some(queue) = idle {
        let detail = format!(
            "{} jobs of {} wait, and nobody takes them",
            queue.waiting, queue.queue
        );
        Finding::warn(
            "work",
            detail,
            "start `sofie worker` (or serve), and read its log",
        )
    } else if dead > 0 {
        let advice = "read why and try them again: Administration → Jobs";
        Finding::warn("work", format!("{dead} jobs were given up"), advice)
    } else {
        Finding::ok("work", "none is left lying")
    })
}
