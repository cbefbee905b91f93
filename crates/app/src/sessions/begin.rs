//! Where all sessions begin: one place, whatever the proof was.

use chrono::{DateTime, TimeDelta, Utc};
use sofie_domain::{
    Actor, AdministratorId, AdministratorPermission, EmailAddress, SessionId, UserId,
    UserPermission,
};
use sofie_identity::{AccountKind, PlainToken, Session, TokenKind};
use sofie_store::{
    Tx,
    sessions::{self, NewSession, Owner},
};

use crate::{App, Context, Result};

/// The most sessions of one account; the oldest one ends when another begins (ASVS 5.0 V7.1.2).
const MOST: u32 = 10;

/// A session that began: what to give to the browser, and who it makes of the caller.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The value of the session cookie.
    pub cookie: Cookie,
    /// The caller from now on.
    pub ctx: Context,
}

/// The value of a session cookie.
#[derive(Clone)]
pub struct Cookie(String);

impl Cookie {
    /// Returns the value, for the header that sets the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Cookie")
    }
}

/// The account that a session is for.
#[derive(Clone, Debug)]
pub(crate) enum Account {
    /// A user.
    User(UserId, EmailAddress, Vec<UserPermission>),
    /// An administrator.
    Administrator(AdministratorId, EmailAddress, Vec<AdministratorPermission>),
}

impl Account {
    pub(crate) fn owner(&self) -> Owner {
        match self {
            Self::User(id, ..) => Owner::User(*id),
            Self::Administrator(id, ..) => Owner::Administrator(*id),
        }
    }

    fn kind(&self) -> AccountKind {
        match self {
            Self::User(..) => AccountKind::User,
            Self::Administrator(..) => AccountKind::Administrator,
        }
    }

    fn subject(&self) -> uuid::Uuid {
        match self {
            Self::User(id, ..) => id.0,
            Self::Administrator(id, ..) => id.0,
        }
    }

    /// Makes the account the one who acts.
    fn act(self, ctx: &Context, session: SessionId) -> Context {
        let mut ctx = ctx.clone();
        ctx.authenticated_at = Some(ctx.now);
        match self {
            Self::User(id, email, permissions) => {
                let (session, token) = (Some(session), None);
                ctx.actor = Actor::User {
                    id,
                    email,
                    session,
                    token,
                };
                ctx.user_permissions = permissions;
            }
            Self::Administrator(id, email, permissions) => {
                ctx.actor = Actor::Administrator { id, email, session };
                ctx.administrator_permissions = permissions;
            }
        }
        ctx
    }
}

/// Begins a session with a fresh secret. The caller has proved who it is.
pub(crate) async fn begin(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    account: Account,
) -> Result<Begun> {
    let settings = app.settings().await?;
    let hours = settings.integer(match account.kind() {
        AccountKind::User => "sessions.user_hours",
        AccountKind::Administrator => "sessions.administrator_hours",
    });
    let expires_at = ctx.now + TimeDelta::hours(hours);
    let (id, token) = (SessionId::fresh(), PlainToken::generate(TokenKind::Session));
    let session = NewSession {
        id,
        hash: *token.hash().as_bytes(),
        owner: account.owner(),
        expires_at,
        ip: ctx.ip,
        user_agent: ctx.user_agent.clone(),
    };
    sessions::insert(tx, &session, ctx.now).await?;
    sessions::keep_newest(tx, account.owner(), MOST).await?;
    let cookie = sign(app, tx, ctx, &account, token, expires_at).await?;
    Ok(Begun {
        cookie,
        ctx: account.act(ctx, id),
    })
}

/// Writes the cookie of a session.
pub(super) async fn sign(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    account: &Account,
    token: PlainToken,
    expires_at: DateTime<Utc>,
) -> Result<Cookie> {
    let session = Session {
        subject: account.subject(),
        kind: account.kind(),
        token,
        issued_at: ctx.now,
        expires_at,
    };
    let cookie = app.parts().cookies.sign(tx, &session, ctx.now).await?;
    Ok(Cookie(cookie))
}
