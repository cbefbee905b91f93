//! Log-in and log-out.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{AccountState, Actor, EmailAddress, Event, SessionId};
use sofie_identity::{AccountKind, Verified};
use sofie_store::{Tx, administrators, rate_limits, sessions, users};

use super::begin::{Account, Begun, begin};
use crate::{
    App, Context, Error, Result, audit, jobs::queues, limits, limits::Limit, visits, warnings,
};

/// Tries a minute of one account from one address (ACC-17).
const PER_ACCOUNT: u32 = 5;
/// Tries a minute from one address, whatever the accounts.
const PER_ADDRESS: u32 = 30;
/// Tries an hour of one account from everywhere, without a success in between; whoever has many addresses gets
/// no more.
const PER_ACCOUNT_EVERYWHERE: u32 = 100;

/// An account that somebody tries to log in to.
struct Candidate {
    account: Account,
    state: AccountState,
    password: Option<String>,
}

/// Logs a user or an administrator in.
///
/// The answer and the time that it takes are the same for an account that does not exist, is invited or
/// disabled, and for a wrong password.
pub async fn log_in(
    app: &App,
    ctx: &Context,
    kind: AccountKind,
    email: &str,
    password: &SecretString,
) -> Result<Begun> {
    let email: Option<EmailAddress> = email.parse().ok();
    let keys = throttle(app, ctx, kind, email.as_ref()).await?;
    let mut tx = app.db().read().await?;
    let candidate = match &email {
        Some(email) => find(&mut tx, kind, email).await?,
        None => None,
    };
    drop(tx);
    let verified = verify(app, candidate.as_ref(), password).await?;
    let passed = candidate.filter(|found| verified.ok && found.state == AccountState::Active);
    let Some(candidate) = passed else {
        record_failure(app, ctx, kind, email.as_ref()).await?;
        return Err(Error::Refused("wrong_credentials"));
    };
    let rehashed = if verified.rehash_needed {
        let hash = app.parts().passwords.hash(password).await;
        Some(hash.map_err(Error::internal)?)
    } else {
        None
    };
    admit(app, ctx, candidate, rehashed, &keys).await
}

/// Returns what a success strikes out.
async fn throttle(
    app: &App,
    ctx: &Context,
    kind: AccountKind,
    email: Option<&EmailAddress>,
) -> Result<[String; 2]> {
    let address = limits::address(ctx.ip);
    let email = email.map_or("?", EmailAddress::as_str);
    let key = format!("login:{kind:?}:{email}:{address}");
    let limits = [
        Limit::per_minute(key.clone(), PER_ACCOUNT),
        Limit::per_minute(format!("login:{address}"), PER_ADDRESS),
    ];
    limits::attempt(app, ctx, &limits).await?;
    // Counted only when the other limits let the try pass, so that one address takes long to shut others out.
    let everywhere = Limit {
        key: format!("login:{kind:?}:{email}"),
        max: PER_ACCOUNT_EVERYWHERE,
        window: TimeDelta::hours(1),
    };
    limits::attempt(app, ctx, std::slice::from_ref(&everywhere)).await?;
    Ok([key, everywhere.key])
}

async fn find(tx: &mut Tx, kind: AccountKind, email: &EmailAddress) -> Result<Option<Candidate>> {
    match kind {
        AccountKind::User => {
            let found = users::find_by_email(tx, email).await?;
            Ok(
                found.map(|users::WithPassword { user, password }| Candidate {
                    account: Account::User(user.id, user.email, user.permissions),
                    state: user.state,
                    password,
                }),
            )
        }
        AccountKind::Administrator => {
            let found = administrators::find_by_email(tx, email).await?;
            Ok(found.map(|found| Candidate {
                account: Account::Administrator(
                    found.administrator.id,
                    found.administrator.email,
                    found.administrator.permissions,
                ),
                state: found.administrator.state,
                password: Some(found.password),
            }))
        }
    }
}

async fn verify(
    app: &App,
    candidate: Option<&Candidate>,
    password: &SecretString,
) -> Result<Verified> {
    let passwords = &app.parts().passwords;
    if let Some(stored) = candidate.and_then(|found| found.password.as_deref()) {
        let verified = passwords.verify(password, stored).await;
        return verified.map_err(Error::internal);
    }
    passwords.verify_dummy(password).await;
    Ok(Verified {
        ok: false,
        rehash_needed: false,
    })
}

/// Begins the session, unless the account changed while the password was compared.
async fn admit(
    app: &App,
    ctx: &Context,
    candidate: Candidate,
    rehashed: Option<String>,
    keys: &[String],
) -> Result<Begun> {
    let mut tx = app.db().begin().await?;
    let mut first_since_reset = None;
    // Takes the row's lock first: a reset of the password that runs now either ends before or waits.
    let (event, now_stored) = match &candidate.account {
        Account::User(id, ..) => {
            let watched = users::logged_in(&mut tx, *id, ctx.now).await?;
            let found = users::find_with_password(&mut tx, *id).await?;
            let found = found.filter(|found| found.user.state == AccountState::Active);
            if watched {
                first_since_reset = found.as_ref().map(|found| found.user.clone().into());
            }
            (Event::UserLoggedIn, found.and_then(|found| found.password))
        }
        Account::Administrator(id, ..) => {
            administrators::logged_in(&mut tx, *id, ctx.now).await?;
            let found = administrators::find(&mut tx, *id).await?;
            let found = found.filter(|found| found.administrator.state == AccountState::Active);
            (
                Event::AdministratorLoggedIn,
                found.map(|found| found.password),
            )
        }
    };
    if now_stored != candidate.password {
        return Err(Error::Refused("wrong_credentials"));
    }
    if let Some(hash) = rehashed {
        match &candidate.account {
            Account::User(id, ..) => users::set_password(&mut tx, *id, &hash).await?,
            Account::Administrator(id, ..) => {
                administrators::set_password(&mut tx, *id, &hash).await?;
            }
        }
    }
    for key in keys {
        rate_limits::clear(&mut tx, key).await?;
    }
    end_current(&mut tx, ctx).await?;
    let begun = begin(app, &mut tx, ctx, candidate.account).await?;
    audit::record(&mut tx, &begun.ctx, event, None, json!({})).await?;
    if let Some(person) = first_since_reset {
        warnings::first_login(app, &mut tx, &begun.ctx, &person).await?;
    }
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok(begun)
}

async fn record_failure(
    app: &App,
    ctx: &Context,
    kind: AccountKind,
    email: Option<&EmailAddress>,
) -> Result<()> {
    let event = match kind {
        AccountKind::User => Event::UserLoginFailed,
        AccountKind::Administrator => Event::AdministratorLoginFailed,
    };
    let mut tx = app.db().begin().await?;
    let data = json!({ "email": email.map(EmailAddress::as_str) });
    audit::record(&mut tx, ctx, event, None, data).await?;
    Ok(tx.commit().await?)
}

/// Ends the caller's session and forgets the browser, with what was proved in it; harmless when there is neither.
pub async fn log_out(app: &App, ctx: &Context) -> Result<()> {
    let event = match &ctx.actor {
        Actor::User { .. } => Some(Event::UserLoggedOut),
        Actor::Administrator { .. } => Some(Event::AdministratorLoggedOut),
        _ => None,
    };
    let mut tx = app.db().begin().await?;
    if let Some(visitor) = ctx.visitor {
        visits::forget(&mut tx, ctx, visitor).await?;
    }
    if let Some(event) = event
        && end_current(&mut tx, ctx).await?.is_some()
    {
        audit::record(&mut tx, ctx, event, None, json!({})).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends the session that the caller came with, so that a new one never continues it.
async fn end_current(tx: &mut Tx, ctx: &Context) -> Result<Option<SessionId>> {
    let (owner, session) = match &ctx.actor {
        Actor::User {
            id,
            session: Some(session),
            ..
        } => (sessions::Owner::User(*id), *session),
        Actor::Administrator { id, session, .. } => (sessions::Owner::Administrator(*id), *session),
        _ => return Ok(None),
    };
    let ended = sessions::end(tx, owner, session).await?;
    Ok(ended.then_some(session))
}
