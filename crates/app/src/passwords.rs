//! Passwords of accounts: how they are set, changed and forgotten (ACC-2, ACC-4).

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{Actor, Event};
use sofie_identity::{PasswordPolicy, PasswordProblem};
use sofie_store::{Tx, administrators, rate_limits, secret_links, sessions as rows, users};

use crate::{
    App, Context, Error, Result, audit,
    jobs::queues,
    limits,
    limits::Limit,
    sessions::{
        Begun,
        begin::{Account, begin},
    },
    warnings::{self, Person},
};

mod links;

pub(crate) use links::mail_link;
pub use links::{forgot, reset};

/// Tries a minute to prove the present password.
const TRIES: u32 = 5;
/// Tries an hour without a success in between: who sits at somebody else's browser gets no more.
const TRIES_AN_HOUR: u32 = 20;

/// Checks a new password against the rules and hashes it. `words` must not occur in it, besides the names of
/// product and installation.
pub(crate) async fn hash(
    app: &App,
    password: &SecretString,
    words: &[&str],
    field: &'static str,
) -> Result<String> {
    let name = app.settings().await?.text("instance.name");
    let near: Vec<&str> = words.iter().copied().chain(["sofie", &name]).collect();
    let verdict = PasswordPolicy::only_factor().check(password, &near);
    verdict.map_err(|problem| Error::invalid(field, code_of(&problem)))?;
    let hash = app.parts().passwords.hash(password).await;
    hash.map_err(Error::internal)
}

fn code_of(problem: &PasswordProblem) -> &'static str {
    match problem {
        PasswordProblem::TooShort { .. } => "too_short",
        PasswordProblem::TooLong { .. } => "too_long",
        PasswordProblem::ContextWord { .. } => "context_password",
        PasswordProblem::Guessable => "common_password",
    }
}

/// Changes the caller's own password; all sessions end, and the caller goes on in a new one.
///
/// A program with a token can't do this: the token would outlive the theft of it.
pub async fn change(
    app: &App,
    ctx: &Context,
    current: &SecretString,
    new: &SecretString,
) -> Result<Begun> {
    let account = logged_in(ctx)?;
    let person = prove(app, ctx, &account, current).await?;
    let words = [person.email.as_str(), &person.name];
    let hash = hash(app, new, &words, "new").await?;
    let mut tx = app.db().begin().await?;
    let event = set(&mut tx, &account, &hash).await?;
    audit::record(&mut tx, ctx, event, None, json!({})).await?;
    warnings::password_changed(app, &mut tx, ctx, &person).await?;
    let begun = begin(app, &mut tx, ctx, account).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok(begun)
}

/// Compares what the caller gave with the password of its account. Tries are limited.
pub(crate) async fn prove(
    app: &App,
    ctx: &Context,
    account: &Account,
    password: &SecretString,
) -> Result<Person> {
    let key = format!("password:{:?}", account.owner());
    let an_hour = Limit {
        key: format!("{key}:hour"),
        max: TRIES_AN_HOUR,
        window: TimeDelta::hours(1),
    };
    let tries = [Limit::per_minute(key, TRIES), an_hour];
    limits::attempt(app, ctx, &tries).await?;
    let mut tx = app.db().read().await?;
    let (stored, person) = stored(&mut tx, account).await?;
    drop(tx);
    let verified = app.parts().passwords.verify(password, &stored).await;
    let ok = verified.map_err(Error::internal)?.ok;
    let mut tx = app.db().begin().await?;
    if ok {
        for limit in &tries {
            rate_limits::clear(&mut tx, &limit.key).await?;
        }
    } else {
        audit::record(&mut tx, ctx, Event::PasswordWrong, None, json!({})).await?;
    }
    tx.commit().await?;
    if ok {
        Ok(person)
    } else {
        Err(Error::Refused("wrong_password"))
    }
}

/// Returns the account whose session the call belongs to; a token has none.
pub(crate) fn logged_in(ctx: &Context) -> Result<Account> {
    match &ctx.actor {
        Actor::User {
            id,
            email,
            session: Some(_),
            ..
        } => Ok(Account::User(
            *id,
            email.clone(),
            ctx.user_permissions.clone(),
        )),
        Actor::User { session: None, .. } => Err(Error::Forbidden),
        Actor::Administrator { id, email, .. } => Ok(Account::Administrator(
            *id,
            email.clone(),
            ctx.administrator_permissions.clone(),
        )),
        _ => Err(Error::Unauthenticated),
    }
}

async fn stored(tx: &mut Tx, account: &Account) -> Result<(String, Person)> {
    match account {
        Account::User(id, ..) => {
            let found = users::find_with_password(tx, *id).await?;
            let found = found.ok_or(Error::Unauthenticated)?;
            let password = found.password.ok_or(Error::Unauthenticated)?;
            Ok((password, found.user.into()))
        }
        Account::Administrator(id, ..) => {
            let found = administrators::find(tx, *id).await?;
            let found = found.ok_or(Error::Unauthenticated)?;
            Ok((found.password, found.administrator.into()))
        }
    }
}

/// Sets a password, ends all sessions of the account and makes links to set it stop working.
async fn set(tx: &mut Tx, account: &Account, hash: &str) -> Result<Event> {
    rows::end_all(tx, account.owner(), None).await?;
    match account {
        Account::User(id, ..) => {
            users::set_password(tx, *id, hash).await?;
            secret_links::revoke_of(tx, *id).await?;
            Ok(Event::UserPasswordChanged)
        }
        Account::Administrator(id, ..) => {
            administrators::set_password(tx, *id, hash).await?;
            Ok(Event::AdministratorPasswordChanged)
        }
    }
}
