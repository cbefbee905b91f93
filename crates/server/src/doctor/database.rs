//! The database: why it can't be used, how it is reached, how it is set.

use std::time::Duration;

use anyhow::Result;
use sofie_domain::Clock;
use sofie_store::condition::{self, Condition};
use sofie_store::roles::{self, Standing};
use sofie_store::schema::Unusable;
use sofie_store::{Error, Protection};
use sofie_vault::SealError;

use super::Finding;
use crate::clock::SystemClock;
use crate::ground::{Ground, Site};

/// So much may its clock differ from ours.
const SKEW: Duration = Duration::from_mins(1);

/// Says why an installation could not be opened.
pub fn refusal(error: &anyhow::Error) -> Finding {
    let said = format!("{error:#}");
    let stored = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>());
    let mut causes = error.chain();
    match stored {
        // First: a service may speak of certificates and authentication, too.
        _ if causes.any(<dyn std::error::Error>::is::<SealError>) => Finding::fail(
            "keys in use",
            said,
            "see what is said of keys above: what sealed the key must open it, or the key comes out of escrow \
             (sofie keys import --seal none)",
        ),
        Some(Error::Schema(unusable)) => schema(unusable),
        Some(Error::ReadOnly) => read_only(),
        Some(Error::Unsafe { .. }) => Finding::fail(
            "database way",
            said,
            "sslmode=verify-full in database.url; database.unverified only for a network that is yours alone",
        ),
        _ if said.contains("certificate") => Finding::fail(
            "database way",
            said,
            "name the authority of the server's certificate by sslrootcert=FILE, and the server by the name in it",
        ),
        _ if said.contains("authentication failed") => Finding::fail(
            "database",
            said,
            "the right user and password into database.url or its file",
        ),
        _ if said.contains("cannot use the keys") || said.contains("column key") => Finding::fail(
            "keys in use",
            said,
            "put back the key file that this installation began with, or name its place in keys.kek_file",
        ),
        _ => Finding::fail(
            "database",
            said,
            "start the server, see to database.url and the firewall; a private one writes its log into postgres/ of \
             the data directory",
        ),
    }
}

fn schema(unusable: &Unusable) -> Finding {
    let advice = match unusable {
        Unusable::Newer { .. } => "install the newer program again",
        Unusable::Changed { .. } => "install the build that this database belongs to",
        Unusable::Busy => "wait for the other `sofie migrate`",
        Unusable::OldServer { .. } => "update PostgreSQL",
        Unusable::Behind { .. } | Unusable::OtherRights => {
            "`sofie migrate`, as the owner of the tables"
        }
    };
    Finding::fail("schema", unusable.to_string(), advice)
}

fn read_only() -> Finding {
    Finding::fail(
        "database",
        "answers, but takes no changes",
        "point database.url at the primary, or end default_transaction_read_only",
    )
}

/// Whether the database answers, takes changes, and keeps what it confirms.
pub async fn examine(ground: &Ground) -> Vec<Finding> {
    match ground.db.ping().await {
        Ok(()) => {}
        Err(Error::ReadOnly) => return vec![read_only()],
        Err(error) => return vec![refusal(&error.into())],
    }
    let mut all = vec![Finding::ok("database", "answers, its schema is up to date")];
    let condition = async { condition::look(&mut ground.db.read().await?).await };
    match condition.await {
        Ok(condition) => {
            all.push(promises(&condition));
            all.push(clock(&condition));
            all.extend(room(&condition, ground.site.config.database.connections()));
        }
        Err(error) => all.push(refusal(&error.into())),
    }
    match way_and_role(&ground.site).await {
        Ok(found) => all.extend(found),
        Err(error) => all.push(refusal(&error)),
    }
    all
}

/// Whether what the server confirms is there after a power failure: nothing that we acknowledge is worth more.
fn promises(condition: &Condition) -> Finding {
    let what = "database promises";
    let broken: Vec<&str> = [
        (condition.durable, "fsync"),
        (condition.whole_pages, "full_page_writes"),
        (condition.waits, "synchronous_commit"),
    ]
    .into_iter()
    .filter_map(|(kept, name)| (!kept).then_some(name))
    .collect();
    if broken.is_empty() {
        return Finding::ok(what, "what it confirms survives a power failure");
    }
    let detail = format!(
        "{} switched off: what was acknowledged may be lost with the power",
        broken.join(" and ")
    );
    Finding::fail(what, detail, "switch it on in postgresql.conf")
}

fn clock(condition: &Condition) -> Finding {
    let what = "database clock";
    let apart = (SystemClock.now() - condition.clock).abs().to_std();
    let apart = apart.unwrap_or_default();
    if apart > SKEW {
        let detail = format!(
            "differs from ours by {} s: packages would end at another time",
            apart.as_secs()
        );
        Finding::fail(
            what,
            detail,
            "keep both machines' clocks right: chrony or systemd-timesyncd",
        )
    } else {
        Finding::ok(what, "goes with ours")
    }
}

fn room(condition: &Condition, wanted: u32) -> Option<Finding> {
    let there = u32::try_from(condition.connections).unwrap_or_default();
    (wanted > there).then(|| {
        Finding::warn(
            "connections",
            format!("this process may want {wanted}, the server takes {there} of everybody"),
            "raise max_connections there, or lower database.connections",
        )
    })
}

/// How safe the way to somebody else's PostgreSQL is, and whether we have more rights there than we need.
async fn way_and_role(site: &Site) -> Result<Vec<Finding>> {
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
            format!("{host} does not prove who it is: whoever is in between can read along"),
            "sslmode=verify-full in database.url",
        ),
    };
    let Standing {
        name,
        owner,
        creator,
    } = roles::standing(&connect).await?;
    let role = if owner {
        let detail =
            format!("{name} owns the tables: who takes over a process can change the audit log");
        let advice = "`sofie migrate --roles`, and a role of its own for each process";
        Finding::warn("database role", detail, advice)
    } else if creator {
        let advice = "as the superuser: revoke create on schema public from public";
        Finding::warn("database role", format!("{name} may make tables"), advice)
    } else {
        Finding::ok("database role", format!("{name}, which owns no table"))
    };
    Ok(vec![way, role])
}
