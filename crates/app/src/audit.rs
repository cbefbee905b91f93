//! Writing and reading the audit log.

use std::fmt::Display;

use chrono::TimeDelta;
use serde_json::Value;
use sofie_domain::{AdministratorPermission, Event};
pub use sofie_store::audit::{Entry, Filter};
use sofie_store::{Cursor, Page, Tx, audit::NewEntry, rate_limits};

use crate::{App, Context, Result, limits};

/// Adds an entry to the transaction of the change that it tells about.
pub async fn record(
    tx: &mut Tx,
    ctx: &Context,
    event: Event,
    object: Option<(&'static str, String)>,
    data: Value,
) -> Result<()> {
    let entry = entry(ctx, event, object, data);
    Ok(sofie_store::audit::write(tx, &entry).await?)
}

/// So many entries of one kind about one thing from one address are written one by one in an hour.
const EACH: i32 = 5;

/// Adds an entry about what a caller can repeat at will, such as a wrong guess. The first few in an hour are written
/// each; after them only every time that their number has doubled, with that number as `times`: the log tells
/// of a flood and is not flooded itself. `scope` names what is counted together.
pub(crate) async fn record_often(
    tx: &mut Tx,
    ctx: &Context,
    event: Event,
    object: (&'static str, String),
    (scope, mut data): (impl Display, Value),
) -> Result<()> {
    let from = limits::address(ctx.ip);
    let key = format!("audit:{}:{scope}:{from}", event.as_str());
    let times = rate_limits::hit(tx, &key, TimeDelta::hours(1), ctx.now)
        .await?
        .hits;
    if times > EACH {
        if times.count_ones() != 1 {
            return Ok(());
        }
        data["times"] = times.into();
    }
    record(tx, ctx, event, Some(object), data).await
}

/// Returns an entry for a statement that writes it together with the change.
pub(crate) fn entry(
    ctx: &Context,
    event: Event,
    object: Option<(&'static str, String)>,
    data: Value,
) -> NewEntry {
    metrics::counter!("sofie_events_total", "event" => event.as_str()).increment(1);
    NewEntry {
        at: ctx.now,
        event,
        actor_kind: ctx.actor.kind().as_str(),
        actor_id: ctx.actor.id(),
        actor_label: ctx.actor.email().map(ToString::to_string),
        ip: ctx.ip,
        object,
        data,
        request_id: ctx.request_id.clone(),
    }
}

/// Lists entries, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Entry>> {
    ctx.administrator_who_may(AdministratorPermission::Logs)?;
    let mut tx = app.db().read().await?;
    Ok(sofie_store::audit::list(&mut tx, filter, after, limit).await?)
}
