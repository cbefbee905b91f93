//! Who calls: from cookies and tokens to a context.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sofie_domain::{Actor, SessionId, Settings};
use sofie_identity::{AccountKind, PlainToken, TokenKind};
use sofie_store::{Tx, sessions, tokens, visitors};

use crate::{App, Context, Error, Result, visits};

/// A session or token that is used all the time is written down only this often.
const TOUCH: TimeDelta = TimeDelta::seconds(60);

/// What a request brought to say who sends it. The door decides which cookies count where.
#[derive(Clone, Default)]
pub struct Credentials {
    /// An API token.
    pub bearer: Option<String>,
    /// The session cookie of an administrator.
    pub administrator: Option<String>,
    /// The session cookie of a user.
    pub user: Option<String>,
    /// The cookie of a browser without an account.
    pub visitor: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Credentials")
    }
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The address.
    pub ip: Option<IpAddr>,
    /// What the program calls itself.
    pub user_agent: Option<String>,
    /// Identifies the request.
    pub request_id: Option<String>,
}

/// Finds out who calls.
///
/// A token that is wrong is an error: its sender means to be somebody. A cookie that is wrong, old or ended
/// leaves an anonymous caller: the browser sends it by itself.
pub async fn identify(app: &App, credentials: &Credentials, source: Source) -> Result<Context> {
    find_out(app, credentials, source, true).await
}

/// Finds out who calls as [`identify`] does, for an answer that is still being given: that nobody has left the
/// page yet is no use of the session (ACC-3).
pub async fn identify_again(
    app: &App,
    credentials: &Credentials,
    source: Source,
) -> Result<Context> {
    find_out(app, credentials, source, false).await
}

async fn find_out(
    app: &App,
    credentials: &Credentials,
    source: Source,
    used: bool,
) -> Result<Context> {
    let agent = source.user_agent;
    let mut ctx = Context {
        ip: source.ip,
        user_agent: agent.map(|text| text.chars().take(200).collect()),
        request_id: source.request_id,
        ..Context::anonymous(app.now())
    };
    let c = credentials;
    if c.bearer.is_none() && c.administrator.is_none() && c.user.is_none() && c.visitor.is_none() {
        return Ok(ctx);
    }
    let settings = app.settings().await?;
    let mut tx = app.db().read().await?;
    let seen = if let Some(token) = &c.bearer {
        by_token(&mut tx, &mut ctx, token, used).await?;
        None
    } else if let Some(cookie) = &c.administrator {
        by_administrator_cookie(app, &mut tx, &mut ctx, &settings, cookie).await?
    } else if let Some(cookie) = &c.user {
        by_user_cookie(app, &mut tx, &mut ctx, &settings, cookie).await?
    } else {
        None
    };
    if let Some((session, last_seen_at)) = seen
        && used
        && ctx.now - last_seen_at >= TOUCH
    {
        sessions::touch(&mut tx, session, ctx.now).await?;
    }
    if let Some(cookie) = &c.visitor
        && let Some(visitor) = visits::identify(&mut tx, &settings, cookie, ctx.now).await?
    {
        if used && ctx.now - visitor.last_seen_at >= TOUCH {
            visitors::touch(&mut tx, &visitor, ctx.now).await?;
        }
        ctx.visitor = Some(visitor.id);
        ctx.proofs_since = visitor.proofs_since;
        if ctx.actor == Actor::Anonymous {
            let (id, email) = (visitor.id, visitor.email);
            ctx.actor = Actor::Visitor { id, email };
        }
    }
    Ok(ctx)
}

async fn by_token(tx: &mut Tx, ctx: &mut Context, token: &str, used: bool) -> Result<()> {
    let token = PlainToken::parse(TokenKind::Api, token).map_err(|_| Error::Unauthenticated)?;
    let found = tokens::find(tx, token.hash().as_bytes(), ctx.now).await?;
    let found = found.ok_or(Error::Unauthenticated)?;
    if used && found.last_used_at.is_none_or(|at| ctx.now - at >= TOUCH) {
        tokens::touch(tx, found.id, ctx.now).await?;
    }
    ctx.actor = Actor::User {
        id: found.user,
        email: found.email,
        session: None,
        token: Some(found.id),
    };
    ctx.user_permissions = found.permissions;
    Ok(())
}

/// A session that works, and when it was last used.
type Seen = (SessionId, DateTime<Utc>);

async fn by_user_cookie(
    app: &App,
    tx: &mut Tx,
    ctx: &mut Context,
    settings: &Settings,
    cookie: &str,
) -> Result<Option<Seen>> {
    let read = read_cookie(app, tx, ctx, AccountKind::User, cookie).await?;
    let Some((subject, hash)) = read else {
        return Ok(None);
    };
    let idle_since = ctx.now - super::idle(settings, AccountKind::User);
    let found = sessions::find_user(tx, &hash, ctx.now, idle_since).await?;
    let Some(found) = found.filter(|found| found.account.0 == subject) else {
        return Ok(None);
    };
    ctx.actor = Actor::User {
        id: found.account,
        email: found.email,
        session: Some(found.id),
        token: None,
    };
    ctx.user_permissions = found.permissions;
    ctx.authenticated_at = Some(found.authenticated_at);
    Ok(Some((found.id, found.last_seen_at)))
}

async fn by_administrator_cookie(
    app: &App,
    tx: &mut Tx,
    ctx: &mut Context,
    settings: &Settings,
    cookie: &str,
) -> Result<Option<Seen>> {
    let read = read_cookie(app, tx, ctx, AccountKind::Administrator, cookie).await?;
    let Some((subject, hash)) = read else {
        return Ok(None);
    };
    let idle_since = ctx.now - super::idle(settings, AccountKind::Administrator);
    let found = sessions::find_administrator(tx, &hash, ctx.now, idle_since).await?;
    let Some(found) = found.filter(|found| found.account.0 == subject) else {
        return Ok(None);
    };
    ctx.actor = Actor::Administrator {
        id: found.account,
        email: found.email,
        session: found.id,
    };
    ctx.administrator_permissions = found.permissions;
    ctx.authenticated_at = Some(found.authenticated_at);
    Ok(Some((found.id, found.last_seen_at)))
}

/// Returns the account and the hash that finds the session, if the cookie is signed by us and of this kind.
async fn read_cookie(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    kind: AccountKind,
    cookie: &str,
) -> Result<Option<(uuid::Uuid, [u8; 32])>> {
    let verdict = app.parts().cookies.verify(tx, cookie, ctx.now).await?;
    Ok(match verdict {
        Ok(session) if session.kind == kind => {
            Some((session.subject, *session.token.hash().as_bytes()))
        }
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, "a session cookie is refused");
            None
        }
    })
}
