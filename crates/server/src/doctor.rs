//! Looking whether all is well.

use std::fmt;
use std::time::{Duration, SystemTime};

use sofie_app::engines::{self, EngineView};
use sofie_app::{App, Context, outbox};
use sofie_domain::Clock;
use sofie_mail::SmtpTransport;
use sofie_store::Protection;
use sofie_store::roles::{self, Standing};
use sofie_vault::{KekFiles, KekSource};

use crate::assemble;
use crate::clock::SystemClock;
use crate::ground::{Ground, Purpose, Site};
use crate::{data_dir, frontend, kafka, storage};

/// Below this much free space, or a twentieth of all, it is time for an administrator to do something.
const LEAST_FREE: u64 = 2 << 30;

/// So much may the clock of an object store differ from ours.
const SKEW: Duration = Duration::from_mins(1);

/// What one check found.
#[derive(Debug)]
pub struct Finding {
    state: State,
    what: String,
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

impl Finding {
    pub fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            what: what.into(),
            detail: detail.into(),
        }
    }

    pub fn warn(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            state: State::Warn,
            what: what.into(),
            detail: detail.into(),
        }
    }

    pub fn fail(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            state: State::Fail,
            what: what.into(),
            detail: detail.into(),
        }
    }

    pub fn failed(&self) -> bool {
        self.state == State::Fail
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        write!(out, "{state:<5} {:<16} {}", self.what, self.detail)
    }
}

/// Whether the clock is at least where it was when this program was built: expiry depends on it.
fn clock_is_sane(clock: &dyn Clock) -> bool {
    let built: i64 = env!("SOFIE_BUILT_AT").parse().unwrap_or(0);
    clock.now().timestamp() >= built
}

/// Fails when the clock can't be right.
pub fn ensure_clock(clock: &dyn Clock) -> anyhow::Result<()> {
    anyhow::ensure!(
        clock_is_sane(clock),
        "the clock of this machine is wrong: it shows a time before this program was built"
    );
    Ok(())
}

/// Makes every check; a check that needs what an earlier one found missing is left out.
pub async fn examine(site: Site) -> Vec<Finding> {
    let mut findings = vec![
        clock(),
        embedded_front_end(),
        data_directory(&site),
        free_space(&site),
        key_files(&site),
    ];
    if findings.iter().any(Finding::failed) {
        return findings;
    }
    match Ground::open(site, Purpose::Command).await {
        Ok(ground) => {
            findings.extend(installation(&ground).await);
            findings.extend(kafka::examine(ground.site.config.kafka.options()).await);
            findings.extend(
                database_server(&ground.site)
                    .await
                    .unwrap_or_else(|error| vec![Finding::fail("database", format!("{error:#}"))]),
            );
            ground.close().await;
        }
        Err(error) => findings.push(Finding::fail("database", format!("{error:#}"))),
    }
    findings
}

fn clock() -> Finding {
    if clock_is_sane(&SystemClock) {
        Finding::ok("clock", SystemClock.now().format("%F %T UTC").to_string())
    } else {
        Finding::fail("clock", "it shows a time before this program was built")
    }
}

fn embedded_front_end() -> Finding {
    if frontend::is_built() {
        Finding::ok("front end", "part of this program")
    } else {
        Finding::warn(
            "front end",
            "not part of this build: only the API answers (build with `make build`)",
        )
    }
}

fn data_directory(site: &Site) -> Finding {
    let shown = site.dir.display();
    if !site.dir.is_dir() {
        return Finding::fail(
            "data directory",
            format!("{shown} does not exist: has `sofie serve` run here?"),
        );
    }
    match data_dir::try_writing(&site.dir) {
        Ok(()) => Finding::ok("data directory", shown.to_string()),
        Err(error) => Finding::fail(
            "data directory",
            format!("{shown} can't be written: {error}"),
        ),
    }
}

fn free_space(site: &Site) -> Finding {
    let stat = match rustix::fs::statvfs(&site.dir) {
        Ok(stat) => stat,
        Err(error) => return Finding::warn("free space", format!("can't be told: {error}")),
    };
    let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let shown = format!("{} of {} GiB", free >> 30, all >> 30);
    if free < LEAST_FREE.max(all / 20) {
        Finding::warn(
            "free space",
            format!(
                "{shown}: uploads that would leave less than {} MiB are refused",
                sofie_app::uploads::FREE_FLOOR >> 20
            ),
        )
    } else {
        Finding::ok("free space", shown)
    }
}

fn key_files(site: &Site) -> Finding {
    let source = KekFiles::new(site.kek_file());
    match source.load() {
        Ok(found) if found.is_empty() => {
            let shown = source.first().display();
            Finding::fail("key file", format!("{shown}: the key file is missing"))
        }
        Ok(found) => {
            let shown: Vec<String> = found
                .iter()
                .map(|found| format!("{} (key {})", found.place, found.kek.id()))
                .collect();
            Finding::ok(
                "key file",
                format!("{}; keep a copy apart from the data", shown.join(", ")),
            )
        }
        Err(error) => Finding::fail("key file", format!("{error}: {}", error.source)),
    }
}

/// Whether every key is there that something is under.
async fn keys_in_use(app: &App) -> anyhow::Result<Finding> {
    let views = sofie_app::keys::list(app).await?;
    let lost: Vec<String> = views
        .iter()
        .filter(|view| view.place.is_none() && view.packages > 0)
        .map(|view| format!("{} ({} packages)", view.id, view.packages))
        .collect();
    Ok(if lost.is_empty() {
        Finding::ok("keys in use", format!("{} known, none lost", views.len()))
    } else {
        Finding::fail("keys in use", format!("not found: {}", lost.join(", ")))
    })
}

/// What can be told only with the database at hand.
async fn installation(ground: &Ground) -> Vec<Finding> {
    if let Err(error) = ground.db.ping().await {
        return vec![Finding::fail(
            "database",
            format!("does not answer: {error}"),
        )];
    }
    let mut findings = vec![Finding::ok("database", "answers, its schema is up to date")];
    match assemble::app(ground, String::new()).await {
        Ok(app) => {
            findings.push(files(&app, &ground.site).await);
            match keys_in_use(&app).await {
                Ok(finding) => findings.push(finding),
                Err(error) => findings.push(Finding::fail("keys in use", format!("{error:#}"))),
            }
            match settings(&app).await {
                Ok(found) => findings.extend(found),
                Err(error) => findings.push(Finding::fail("settings", format!("{error:#}"))),
            }
        }
        Err(error) => findings.push(Finding::fail("installation", format!("{error:#}"))),
    }
    findings
}

/// The store of files, which bears this installation's name: else there would be no app.
async fn files(app: &App, site: &Site) -> Finding {
    let place = storage::place(site, site.config.storage.kind);
    let probe = match app.parts().vault.probe().await {
        Ok(probe) => probe,
        Err(error) => {
            let error = anyhow::Error::from(error);
            return Finding::fail("files", format!("{place}: {error:#}"));
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
        ),
        None => Finding::ok(
            "files",
            format!("{place} is this installation's; can be written, read and deleted"),
        ),
    }
}

/// How safe the way to somebody else's PostgreSQL is, and whether we have more rights there than we need.
async fn database_server(site: &Site) -> anyhow::Result<Vec<Finding>> {
    let Some(connect) = site.config.database.server()? else {
        return Ok(Vec::new());
    };
    let way = match connect.protection()? {
        Protection::Local => Finding::ok("database way", "does not leave this machine"),
        Protection::Verified => {
            Finding::ok("database way", "encrypted, and the server proves its name")
        }
        Protection::None(host) => Finding::warn(
            "database way",
            format!(
                "{host} does not prove who it is (sslmode=verify-full): whoever is in between can read along"
            ),
        ),
    };
    let Standing {
        name,
        owner,
        creator,
    } = roles::standing(&connect).await?;
    let rights = if owner {
        let words = "owns the tables: who takes over a process can change the audit log; see `sofie migrate --roles`";
        Finding::warn("database role", format!("{name} {words}"))
    } else if creator {
        let words =
            "may make tables: `revoke create on schema public from public`, as the superuser";
        Finding::warn("database role", format!("{name} {words}"))
    } else {
        Finding::ok("database role", format!("{name}, which owns no table"))
    };
    Ok(vec![way, rights])
}

async fn settings(app: &App) -> anyhow::Result<Vec<Finding>> {
    let base_url = app.settings().await?.text("instance.base_url");
    let mut findings = vec![if base_url.is_empty() {
        Finding::warn(
            "address",
            "instance.base_url is not set: links in mails point at this machine",
        )
    } else {
        Finding::ok("address", base_url)
    }];
    findings.push(mail(app).await?);
    findings.extend(engines(app).await?);
    Ok(findings)
}

async fn mail(app: &App) -> anyhow::Result<Finding> {
    let Some(config) = outbox::smtp(app).await? else {
        return Ok(Finding::warn(
            "mail",
            "no server is set: mails stay in the outbox",
        ));
    };
    let host = config.host.clone();
    let answer = match SmtpTransport::new(config) {
        Ok(transport) => transport.probe().await,
        Err(error) => Err(error),
    };
    Ok(match answer {
        Ok(()) => Finding::ok("mail", format!("{host} answers")),
        Err(error) => Finding::fail("mail", format!("{host}: {:#}", anyhow::Error::from(error))),
    })
}

/// Has every engine show that it finds the test file.
async fn engines(app: &App) -> anyhow::Result<Vec<Finding>> {
    engines::test_all(app).await?;
    let views = engines::list(app, &Context::system(app.now())).await?;
    let mut findings: Vec<Finding> = views.iter().map(engine).collect();
    if engines::no_antivirus(app).await? {
        let words = "none is set up: packages flow by the word of the internal engines alone";
        findings.push(Finding::warn("antivirus", words));
    }
    Ok(findings)
}

fn engine(view: &EngineView) -> Finding {
    if !view.enabled {
        return Finding::warn(&view.name, "switched off");
    }
    let state = view.state.as_ref();
    if state.and_then(|state| state.available) == Some(true) {
        let version = state.and_then(|state| state.version.clone());
        return Finding::ok(
            &view.name,
            version.unwrap_or_else(|| "passes its self-test".to_owned()),
        );
    }
    let error = state.and_then(|state| state.last_error.clone());
    Finding::fail(
        &view.name,
        error.unwrap_or_else(|| "does not pass its self-test".to_owned()),
    )
}
