//! Writing and reading the audit log.

use serde_json::Value;
use sofie_domain::{AdministratorPermission, Event};
pub use sofie_store::audit::{Entry, Filter};
use sofie_store::{Cursor, Page, Tx, audit::NewEntry};

use crate::{App, Context, Result};

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

/// Returns an entry for a statement that writes it together with the change.
pub(crate) fn entry(
    ctx: &Context,
    event: Event,
    object: Option<(&'static str, String)>,
    data: Value,
) -> NewEntry {
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
