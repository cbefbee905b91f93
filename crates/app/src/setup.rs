//! The beginning of an installation.

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sofie_domain::{Event, InstanceId};
use sofie_identity::{PlainToken, TokenKind};
use sofie_store::{
    Database, administrators as rows, instance, secret_links, secret_links::Purpose,
};

use crate::{
    App, Context, Error, Result,
    administrators::{self, NewAdministrator},
    audit, limits,
    limits::Limit,
    sessions::{
        Begun, CookieKeys,
        begin::{Account, begin},
    },
};

/// What of the database is needed before there is an [`crate::App`].
#[derive(Debug)]
pub struct Installation {
    /// Identifies the installation.
    pub id: InstanceId,
    /// Writes and reads session cookies.
    pub cookies: CookieKeys,
}

/// Reads the installation's id and keys from a migrated database; the first call makes them.
///
/// Fails when the column cipher is not the one that the database began with.
pub async fn open(db: &Database, now: chrono::DateTime<chrono::Utc>) -> Result<Installation> {
    let mut tx = db.begin().await?;
    let id = instance::find_or_create(&mut tx, InstanceId::fresh(), now).await?;
    let cookies = CookieKeys::open(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(Installation { id, cookies })
}

/// How long the set-up link works; a restart prints a new one.
const LINK_HOURS: i64 = 24;

/// Tells whether the first administrator must be made.
pub async fn required(app: &App) -> Result<bool> {
    let mut tx = app.db().read().await?;
    Ok(!rows::any(&mut tx).await?)
}

/// Makes the secret of the set-up link while there is no administrator; an earlier one stops working.
pub async fn offer(app: &App) -> Result<Option<PlainToken>> {
    let now = app.now();
    let mut tx = app.db().begin().await?;
    if rows::any(&mut tx).await? {
        return Ok(None);
    }
    let token = PlainToken::generate(TokenKind::Setup);
    let (hash, end) = (token.hash(), now + TimeDelta::hours(LINK_HOURS));
    secret_links::insert(&mut tx, hash.as_bytes(), Purpose::Setup, None, now, end).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Makes the first administrator by the printed link and logs in. Once there is one, there is nothing here.
pub async fn finish(
    app: &App,
    ctx: &Context,
    secret: &SecretString,
    new: &NewAdministrator,
) -> Result<Begun> {
    if !required(app).await? {
        return Err(Error::NotFound);
    }
    let key = format!("setup:{}", limits::address(ctx.ip));
    limits::attempt(app, ctx, &[Limit::per_minute(key, 30)]).await?;
    let wrong = || Error::Refused("link_invalid");
    let token = PlainToken::parse(TokenKind::Setup, secret.expose_secret()).map_err(|_| wrong())?;
    let hash = *token.hash().as_bytes();
    let mut tx = app.db().read().await?;
    let works = secret_links::find(&mut tx, &hash, Purpose::Setup, ctx.now).await?;
    works.ok_or_else(wrong)?;
    drop(tx);
    let (administrator, password) = administrators::prepare(app, ctx, new).await?;
    let mut tx = app.db().begin().await?;
    rows::lock(&mut tx).await?;
    if rows::any(&mut tx).await? {
        return Err(Error::NotFound);
    }
    if !secret_links::consume(&mut tx, &hash, Purpose::Setup, ctx.now).await? {
        return Err(wrong());
    }
    administrators::insert(&mut tx, ctx, &administrator, &password).await?;
    let a = administrator;
    let begun = begin(
        app,
        &mut tx,
        ctx,
        Account::Administrator(a.id, a.email, a.permissions),
    )
    .await?;
    let object = Some(("instance", app.parts().instance.to_string()));
    audit::record(
        &mut tx,
        &begun.ctx,
        Event::InstanceInitialised,
        object,
        json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(begun)
}
