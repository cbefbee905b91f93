//! Looking whether all is well.

mod database;
mod finding;
mod keys;
mod machine;
mod services;

use sofie_client::outside::{self, Grade, Seen};
use sofie_domain::Clock;

pub use self::finding::Finding;
use crate::clock::SystemClock;
use crate::ground::{Ground, Purpose, Site};
use crate::kafka;

/// Without these nothing else can be looked at.
const FIRST: [&str; 3] = ["clock", "data directory", "key file"];

/// Fails when the clock can't be right.
pub fn ensure_clock(clock: &dyn Clock) -> anyhow::Result<()> {
    anyhow::ensure!(
        machine::clock_is_sane(clock),
        "the clock of this machine is wrong: it shows a time before this program was built"
    );
    Ok(())
}

/// What is said of a configuration that can't be read.
pub fn misconfigured(error: &anyhow::Error) -> Finding {
    let advice = "correct it: `sofie config default` prints every key with its meaning";
    Finding::fail("configuration", format!("{error:#}"), advice)
}

/// Makes every check; a check that needs what an earlier one found missing is left out.
pub async fn examine(site: Site) -> Vec<Finding> {
    let mut findings = machine::examine(&site);
    let stuck = |finding: &Finding| finding.failed() && FIRST.contains(&finding.what());
    if findings.iter().any(stuck) {
        return findings;
    }
    let kafka = kafka::examine(site.config.kafka.options()).await;
    let named = !kafka.as_ref().is_some_and(Finding::failed);
    findings.extend(kafka);
    match Ground::open(site, Purpose::Command).await {
        Ok(ground) => {
            let found = database::examine(&ground).await;
            let usable = !(found.iter()).any(|one| one.failed() && one.what() == "database");
            findings.extend(found);
            if usable && named {
                findings.extend(services::examine(&ground).await);
            }
            ground.close().await;
        }
        Err(error) => findings.push(database::refusal(&error)),
    }
    findings
}

/// Looks at a server as a stranger does.
pub async fn from_outside(url: &str, http_port: u16) -> Vec<Finding> {
    let now = SystemClock.now().timestamp();
    match outside::look(url, http_port, now).await {
        Ok(seen) => seen.into_iter().map(Finding::from).collect(),
        Err(error) => vec![Finding::fail(
            "address",
            error.to_string(),
            "give the address that people type, with https://",
        )],
    }
}

impl From<Seen> for Finding {
    fn from(seen: Seen) -> Self {
        match seen.grade {
            Grade::Good => Self::ok(seen.what, seen.detail),
            Grade::Poor => Self::warn(seen.what, seen.detail, seen.advice),
            Grade::Bad => Self::fail(seen.what, seen.detail, seen.advice),
        }
    }
}
