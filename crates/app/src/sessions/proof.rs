//! Proving again, within a session, that it is still its owner who sits there (ASVS 5.0 V7.5).

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{Actor, Event, SessionId};
use sofie_identity::{PlainToken, TokenKind};
use sofie_store::sessions;

use super::begin::{Cookie, sign};
use crate::{App, Context, Error, Result, audit, passwords};

/// Demands that the caller gave its password in this session a short while ago. A program with a token never
/// did; the system itself, at its command line, need not.
pub(crate) async fn demand(app: &App, ctx: &Context) -> Result<()> {
    match &ctx.actor {
        Actor::System => return Ok(()),
        Actor::User { session: None, .. } => return Err(Error::Forbidden),
        Actor::User { .. } | Actor::Administrator { .. } => {}
        Actor::Anonymous | Actor::Visitor { .. } => return Err(Error::Unauthenticated),
    }
    let minutes = app.settings().await?.integer("sessions.confirm_minutes");
    let since = ctx.now - TimeDelta::minutes(minutes);
    if ctx.authenticated_at.is_some_and(|at| at > since) {
        Ok(())
    } else {
        Err(Error::Refused("reauthentication_required"))
    }
}

/// Proves it by the password: the session goes on under a new secret, and ends when it would have ended.
pub async fn confirm(app: &App, ctx: &Context, password: &SecretString) -> Result<Cookie> {
    let account = passwords::logged_in(ctx)?;
    passwords::prove(app, ctx, &account, password).await?;
    let session = session(ctx).ok_or(Error::Unauthenticated)?;
    let token = PlainToken::generate(TokenKind::Session);
    let mut tx = app.db().begin().await?;
    let ends = sessions::renew(&mut tx, session, token.hash().as_bytes(), ctx.now).await?;
    let ends = ends.ok_or(Error::Unauthenticated)?;
    audit::record(&mut tx, ctx, Event::SessionConfirmed, None, json!({})).await?;
    let cookie = sign(app, &mut tx, ctx, &account, token, ends).await?;
    tx.commit().await?;
    Ok(cookie)
}

fn session(ctx: &Context) -> Option<SessionId> {
    match &ctx.actor {
        Actor::User { session, .. } => *session,
        Actor::Administrator { session, .. } => Some(*session),
        _ => None,
    }
}
