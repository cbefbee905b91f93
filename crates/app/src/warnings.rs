//! Mails that tell the owner of an account what was done with it, so that nobody else does it unseen
//! (ASVS 5.0 V6.3.5, V6.3.7).

use sofie_domain::{Administrator, EmailAddress, MailId, User};
use sofie_mail::{AccountEvent, Template, TokenCreated};
use sofie_store::{Tx, tokens::Token};

use crate::{
    App, Context, Result,
    outbox::{self, Post},
};

/// Whose account it is.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Where mails go.
    pub email: EmailAddress,
    /// The person's name.
    pub name: String,
    locale: Option<String>,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            email: user.email,
            name: user.name,
            locale: user.locale,
        }
    }
}

impl From<Administrator> for Person {
    fn from(administrator: Administrator) -> Self {
        Self {
            email: administrator.email,
            name: administrator.name,
            locale: None,
        }
    }
}

/// Tells that the password was changed or set anew.
pub(crate) async fn password_changed(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    to: &Person,
) -> Result<()> {
    let template = Template::PasswordChanged(event(ctx, to));
    send(app, tx, ctx, to, template).await
}

/// Tells of the first log-in since the password was set by a link.
pub(crate) async fn first_login(app: &App, tx: &mut Tx, ctx: &Context, to: &Person) -> Result<()> {
    let template = Template::FirstLogin(event(ctx, to));
    send(app, tx, ctx, to, template).await
}

/// Tells that there is a new token.
pub(crate) async fn token_created(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    to: &Person,
    token: &Token,
) -> Result<()> {
    let template = Template::TokenCreated(TokenCreated {
        login: to.email.to_string(),
        name: token.name.clone(),
        at: token.created_at,
        expires_at: token.expires_at,
        address: ctx.ip.map(|ip| ip.to_string()),
    });
    send(app, tx, ctx, to, template).await
}

fn event(ctx: &Context, to: &Person) -> AccountEvent {
    AccountEvent {
        login: to.email.to_string(),
        at: ctx.now,
        address: ctx.ip.map(|ip| ip.to_string()),
    }
}

async fn send(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    to: &Person,
    template: Template,
) -> Result<()> {
    let post = Post {
        template,
        to: &to.email,
        locale: to.locale.as_deref(),
        // Each is told, however like the last one it is.
        dedupe_key: format!("warning:{}", MailId::fresh()),
        reply_to: None,
        about: None,
    };
    outbox::post(app, tx, ctx, post).await
}
