//! Requests: a user asks somebody outside for files (PKG-4).

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sofie_domain::{
    AccountState, EmailAddress, Event, Note, Package, Request, RequestId, Title, User, UserId,
    UserPermission,
};
use sofie_identity::{PlainToken, TokenKind};
use sofie_mail::Template;
use sofie_store::{Cursor, Page, Tx, grants, requests, requests::Secrets, users};

use crate::{
    App, Context, Error, Result, audit, limits,
    limits::Limit,
    outbox::{self, Post},
    packages,
};

/// How many requests a user makes in an hour at most; each can be a mail to a stranger.
const AN_HOUR: u32 = 60;

/// What a user asks.
#[derive(Debug)]
pub struct NewRequest {
    /// Who is asked.
    pub email: EmailAddress,
    /// What for.
    pub title: Title,
    /// Words to the one who is asked.
    pub note: Note,
    /// The upload password, if one is wanted.
    pub password: Option<SecretString>,
    /// Whether we mail the link; otherwise the user passes it on.
    pub send_mail: bool,
    /// For how many days the link works; none: the usual.
    pub expires_in_days: Option<u32>,
}

/// A request with the link that its owner may pass on.
#[derive(Debug)]
pub struct Linked {
    /// The request.
    pub request: Request,
    /// The whole link, secret included.
    pub link: String,
}

/// Asks somebody for files.
pub async fn create(app: &App, ctx: &Context, new: NewRequest) -> Result<Linked> {
    let user_id = ctx.user_who_may(UserPermission::Request)?;
    let limit = Limit {
        key: format!("requests:{user_id}"),
        max: AN_HOUR,
        window: TimeDelta::hours(1),
    };
    limits::attempt(app, ctx, &[limit]).await?;
    let settings = app.settings().await?;
    let days = new
        .expires_in_days
        .map_or(settings.integer("packages.requests_days"), i64::from);
    if !(1..=360).contains(&days) {
        return Err(Error::invalid("expires_in_days", "not_allowed"));
    }
    let password = hashed(app, new.password.as_ref()).await?;
    let token = PlainToken::generate(TokenKind::Link);
    let request = Request {
        id: RequestId::fresh(),
        user_id,
        email: new.email,
        title: new.title,
        note: new.note,
        has_password: password.is_some(),
        created_at: ctx.now,
        expires_at: ctx.now + TimeDelta::days(days),
        cancelled_at: None,
        package_id: None,
        fulfilled_at: None,
    };
    let link = format!("{}/r#{}", app.base_url().await?, token.expose());
    let mut tx = app.db().begin().await?;
    let hash = token.hash();
    let secrets = Secrets {
        password: password.as_deref(),
        link_hash: hash.as_bytes(),
        link: token.expose(),
    };
    requests::insert(&mut tx, &request, &secrets).await?;
    let object = Some(("request", request.id.to_string()));
    audit::record(
        &mut tx,
        ctx,
        Event::RequestCreated,
        object,
        json!({ "mailed": new.send_mail }),
    )
    .await?;
    if new.send_mail {
        mail(app, &mut tx, ctx, &request, &link).await?;
    }
    tx.commit().await?;
    app.parts().waker.wake(crate::jobs::queues::MAIL);
    Ok(Linked { request, link })
}

/// Hashes the upload password, which the rules of package passwords hold for; an empty one is none.
async fn hashed(app: &App, password: Option<&SecretString>) -> Result<Option<String>> {
    let Some(password) = password.filter(|password| !password.expose_secret().is_empty()) else {
        return Ok(None);
    };
    if let Some(code) = packages::password_problem(password) {
        return Err(Error::invalid("password", code));
    }
    let hash = app.parts().passwords.hash(password).await;
    hash.map(Some).map_err(Error::internal)
}

async fn mail(app: &App, tx: &mut Tx, ctx: &Context, request: &Request, link: &str) -> Result<()> {
    let (email, name) = address(&requester(tx, request, ctx.now).await?);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let template = Template::Request(sofie_mail::Request {
        sender: name.map_or_else(|| email.clone(), |name| format!("{name} ({email})")),
        title: text(request.title.as_str()),
        note: text(request.note.as_str()),
        link: link.to_owned(),
        expires_at: Some(request.expires_at),
        password: request.has_password,
    });
    let post = Post {
        template,
        to: &request.email,
        locale: None,
        dedupe_key: format!("request:{}", request.id),
        reply_to: ctx.actor.email(),
        about: None,
    };
    outbox::post(app, tx, ctx, post).await
}

/// Lists the caller's requests, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Linked>> {
    let user = ctx.user()?;
    let base = app.base_url().await?;
    let mut tx = app.db().read().await?;
    let page = requests::of_user(&mut tx, user, after, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for request in page.items {
        items.push(linked(&mut tx, &base, request).await?);
    }
    Ok(Page {
        items,
        next: page.next,
    })
}

/// Returns one of the caller's requests.
pub async fn get(app: &App, ctx: &Context, id: RequestId) -> Result<Linked> {
    let user = ctx.user()?;
    let base = app.base_url().await?;
    let mut tx = app.db().read().await?;
    let request = own(&mut tx, user, id).await?;
    linked(&mut tx, &base, request).await
}

/// Takes a request back: its link no longer works.
pub async fn cancel(app: &App, ctx: &Context, id: RequestId) -> Result<()> {
    let user = ctx.user()?;
    let mut tx = app.db().begin().await?;
    own(&mut tx, user, id).await?;
    requests::cancel(&mut tx, id, ctx.now).await?;
    audit::record(
        &mut tx,
        ctx,
        Event::RequestCancelled,
        Some(("request", id.to_string())),
        json!({}),
    )
    .await?;
    Ok(tx.commit().await?)
}

async fn own(tx: &mut Tx, user: UserId, id: RequestId) -> Result<Request> {
    let found = requests::find(tx, id).await?;
    found
        .filter(|request| request.user_id == user)
        .ok_or(Error::NotFound)
}

async fn linked(tx: &mut Tx, base: &str, request: Request) -> Result<Linked> {
    let link = format!("{base}/r#{}", requests::link(tx, request.id).await?);
    Ok(Linked { request, link })
}

/// Returns the one who asks, if somebody may answer: the request's time is not over and the account works.
pub(crate) async fn requester(tx: &mut Tx, request: &Request, now: DateTime<Utc>) -> Result<User> {
    if !request.accepts_uploads(now) {
        return Err(Error::Refused("link_invalid"));
    }
    active(tx, request).await
}

async fn active(tx: &mut Tx, request: &Request) -> Result<User> {
    let user = users::find(tx, request.user_id).await?;
    user.filter(|user| user.state == AccountState::Active)
        .ok_or(Error::Refused("link_invalid"))
}

/// Returns the address and the name of a user.
pub(crate) fn address(user: &User) -> (String, Option<String>) {
    let name = Some(user.name.clone()).filter(|name| !name.is_empty());
    (user.email.to_string(), name)
}

/// Whom an answer to a request comes from and goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who was asked: the sender of the package.
    pub email: EmailAddress,
    /// Who asked: its recipient.
    pub requester: EmailAddress,
}

/// Tells whom a package that answers a request comes from and goes to, if the caller's browser may answer it:
/// its link was opened there, its password given, its time is not over.
pub async fn answer_package(tx: &mut Tx, ctx: &Context, id: RequestId) -> Result<Answer> {
    let visitor = ctx.visitor.ok_or(Error::NotFound)?;
    let grant = grants::for_request(tx, visitor, id)
        .await?
        .ok_or(Error::NotFound)?;
    let request = requests::find(tx, id).await?.ok_or(Error::NotFound)?;
    if request.has_password && !grant.grant(ctx.proofs_since, ctx.now).password {
        return Err(Error::Refused("password_required"));
    }
    let requester = requester(tx, &request, ctx.now).await?.email;
    Ok(Answer {
        email: request.email,
        requester,
    })
}

/// Refuses an answer to a request that was taken back, that another package has answered, or whose user no longer
/// has a working account, since the draft was made. One that was begun in time may end late.
pub async fn still_wanted(tx: &mut Tx, package: &Package) -> Result<()> {
    let Some(id) = package.request_id else {
        return Ok(());
    };
    let request = requests::find(tx, id).await?.ok_or(Error::NotFound)?;
    if request.cancelled_at.is_some() || request.fulfilled_at.is_some() {
        return Err(Error::Refused("link_invalid"));
    }
    active(tx, &request).await.map(drop)
}

/// Marks the request that a sent package answers.
pub async fn fulfilled(tx: &mut Tx, ctx: &Context, package: &Package) -> Result<()> {
    let Some(id) = package.request_id else {
        return Ok(());
    };
    if requests::fulfil(tx, id, ctx.now).await? {
        let object = Some(("request", id.to_string()));
        audit::record(tx, ctx, Event::RequestFulfilled, object, json!({})).await?;
    }
    Ok(())
}
