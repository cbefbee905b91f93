//! One's own sessions, of users and administrators alike: where am I logged in, and end that.

use serde_json::json;
use sofie_domain::{Actor, Event, SessionId};
use sofie_store::sessions::{self, Listed, Owner};

use super::{AccountKind, demand, idle};
use crate::{App, Context, Error, Result, audit};

/// A session of the caller.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// The session.
    pub session: Listed,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Lists the caller's sessions, newest first. The caller must be of the kind that the door is for.
pub async fn list(app: &App, ctx: &Context, kind: AccountKind) -> Result<Vec<OwnSession>> {
    let (owner, current) = owner(ctx, kind)?;
    let idle_since = ctx.now - idle(&*app.settings().await?, kind);
    let mut tx = app.db().read().await?;
    let found = sessions::list(&mut tx, owner, ctx.now, idle_since).await?;
    let own = |session: Listed| OwnSession {
        current: Some(session.id) == current,
        session,
    };
    Ok(found.into_iter().map(own).collect())
}

/// Ends one of the caller's sessions. Whoever found a browser unattended can't shut its owner out elsewhere
/// (ASVS 5.0 V7.5.2).
pub async fn end(app: &App, ctx: &Context, kind: AccountKind, id: SessionId) -> Result<()> {
    let (owner, _) = owner(ctx, kind)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    if !sessions::end(&mut tx, owner, id).await? {
        return Err(Error::NotFound);
    }
    let object = Some(("session", id.to_string()));
    audit::record(&mut tx, ctx, Event::SessionEnded, object, json!({})).await?;
    Ok(tx.commit().await?)
}

fn owner(ctx: &Context, kind: AccountKind) -> Result<(Owner, Option<SessionId>)> {
    match (&ctx.actor, kind) {
        (Actor::User { id, session, .. }, AccountKind::User) => Ok((Owner::User(*id), *session)),
        (Actor::Administrator { id, session, .. }, AccountKind::Administrator) => {
            Ok((Owner::Administrator(*id), Some(*session)))
        }
        _ => Err(Error::Unauthenticated),
    }
}
