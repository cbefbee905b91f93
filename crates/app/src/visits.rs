//! People who come with a link: opening it, proving an address, giving a password, spending an access.
//!
//! Nothing here happens on a GET: a mail scanner that follows a link changes nothing (promise 5).

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{
    Actor, Event, Life, Package, PackageId, PackageType, Recipient, RecipientId, Relation, Request,
    RequestId, Settings, Viewer, VisitorId,
};
use sofie_identity::{PlainToken, TokenKind};
use sofie_store::{
    Tx, grants,
    grants::GrantRow,
    visitors::{Trust, Visitor},
};
use uuid::Uuid;

use crate::{
    App, Context, Error, Result, audit, limits, limits::Limit, packages, requests, viewers,
};

mod codes;
mod leaving;
mod opening;

pub use codes::{send_code, verify_code};
pub(crate) use leaving::forget;
pub use opening::{Opened, open};

/// How many days a browser is remembered. Meanwhile its owner can come back to what its links led to, but must
/// prove again what was proved too long ago.
pub const VISITOR_DAYS: i64 = 30;

/// What the one at the door must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prove the address by a mailed code.
    Code,
    /// Log in.
    Login,
    /// Give the password.
    Password,
    /// Confirm that an access is spent.
    ConfirmAccess,
    /// Wait for the checks.
    Waiting,
    /// Come in.
    Ready,
}

/// A visit to a package.
#[derive(Debug)]
pub struct PackageVisit {
    /// The package.
    pub id: PackageId,
    /// What to do next.
    pub step: Step,
    /// The address that must be proved, mostly hidden.
    pub masked_email: Option<String>,
    /// When the last code was mailed.
    pub code_sent_at: Option<DateTime<Utc>>,
    /// What the visitor may see of it, while waiting or inside.
    pub view: Option<packages::View>,
    /// How many accesses there are and are left.
    pub access: Option<(u32, u32)>,
}

/// A visit to a request.
#[derive(Debug)]
pub struct RequestVisit {
    /// The request.
    pub request: Request,
    /// Who asks: address and name.
    pub requester: (String, Option<String>),
    /// What to do next.
    pub step: Step,
    /// The answer that was begun in this browser and is not sent.
    pub draft: Option<packages::View>,
}

/// Where a link led.
#[derive(Debug)]
pub enum Visit {
    /// To a package.
    Package(Box<PackageVisit>),
    /// To a request.
    Request(Box<RequestVisit>),
}

/// Finds out whose browser showed a visitor's cookie; an unknown or old one is nobody's.
pub async fn identify(
    tx: &mut Tx,
    settings: &Settings,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Visitor>> {
    let Ok(token) = PlainToken::parse(TokenKind::Visitor, secret) else {
        return Ok(None);
    };
    let hash = token.hash();
    let hours = |key| TimeDelta::try_hours(settings.integer(key)).unwrap_or(TimeDelta::MAX);
    let trust = Trust {
        idle: hours("sessions.visitor_idle_hours"),
        longest: hours("sessions.visitor_hours"),
    };
    Ok(sofie_store::visitors::find(tx, hash.as_bytes(), trust, now).await?)
}

/// Makes sure that the browser has an identity; a new one comes with the secret for its cookie.
pub async fn ensure_visitor(tx: &mut Tx, ctx: &Context) -> Result<(VisitorId, Option<PlainToken>)> {
    if let Some(id) = ctx.visitor {
        return Ok((id, None));
    }
    let (id, token) = (VisitorId::fresh(), PlainToken::generate(TokenKind::Visitor));
    let expires_at = ctx.now + TimeDelta::days(VISITOR_DAYS);
    sofie_store::visitors::insert(tx, id, token.hash().as_bytes(), ctx.now, expires_at).await?;
    Ok((id, Some(token)))
}

/// Returns where a visit stands.
pub async fn get(app: &App, ctx: &Context, id: Uuid) -> Result<Visit> {
    let mut tx = app.db().read().await?;
    find(app, &mut tx, ctx, id).await
}

async fn find(app: &App, tx: &mut Tx, ctx: &Context, id: Uuid) -> Result<Visit> {
    if let Some(package) = sofie_store::packages::find(tx, PackageId(id)).await? {
        return Ok(Visit::Package(Box::new(
            package_visit(app, tx, ctx, package).await?,
        )));
    }
    let visitor = ctx.visitor.ok_or(Error::NotFound)?;
    let request = sofie_store::requests::find(tx, RequestId(id))
        .await?
        .ok_or(Error::NotFound)?;
    let grant = grants::for_request(tx, visitor, request.id)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(Visit::Request(Box::new(
        request_visit(app, tx, ctx, request, &grant).await?,
    )))
}

async fn request_visit(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    request: Request,
    grant: &GrantRow,
) -> Result<RequestVisit> {
    let requester = requests::requester(tx, &request, ctx.now).await?;
    let open = !request.has_password || grant.grant(ctx.proofs_since, ctx.now).password;
    let step = if open { Step::Ready } else { Step::Password };
    let draft = if open {
        packages::begun(app, tx, ctx, request.id).await?
    } else {
        None
    };
    Ok(RequestVisit {
        request,
        requester: requests::address(&requester),
        step,
        draft,
    })
}

async fn package_visit(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: Package,
) -> Result<PackageVisit> {
    let viewer = viewers::viewer(tx, ctx, &package).await?;
    let step = step(&package, &viewer, ctx.now)?;
    let visible = packages::knows(app, tx, ctx, (&package, viewer.relation)).await?;
    if step == Step::Waiting && package.kind == PackageType::Private && !visible {
        // Named recipients learn of a package with its first verdict, whatever way they ask.
        return Err(Error::NotFound);
    }
    let id = package.id;
    let row = match ctx.visitor {
        Some(visitor) => grants::for_package(tx, visitor, id, ctx.proofs_since).await?,
        None => None,
    };
    let masked_email = match viewer.relation {
        Relation::Unproved(recipient) => {
            recipient_of(&package, recipient).map(|r| r.email.masked())
        }
        _ => None,
    };
    let access = match (package.access_limit, viewer.relation) {
        (Some(limit), Relation::Recipient(recipient)) => Some((limit, Some(recipient))),
        (Some(limit), Relation::LinkHolder) => Some((limit, None)),
        _ => None,
    };
    let access = match access {
        Some((limit, recipient)) => {
            let spent = grants::accesses_spent(tx, id, recipient).await?;
            let left = limit.saturating_sub(u32::try_from(spent).unwrap_or(u32::MAX));
            Some((limit, left))
        }
        None => None,
    };
    let view = match step {
        Step::Waiting | Step::Ready if visible => {
            Some(packages::view_for(app, tx, ctx, package, &viewer).await?)
        }
        _ => None,
    };
    let code_sent_at = row.and_then(|row| row.code_sent_at);
    Ok(PackageVisit {
        id,
        step,
        masked_email,
        code_sent_at,
        view,
        access,
    })
}

/// Says what comes next. Whoever has nothing to do with the package, or comes too late, learns only that the
/// link does not work.
fn step(package: &Package, viewer: &Viewer, now: DateTime<Utc>) -> Result<Step> {
    if viewer.relation == Relation::Stranger {
        return Err(Error::NotFound);
    }
    let gone = matches!(
        package.life,
        Life::Deleted | Life::Archived | Life::Shredded
    ) || package.expired(now);
    if gone {
        return Err(Error::Refused("link_invalid"));
    }
    let waiting = package.life != Life::Active;
    match viewer.relation {
        Relation::Stranger | Relation::Approver => Err(Error::NotFound),
        Relation::Unproved(_) => Ok(Step::Code),
        Relation::LoginNeeded => Ok(Step::Login),
        Relation::Sender | Relation::Administrator { .. } if waiting => Ok(Step::Waiting),
        Relation::Sender | Relation::Administrator { .. } => Ok(Step::Ready),
        Relation::Recipient(_) | Relation::LinkHolder => {
            Ok(if package.has_password && !viewer.password {
                Step::Password
            } else if waiting {
                Step::Waiting
            } else if package.access_limit.is_some() && !viewer.access {
                Step::ConfirmAccess
            } else {
                Step::Ready
            })
        }
    }
}

fn recipient_of(package: &Package, id: RecipientId) -> Option<&Recipient> {
    package.recipients.iter().find(|r| r.id == id)
}

/// Returns the recipient whom somebody at the door stands for; none for a link that names nobody.
fn addressee(relation: Relation) -> Result<Option<RecipientId>> {
    match relation {
        Relation::Recipient(id) | Relation::Unproved(id) => Ok(Some(id)),
        Relation::LinkHolder => Ok(None),
        _ => Err(Error::NotFound),
    }
}

/// Returns the browser's grant for a package that the caller stands to as a recipient; a logged-in recipient
/// who never opened a link gets one here.
async fn grant_row(
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    relation: Relation,
) -> Result<(GrantRow, Option<PlainToken>)> {
    let (visitor, token) = ensure_visitor(tx, ctx).await?;
    let recipient = addressee(relation)?;
    grants::open_package(tx, visitor, package.id, recipient, ctx.now).await?;
    let row = grants::for_package(tx, visitor, package.id, ctx.proofs_since)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((row, token))
}

/// Takes the password of a package or a request.
///
/// The try is counted, and the password compared, while no connection is held: both wait for others.
pub async fn give_password(
    app: &App,
    ctx: &Context,
    id: Uuid,
    password: SecretString,
) -> Result<Opened> {
    let key = format!("password:{id}:{}", limits::address(ctx.ip));
    limits::attempt(app, ctx, &[Limit::per_minute(key, 5)]).await?;
    let (hash, of_package) = password_at(app, ctx, id).await?;
    let right = match hash {
        Some(hash) => {
            let verified = app.parts().passwords.verify(&password, &hash).await;
            verified.map_err(Error::internal)?.ok
        }
        None => false,
    };
    let mut tx = app.db().begin().await?;
    if !right {
        let kind = if of_package.is_some() {
            "package"
        } else {
            "request"
        };
        let object = (kind, id.to_string());
        let about = (id, json!({}));
        audit::record_often(&mut tx, ctx, Event::PackagePasswordWrong, object, about).await?;
        tx.commit().await?;
        return Err(Error::Refused("wrong_password"));
    }
    let (grant, token) = match of_package {
        Some((package, relation)) => grant_row(&mut tx, ctx, &package, relation).await?,
        None => (request_grant(&mut tx, ctx, id).await?, None),
    };
    grants::give_password(&mut tx, grant.id, ctx.now).await?;
    tx.commit().await?;
    opening::opened(app, ctx, id, token).await
}

/// Returns the hash of the password at this door, and the package behind it, if it is one, with how the
/// caller stands to it.
async fn password_at(
    app: &App,
    ctx: &Context,
    id: Uuid,
) -> Result<(Option<String>, Option<(Package, Relation)>)> {
    let mut tx = app.db().read().await?;
    let Some(package) = sofie_store::packages::find(&mut tx, PackageId(id)).await? else {
        request_grant(&mut tx, ctx, id).await?;
        let hash = sofie_store::requests::password(&mut tx, RequestId(id)).await?;
        return Ok((hash, None));
    };
    let relation = viewers::viewer(&mut tx, ctx, &package).await?.relation;
    addressee(relation)?;
    let hash = sofie_store::packages::password(&mut tx, package.id).await?;
    Ok((hash, Some((package, relation))))
}

async fn request_grant(tx: &mut Tx, ctx: &Context, id: Uuid) -> Result<GrantRow> {
    let visitor = ctx.visitor.ok_or(Error::NotFound)?;
    let grant = grants::for_request(tx, visitor, RequestId(id)).await?;
    grant.ok_or(Error::NotFound)
}

/// Spends one access; it lasts for some minutes.
pub async fn spend_access(app: &App, ctx: &Context, id: Uuid) -> Result<Opened> {
    let minutes = app.settings().await?.integer("packages.access_minutes");
    let mut tx = app.db().begin().await?;
    let package = sofie_store::packages::find(&mut tx, PackageId(id))
        .await?
        .ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    if step(&package, &viewer, ctx.now)? != Step::ConfirmAccess {
        return Err(Error::Conflict("conflict"));
    }
    let (grant, token) = grant_row(&mut tx, ctx, &package, viewer.relation).await?;
    // Not the grant's: a link that was meant for another recipient may have been opened in this browser.
    let recipient = addressee(viewer.relation)?;
    grants::lock_accesses(&mut tx, package.id).await?;
    let spent = grants::accesses_spent(&mut tx, package.id, recipient).await?;
    let limit = i64::from(package.access_limit.unwrap_or(u32::MAX));
    if spent >= limit {
        return Err(Error::Refused("access_limit"));
    }
    let user = match &ctx.actor {
        Actor::User { id, .. } => Some(*id),
        _ => None,
    };
    grants::spend_access(&mut tx, package.id, recipient, user, ctx.now).await?;
    grants::give_access(&mut tx, grant.id, ctx.now + TimeDelta::minutes(minutes)).await?;
    let data = json!({ "spent": spent + 1, "limit": limit });
    audit::record(
        &mut tx,
        ctx,
        Event::PackageOpened,
        Some(("package", id.to_string())),
        data,
    )
    .await?;
    tx.commit().await?;
    opening::opened(app, ctx, id, token).await
}
