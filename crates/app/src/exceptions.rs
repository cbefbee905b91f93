//! Exceptions from the policy (DET-24): one administrator proposes, another one agrees, and time ends them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{
    Actor, AdministratorId, AdministratorPermission, Event, Exception, ExceptionId, Excused,
    NamePattern, Reason, Senders, Sha256,
};
use sofie_store::{Cursor, Page, exceptions, groups};

pub use sofie_store::exceptions::Record;

use crate::{
    App, Context, Error, Result, audit,
    fields::{Fields, text_code},
    sessions::demand,
};

/// The longest that an exception may last, in days.
const LONGEST: i64 = 366;
/// The longest name of an engine, in characters.
const LONGEST_ENGINE: usize = 100;

/// What is proposed, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// SHA-256 of a file, in hexadecimal; this or the next two.
    pub sha256: Option<String>,
    /// An engine.
    pub engine: Option<String>,
    /// What it calls the finding, with `*` for any text.
    pub finding: Option<String>,
    /// An address, a domain behind an `@`, or the id of a group behind `group:`; empty is everybody.
    pub sender: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Proposes an exception. It counts once another administrator agrees.
pub async fn propose(app: &App, ctx: &Context, proposal: &Proposal) -> Result<Record> {
    let by = decider(ctx)?;
    let (exception, reason) = parse(ctx, proposal)?;
    let mut tx = app.db().begin().await?;
    if let Senders::Group(id) = exception.senders {
        let known = groups::find(&mut tx, id).await?;
        known.ok_or(Error::invalid("sender", "invalid"))?;
    }
    let times = (ctx.now, proposal.expires_at);
    exceptions::propose(&mut tx, &exception, (by, reason.as_str()), times).await?;
    let data = json!({
        "sha256": proposal.sha256, "engine": proposal.engine, "finding": proposal.finding,
        "sender": exception.senders.to_string(), "expires_at": proposal.expires_at, "reason": reason.as_str(),
    });
    let object = Some(object(exception.id));
    audit::record(&mut tx, ctx, Event::ExceptionProposed, object, data).await?;
    let record = exceptions::find(&mut tx, exception.id).await?;
    tx.commit().await?;
    record.ok_or(Error::NotFound)
}

fn parse(ctx: &Context, proposal: &Proposal) -> Result<(Exception, Reason)> {
    let mut fields = Fields::default();
    let excused = match (&proposal.sha256, &proposal.engine, &proposal.finding) {
        (Some(sha256), None, None) => {
            let sha256 = Sha256::parse(sha256.trim());
            if sha256.is_none() {
                fields.wrong("sha256", "invalid");
            }
            sha256.map(Excused::Content)
        }
        (None, Some(engine), Some(name)) => {
            let engine = engine.trim().to_owned();
            if engine.is_empty() || engine.chars().count() > LONGEST_ENGINE {
                fields.wrong("engine", "invalid");
            }
            let name = NamePattern::parse(name);
            if name.is_none() {
                fields.wrong("finding", "invalid");
            }
            name.map(|name| Excused::Finding { engine, name })
        }
        _ => {
            fields.wrong("sha256", "required");
            None
        }
    };
    let senders = Senders::parse(&proposal.sender);
    if senders.is_none() {
        fields.wrong("sender", "invalid");
    }
    let reason = Reason::parse(&proposal.reason).map_err(text_code);
    if let Err(code) = &reason {
        fields.wrong("reason", code);
    }
    let end = proposal.expires_at;
    if end <= ctx.now || end > ctx.now + TimeDelta::days(LONGEST) {
        fields.wrong("expires_at", "invalid");
    }
    fields.done()?;
    let (Some(excused), Some(senders), Ok(reason)) = (excused, senders, reason) else {
        return Err(Error::invalid("sha256", "invalid"));
    };
    let id = ExceptionId::fresh();
    let exception = Exception {
        id,
        excused,
        senders,
    };
    Ok((exception, reason))
}

/// Puts an exception in force that another administrator proposed.
pub async fn approve(app: &App, ctx: &Context, id: ExceptionId) -> Result<Record> {
    let by = decider(ctx)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    if !exceptions::approve(&mut tx, id, by, ctx.now).await? {
        let known = exceptions::find(&mut tx, id).await?.is_some();
        return Err(if known {
            Error::Conflict("conflict")
        } else {
            Error::NotFound
        });
    }
    let event = Event::ExceptionApproved;
    audit::record(&mut tx, ctx, event, Some(object(id)), json!({})).await?;
    let record = exceptions::find(&mut tx, id).await?;
    tx.commit().await?;
    record.ok_or(Error::NotFound)
}

/// Ends an exception before its time, or refuses a proposal. What it let pass stays delivered until engines look at it
/// again.
pub async fn revoke(app: &App, ctx: &Context, id: ExceptionId) -> Result<()> {
    let by = decider(ctx)?;
    let mut tx = app.db().begin().await?;
    if !exceptions::revoke(&mut tx, id, by, ctx.now).await? {
        return Err(Error::NotFound);
    }
    let event = Event::ExceptionRevoked;
    audit::record(&mut tx, ctx, event, Some(object(id)), json!({})).await?;
    Ok(tx.commit().await?)
}

/// Lists exceptions, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Record>> {
    ctx.administrator_who_may(AdministratorPermission::Quarantine)?;
    let mut tx = app.db().read().await?;
    Ok(exceptions::list(&mut tx, after, limit).await?)
}

pub(crate) fn decider(ctx: &Context) -> Result<AdministratorId> {
    ctx.administrator_who_may(AdministratorPermission::Quarantine)?;
    match &ctx.actor {
        Actor::Administrator { id, .. } => Ok(*id),
        _ => Err(Error::Unauthenticated),
    }
}

fn object(id: ExceptionId) -> (&'static str, String) {
    ("exception", id.to_string())
}
