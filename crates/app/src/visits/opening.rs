//! Opening a link.

use serde_json::json;
use sofie_domain::{Actor, Event, PackageId, RecipientId, RequestId, VisitorId};
use sofie_identity::{PlainToken, TokenHash, TokenKind};
use sofie_store::{Tx, grants};
use uuid::Uuid;

use super::{Visit, ensure_visitor, find};
use crate::{App, Context, Error, Result, audit, limits, limits::Limit};

/// A visit, and the secret of the browser's new cookie if it had none.
#[derive(Debug)]
pub struct Opened {
    /// Where the link led.
    pub visit: Visit,
    /// The new cookie.
    pub cookie: Option<PlainToken>,
}

enum Target {
    Package(PackageId, Option<RecipientId>),
    Request(RequestId),
}

/// Opens a link by its secret. A wrong, expired, revoked or unknown one gives the same answer.
pub async fn open(app: &App, ctx: &Context, secret: &str) -> Result<Opened> {
    let key = format!("link:{}", limits::address(ctx.ip));
    limits::attempt(app, ctx, &[Limit::per_minute(key, 60)]).await?;
    let invalid = || Error::Refused("link_invalid");
    let token = PlainToken::parse(TokenKind::Link, secret).map_err(|_| invalid())?;
    let mut tx = app.db().begin().await?;
    let target = target(&mut tx, &token.hash()).await?.ok_or_else(invalid)?;
    let (visitor, cookie) = ensure_visitor(&mut tx, ctx).await?;
    let id = match target {
        Target::Package(package, recipient) => {
            grants::open_package(&mut tx, visitor, package, recipient, ctx.now).await?;
            if let Some(recipient) = recipient {
                sofie_store::recipients::mark_opened(&mut tx, recipient, ctx.now).await?;
            }
            let object = Some(("package", package.to_string()));
            audit::record(&mut tx, ctx, Event::PackageOpened, object, json!({})).await?;
            package.0
        }
        Target::Request(request) => {
            grants::open_request(&mut tx, visitor, request, ctx.now).await?;
            let object = Some(("request", request.to_string()));
            audit::record(&mut tx, ctx, Event::RequestOpened, object, json!({})).await?;
            request.0
        }
    };
    let ctx = as_visitor(ctx, visitor);
    // A link whose time is over is refused here, before anything is kept.
    let visit = find(app, &mut tx, &ctx, id)
        .await
        .map_err(|error| match error {
            Error::NotFound => invalid(),
            other => other,
        })?;
    tx.commit().await?;
    Ok(Opened { visit, cookie })
}

async fn target(tx: &mut Tx, hash: &TokenHash) -> Result<Option<Target>> {
    let hash = hash.as_bytes();
    if let Some((package, recipient)) = sofie_store::recipients::by_link(tx, hash).await? {
        return Ok(Some(Target::Package(package, Some(recipient))));
    }
    if let Some(package) = sofie_store::packages::by_link(tx, hash).await? {
        return Ok(Some(Target::Package(package, None)));
    }
    Ok(sofie_store::requests::by_link(tx, hash)
        .await?
        .map(Target::Request))
}

/// Returns the visit as it stands after a step, with a new cookie if there is one.
pub(super) async fn opened(
    app: &App,
    ctx: &Context,
    id: Uuid,
    cookie: Option<PlainToken>,
) -> Result<Opened> {
    let mut tx = app.db().begin().await?;
    let ctx = match &cookie {
        Some(token) => {
            let settings = app.settings().await?;
            let found = super::identify(&mut tx, &settings, token.expose(), ctx.now).await?;
            as_visitor(ctx, found.ok_or(Error::NotFound)?.id)
        }
        None => ctx.clone(),
    };
    let visit = find(app, &mut tx, &ctx, id).await?;
    tx.commit().await?;
    Ok(Opened { visit, cookie })
}

fn as_visitor(ctx: &Context, visitor: VisitorId) -> Context {
    let mut ctx = ctx.clone();
    ctx.visitor = Some(visitor);
    if ctx.actor == Actor::Anonymous {
        ctx.actor = Actor::Visitor {
            id: visitor,
            email: None,
        };
    }
    ctx
}
