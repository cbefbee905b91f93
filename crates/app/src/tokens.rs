//! API tokens of users (ACC-16).

use chrono::TimeDelta;
use serde_json::json;
use sofie_domain::{Actor, EmailAddress, Event, TokenId, TokenName, UserId, UserPermission};
use sofie_identity::{PlainToken, TokenKind};
pub use sofie_store::tokens::Token;
use sofie_store::{tokens, users};

use crate::{
    App, Context, Error, Result, audit, fields::text_code, jobs::queues, sessions::demand, warnings,
};

/// The longest life of a token, in days.
const LONGEST_DAYS: u32 = 3650;

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What the owner calls it.
    pub name: String,
    /// After how many days it ends; never when not given.
    pub expires_in_days: Option<u32>,
}

/// Makes a token for the caller; its secret is shown this once. A token can't make tokens.
pub async fn create(app: &App, ctx: &Context, new: &NewToken) -> Result<(Token, PlainToken)> {
    let user = owner(ctx)?;
    demand(app, ctx).await?;
    insert(app, ctx, user, new).await
}

/// Makes a token for a user at the server's own command line.
pub async fn create_for(
    app: &App,
    ctx: &Context,
    email: &str,
    new: &NewToken,
) -> Result<(Token, PlainToken)> {
    if ctx.actor != Actor::System {
        return Err(Error::Forbidden);
    }
    let email: EmailAddress = email.parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db().read().await?;
    let found = users::find_by_email(&mut tx, &email).await?;
    drop(tx);
    let user = found.ok_or(Error::NotFound)?.user;
    insert(app, ctx, user.id, new).await
}

async fn insert(
    app: &App,
    ctx: &Context,
    user: UserId,
    new: &NewToken,
) -> Result<(Token, PlainToken)> {
    let name = TokenName::parse(&new.name);
    let name = name.map_err(|error| Error::invalid("name", text_code(error)))?;
    match new.expires_in_days {
        Some(0) => return Err(Error::invalid("expires_in_days", "too_small")),
        Some(days) if days > LONGEST_DAYS => {
            return Err(Error::invalid("expires_in_days", "too_large"));
        }
        _ => {}
    }
    let secret = PlainToken::generate(TokenKind::Api);
    let life = new
        .expires_in_days
        .map(|days| TimeDelta::days(i64::from(days)));
    let token = Token {
        id: TokenId::fresh(),
        name: name.as_str().to_owned(),
        created_at: ctx.now,
        expires_at: life.map(|life| ctx.now + life),
        last_used_at: None,
    };
    let mut tx = app.db().begin().await?;
    tokens::insert(&mut tx, user, &token, secret.hash().as_bytes()).await?;
    let owner = users::find(&mut tx, user).await?.ok_or(Error::NotFound)?;
    warnings::token_created(app, &mut tx, ctx, &owner.into(), &token).await?;
    let object = Some(("token", token.id.to_string()));
    let data = json!({ "name": token.name, "user_id": user, "expires_at": token.expires_at });
    audit::record(&mut tx, ctx, Event::TokenCreated, object, data).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok((token, secret))
}

/// Lists the caller's tokens, newest first.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<Token>> {
    let user = ctx.user()?;
    let mut tx = app.db().read().await?;
    Ok(tokens::list(&mut tx, user).await?)
}

/// Revokes one of the caller's tokens; also possible with a token, so that a leaked one can be ended.
pub async fn revoke(app: &App, ctx: &Context, id: TokenId) -> Result<()> {
    let user = ctx.user()?;
    let mut tx = app.db().begin().await?;
    if !tokens::revoke(&mut tx, user, id, ctx.now).await? {
        return Err(Error::NotFound);
    }
    let object = Some(("token", id.to_string()));
    audit::record(&mut tx, ctx, Event::TokenRevoked, object, json!({})).await?;
    Ok(tx.commit().await?)
}

fn owner(ctx: &Context) -> Result<UserId> {
    let user = ctx.user_who_may(UserPermission::ApiTokens)?;
    match &ctx.actor {
        Actor::User { token: Some(_), .. } => Err(Error::Forbidden),
        _ => Ok(user),
    }
}
