//! A user's own sessions: where am I logged in, and end that.

use serde_json::json;
use sofie_domain::{Actor, Event, SessionId, UserId};
use sofie_store::sessions::{self, Listed, Owner};

use super::{AccountKind, idle};
use crate::{App, Context, Error, Result, audit};

/// A session of the caller.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// The session.
    pub session: Listed,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Lists the caller's sessions, newest first.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<OwnSession>> {
    let (user, current) = user(ctx)?;
    let idle_since = ctx.now - idle(&*app.settings().await?, AccountKind::User);
    let mut tx = app.db().read().await?;
    let found = sessions::list(&mut tx, Owner::User(user), ctx.now, idle_since).await?;
    let own = |session: Listed| OwnSession {
        current: Some(session.id) == current,
        session,
    };
    Ok(found.into_iter().map(own).collect())
}

/// Ends one of the caller's sessions.
pub async fn end(app: &App, ctx: &Context, id: SessionId) -> Result<()> {
    let (user, _) = user(ctx)?;
    let mut tx = app.db().begin().await?;
    if !sessions::end(&mut tx, Owner::User(user), id).await? {
        return Err(Error::NotFound);
    }
    let object = Some(("session", id.to_string()));
    audit::record(&mut tx, ctx, Event::SessionEnded, object, json!({})).await?;
    Ok(tx.commit().await?)
}

fn user(ctx: &Context) -> Result<(UserId, Option<SessionId>)> {
    match &ctx.actor {
        Actor::User { id, session, .. } => Ok((*id, *session)),
        _ => Err(Error::Unauthenticated),
    }
}
