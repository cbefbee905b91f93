//! Links that set a password once: after forgetting it, and to begin with.

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sofie_domain::{AccountState, EmailAddress, Event, User};
use sofie_identity::{PlainToken, TokenKind};
use sofie_mail::{AccountInvite, PasswordReset, Template};
use sofie_queue::Job as _;
use sofie_store::{Tx, secret_links, secret_links::Purpose, sessions, users};

use crate::{
    App, Context, Error, Result, audit, jobs,
    jobs::{MailResetLink, queues},
    limits,
    limits::Limit,
    outbox::{self, Post},
    warnings,
};

const RESET_MINUTES: i64 = 60;
const INVITATION_HOURS: i64 = 24;
/// How many mails about a forgotten password one address gets in an hour, whoever asks.
const MAILS_AN_HOUR: u32 = 5;

/// Mails a link to set a new password, if there is such an account.
///
/// Who asks can't learn whether there is: known or not, one job is written, and the rest happens in it.
pub async fn forgot(app: &App, ctx: &Context, email: &str) -> Result<()> {
    let email: Option<EmailAddress> = email.parse().ok();
    let name = email.as_ref().map_or("?", EmailAddress::as_str);
    let address = limits::address(ctx.ip);
    let tries = [
        Limit::per_minute(format!("forgot:{name}:{address}"), 5),
        Limit::per_minute(format!("forgot:{address}"), 30),
    ];
    limits::attempt(app, ctx, &tries).await?;
    let mailable = may_mail(app, ctx, name).await?;
    let mut tx = app.db().begin().await?;
    let found = match &email {
        Some(email) => users::find_by_email(&mut tx, email).await?,
        None => None,
    };
    let found = found.filter(|_| mailable);
    let job = MailResetLink {
        user_id: found.map(|found| found.user.id),
    };
    jobs::enqueue(&mut tx, ctx, &job, None, ctx.now).await?;
    let data = json!({ "email": email.as_ref().map(EmailAddress::as_str) });
    audit::record(&mut tx, ctx, Event::UserPasswordResetAsked, None, data).await?;
    tx.commit().await?;
    app.parts().waker.wake(MailResetLink::QUEUE);
    Ok(())
}

/// Tells whether an address may get one more mail; nobody learns that it may not.
async fn may_mail(app: &App, ctx: &Context, name: &str) -> Result<bool> {
    let limit = Limit {
        key: format!("forgot:{name}"),
        max: MAILS_AN_HOUR,
        window: TimeDelta::hours(1),
    };
    match limits::attempt(app, ctx, &[limit]).await {
        Ok(()) => Ok(true),
        Err(Error::RateLimited { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a link for a user and mails it: an invitation as long as the user has no password, a reset else.
/// Earlier links of the kind stop working.
pub(crate) async fn mail_link(app: &App, tx: &mut Tx, ctx: &Context, user: &User) -> Result<()> {
    let base = app.base_url().await?;
    let invited = user.state == AccountState::Invited;
    let (kind, purpose, life, page) = if invited {
        let life = TimeDelta::hours(INVITATION_HOURS);
        (TokenKind::Invite, Purpose::Invitation, life, "welcome")
    } else {
        let life = TimeDelta::minutes(RESET_MINUTES);
        (TokenKind::Reset, Purpose::Reset, life, "reset")
    };
    let token = PlainToken::generate(kind);
    let (hash, expires_at) = (token.hash(), ctx.now + life);
    secret_links::insert(
        tx,
        hash.as_bytes(),
        purpose,
        Some(user.id),
        ctx.now,
        expires_at,
    )
    .await?;
    let link = format!("{base}/{page}#{}", token.expose());
    let template = if invited {
        Template::AccountInvite(AccountInvite {
            login: user.email.to_string(),
            link,
            expires_at,
        })
    } else {
        let minutes = RESET_MINUTES.unsigned_abs();
        Template::PasswordReset(PasswordReset { link, minutes })
    };
    let post = Post {
        template,
        to: &user.email,
        locale: user.locale.as_deref(),
        dedupe_key: format!("account:{}", hex::encode(hash.as_bytes())),
        reply_to: None,
        about: None,
    };
    outbox::post(app, tx, ctx, post).await
}

/// Sets a password by a mailed link; the link is used up only when the password is good. Nobody is logged in
/// by it, and all sessions of the account end.
pub async fn reset(
    app: &App,
    ctx: &Context,
    secret: &SecretString,
    password: &SecretString,
) -> Result<()> {
    let key = format!("reset:{}", limits::address(ctx.ip));
    limits::attempt(app, ctx, &[Limit::per_minute(key, 30)]).await?;
    let (hash, purpose) = parse(secret.expose_secret()).ok_or(Error::Refused("link_invalid"))?;
    let mut tx = app.db().read().await?;
    let user = user_of(&mut tx, ctx, &hash, purpose).await?;
    drop(tx);
    let words = [user.email.as_str(), &user.name];
    let stored = super::hash(app, password, &words, "password").await?;
    let mut tx = app.db().begin().await?;
    if !secret_links::consume(&mut tx, &hash, purpose, ctx.now).await? {
        return Err(Error::Refused("link_invalid"));
    }
    users::set_password(&mut tx, user.id, &stored).await?;
    secret_links::revoke_of(&mut tx, user.id).await?;
    sessions::end_all(&mut tx, sessions::Owner::User(user.id), None).await?;
    let object = Some(("user", user.id.to_string()));
    let data = json!({ "email": user.email });
    audit::record(&mut tx, ctx, Event::UserPasswordReset, object, data).await?;
    if purpose == Purpose::Reset {
        users::watch_login(&mut tx, user.id).await?;
        warnings::password_changed(app, &mut tx, ctx, &user.into()).await?;
    }
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok(())
}

fn parse(secret: &str) -> Option<([u8; 32], Purpose)> {
    let kinds = [
        (TokenKind::Reset, Purpose::Reset),
        (TokenKind::Invite, Purpose::Invitation),
    ];
    kinds.into_iter().find_map(|(kind, purpose)| {
        let token = PlainToken::parse(kind, secret).ok()?;
        Some((*token.hash().as_bytes(), purpose))
    })
}

async fn user_of(tx: &mut Tx, ctx: &Context, hash: &[u8; 32], purpose: Purpose) -> Result<User> {
    let found = secret_links::find(tx, hash, purpose, ctx.now).await?;
    let id = found.flatten().ok_or(Error::Refused("link_invalid"))?;
    let user = users::find(tx, id).await?;
    user.filter(|user| user.state != AccountState::Disabled)
        .ok_or(Error::Refused("link_invalid"))
}
