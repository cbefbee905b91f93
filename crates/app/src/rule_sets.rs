//! Sets of YARA rules: uploaded, checked, put in force and taken back (DET-10).
//!
//! A set has versions, of which at most one is in force. What can't be compiled is never stored, and what is to be
//! in force is compiled together first, in the jail that will search files by it.

use aws_lc_rs::digest;
use serde_json::json;
use sofie_detection::{RuleSet as Source, Yara};
use sofie_domain::{Actor, AdministratorPermission, Event, RuleSetName};
pub use sofie_store::rule_sets::Version;
use sofie_store::{
    Tx,
    rule_sets::{self as rows, NewVersion, RuleSet as Row},
};

use crate::{App, Context, Error, Result, audit, engines};

mod force;

pub(crate) use force::in_force;
pub use sofie_detection::RuleError;

/// The longest rules of one version, in bytes.
pub const LONGEST_SOURCE: usize = 4 << 20;
/// The longest rules that may be in force together, in bytes.
const LONGEST_TOGETHER: u64 = 8 << 20;
/// The most sets.
const MOST_SETS: usize = 100;
/// How much of the processor's time a check of rules may take, in seconds.
const CHECK_SECONDS: u64 = 60;

/// A set as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetView {
    /// Its name.
    pub name: String,
    /// The version in force, if one is.
    pub active_version: Option<i32>,
    /// Its versions, the newest first.
    pub versions: Vec<Version>,
}

/// Lists the sets.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<RuleSetView>> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let mut tx = app.db().read().await?;
    let sets = rows::list(&mut tx).await?;
    let mut versions = rows::versions(&mut tx).await?;
    let view = |set: Row| RuleSetView {
        versions: versions
            .extract_if(.., |version| version.set == set.name)
            .collect(),
        name: set.name,
        active_version: set.active_version,
    };
    Ok(sets.into_iter().map(view).collect())
}

/// Returns the rules of a version as they were written.
pub async fn source(app: &App, ctx: &Context, set: &str, version: i32) -> Result<String> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let found = rows::source(&mut app.db().read().await?, set, version).await?;
    found.ok_or(Error::NotFound)
}

/// Adds a version of a set, if its rules can be compiled; the first one makes the set. It is not put in force.
pub async fn upload(app: &App, ctx: &Context, set: &str, source: &str) -> Result<RuleSetView> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let name = RuleSetName::parse(set).ok_or(Error::invalid("name", "invalid"))?;
    if source.len() > LONGEST_SOURCE {
        return Err(Error::invalid("source", "too_long"));
    }
    let name = name.as_str();
    let known = rows::list(&mut app.db().read().await?).await?;
    if known.len() >= MOST_SETS && !known.iter().any(|set| set.name == name) {
        return Err(Error::Conflict("conflict"));
    }
    let rules = compile(app, vec![own(name, source)]).await?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, source.as_bytes()).as_ref());
    let mut tx = app.db().begin().await?;
    let new = NewVersion {
        set: name,
        source,
        sha256,
        rules,
        author: match ctx.actor {
            Actor::Administrator { id, .. } => Some(id),
            _ => None,
        },
        created_at: ctx.now,
    };
    let number = rows::insert(&mut tx, &new).await?;
    let data = json!({ "version": number, "rules": rules, "sha256": hex::encode(sha256) });
    record(&mut tx, ctx, Event::RuleSetUploaded, name, data).await?;
    tx.commit().await?;
    find(app, ctx, name).await
}

/// Puts a version in force, an older one as well as a newer one, or takes the set out of force.
///
/// Files that can still be fetched are then looked at again, as when an engine has new signatures.
pub async fn activate(
    app: &App,
    ctx: &Context,
    set: &str,
    version: Option<i32>,
) -> Result<RuleSetView> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    if let Some(version) = version {
        check_together(app, set, version).await?;
    }
    let mut tx = app.db().begin().await?;
    let sets = rows::lock(&mut tx).await?;
    let row = sets.into_iter().find(|row| row.name == set);
    let before = row.ok_or(Error::NotFound)?.active_version;
    if before == version {
        return find(app, ctx, set).await;
    }
    rows::activate(&mut tx, set, version).await?;
    let together: u64 = rows::active(&mut tx).await?.iter().map(|v| v.bytes).sum();
    if version.is_some() && together > LONGEST_TOGETHER {
        return Err(Error::invalid("version", "too_long"));
    }
    let event = if version.is_some() {
        Event::RuleSetActivated
    } else {
        Event::RuleSetDeactivated
    };
    let data = json!({ "before": before, "version": version });
    record(&mut tx, ctx, event, set, data).await?;
    tx.commit().await?;
    engines::test_rules(app).await?;
    find(app, ctx, set).await
}

/// Takes a set away with all its versions. Its findings stay.
pub async fn remove(app: &App, ctx: &Context, set: &str) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let mut tx = app.db().begin().await?;
    let sets = rows::lock(&mut tx).await?;
    let row = sets.into_iter().find(|row| row.name == set);
    let before = row.ok_or(Error::NotFound)?.active_version;
    rows::remove(&mut tx, set).await?;
    let data = json!({ "before": before });
    record(&mut tx, ctx, Event::RuleSetRemoved, set, data).await?;
    tx.commit().await?;
    engines::test_rules(app).await
}

/// Compiles what would be in force.
async fn check_together(app: &App, set: &str, version: i32) -> Result<()> {
    let mut tx = app.db().read().await?;
    let source = rows::source(&mut tx, set, version).await?;
    let source = source.ok_or(Error::NotFound)?;
    let mut sources = vec![own(set, &source)];
    for other in rows::active(&mut tx).await? {
        if other.set != set
            && let Some(source) = rows::source(&mut tx, &other.set, other.number).await?
        {
            sources.push(own(&other.set, &source));
        }
    }
    drop(tx);
    compile(app, sources).await.map(drop)
}

fn own(name: &str, source: &str) -> Source {
    Source {
        name: name.to_owned(),
        source: source.to_owned(),
    }
}

/// Compiles rules in a process of their own; returns how many there are.
async fn compile(app: &App, sets: Vec<Source>) -> Result<u64> {
    let rules = Yara {
        sets,
        version: String::new(),
        object_bytes: 0,
        seconds: CHECK_SECONDS,
    };
    let checked = app.parts().engines.inspector().check_rules(&rules).await;
    match checked {
        Ok(Ok(rules)) => Ok(rules),
        Ok(Err(errors)) => Err(Error::Rules(errors)),
        // Rules that the compiler dies of, or that take it too long, are as good as wrong.
        Err(failure) => {
            tracing::warn!(
                error = &failure as &dyn std::error::Error,
                "rules could not be checked"
            );
            Err(Error::Rules(vec![RuleError {
                set: String::new(),
                line: 0,
                message: failure.to_string(),
            }]))
        }
    }
}

async fn find(app: &App, ctx: &Context, name: &str) -> Result<RuleSetView> {
    let sets = list(app, ctx).await?;
    sets.into_iter()
        .find(|set| set.name == name)
        .ok_or(Error::NotFound)
}

async fn record(
    tx: &mut Tx,
    ctx: &Context,
    event: Event,
    name: &str,
    data: serde_json::Value,
) -> Result<()> {
    audit::record(tx, ctx, event, Some(("rule_set", name.to_owned())), data).await
}
