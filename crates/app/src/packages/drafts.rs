//! Making and changing a draft, and changing the expiry of what was sent.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{
    AccountState, Actor, Approval, EmailAddress, Event, Life, Note, Package, PackageId,
    PackageType, Recipient, Sender, Settings, Title,
};
use sofie_store::{Tx, packages, recipients, users};

use super::{
    View, answers, fields,
    fields::{Author, Input, Problems},
    object, only_sender, same_version, tell, views,
};
use crate::{App, Context, Error, Result, audit, keys, requests};

/// A draft that was asked for.
#[derive(Debug)]
pub struct Made {
    /// The draft.
    pub view: View,
    /// Whether it is new: a request has one answer at a time, and who began it goes on with it.
    pub fresh: bool,
}

/// Makes a draft.
pub async fn create(app: &App, ctx: &Context, input: &Input) -> Result<Made> {
    let settings = app.settings().await?;
    let mut tx = app.db().read().await?;
    let (author, sender, fixed) = author(&mut tx, ctx, &settings, input).await?;
    let mut package = blank(ctx, &settings, author, sender)?;
    package.request_id = input.request_id;
    let mut problems = Problems::default();
    let given = fields::apply(&mut package, input, (ctx, &settings, author), &mut problems);
    package.recipients = match fixed {
        Some(recipient) => vec![recipient],
        None => given.unwrap_or_default(),
    };
    known(&mut tx, author, &package.recipients, &mut problems).await?;
    problems.into_result()?;
    drop(tx);
    // Hashing is slow on purpose: nobody waits for it with a connection in hand.
    let password = hashed(app, input.password.as_ref().and_then(Option::as_ref)).await?;
    let mut tx = app.db().begin().await?;
    if let Some(request) = input.request_id
        && let Some(begun) = answers::make_way(&mut tx, ctx, request, input.start_over).await?
    {
        let view = views::own(app, &mut tx, ctx, begun).await?;
        return Ok(Made { view, fresh: false });
    }
    package.has_password = password.is_some();
    packages::insert(&mut tx, &package, password.as_deref()).await?;
    keys::add_package_key(app, &mut tx, package.id).await?;
    let data = json!({ "type": package.kind.as_str(), "recipients": package.recipients.len() });
    audit::record(
        &mut tx,
        ctx,
        Event::PackageCreated,
        Some(object(package.id)),
        data,
    )
    .await?;
    let view = views::own(app, &mut tx, ctx, package).await?;
    tx.commit().await?;
    Ok(Made { view, fresh: true })
}

/// Changes a draft; of a package that was sent only the expiry, counted from now on.
pub async fn edit(
    app: &App,
    ctx: &Context,
    id: PackageId,
    seen: Option<i64>,
    input: &Input,
) -> Result<View> {
    let settings = app.settings().await?;
    let password = new_password(app, ctx, id, input).await?;
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    only_sender(ctx, &package)?;
    same_version(&package, seen)?;
    let draft = package.life == Life::Uploading && package.send_requested_at.is_none();
    if draft {
        edit_draft(&mut tx, ctx, &settings, (&mut package, input)).await?;
        if let Some(hash) = password {
            packages::set_password(&mut tx, id, hash.as_deref()).await?;
            package.has_password = hash.is_some();
        }
    } else {
        extend(ctx, &settings, &mut package, input)?;
    }
    packages::save(&mut tx, &mut package, ctx.now).await?;
    let data = json!({ "expires_in_days": input.expires_in_days, "draft": draft });
    if !draft {
        audit::record(&mut tx, ctx, Event::PackageChanged, Some(object(id)), data).await?;
    }
    let view = views::own(app, &mut tx, ctx, package).await?;
    tx.commit().await?;
    tell(app, id);
    Ok(view)
}

/// Hashes the password that a draft is to get, before its row is locked, if the caller may set it; the inner
/// none removes it.
async fn new_password(
    app: &App,
    ctx: &Context,
    id: PackageId,
    input: &Input,
) -> Result<Option<Option<String>>> {
    let Some(password) = &input.password else {
        return Ok(None);
    };
    let found = packages::find(&mut app.db().read().await?, id).await?;
    only_sender(ctx, &found.ok_or(Error::NotFound)?)?;
    Ok(Some(hashed(app, password.as_ref()).await?))
}

async fn edit_draft(
    tx: &mut Tx,
    ctx: &Context,
    settings: &Settings,
    (package, input): (&mut Package, &Input),
) -> Result<()> {
    let author = author_of(package);
    let mut problems = Problems::default();
    if input.request_id.is_some() {
        problems.add("request_id", "not_allowed");
    }
    if input.start_over {
        problems.add("start_over", "not_allowed");
    }
    let given = fields::apply(package, input, (ctx, settings, author), &mut problems);
    if let Some(given) = &given {
        known(tx, author, given, &mut problems).await?;
    }
    problems.into_result()?;
    if let Some(given) = given {
        recipients::replace(tx, package.id, &given).await?;
        package.recipients = given;
    }
    Ok(())
}

/// Who writes a draft, as far as it shows what may be in it.
pub(super) fn author_of(package: &Package) -> Author {
    match (&package.sender, package.request_id) {
        (_, Some(_)) => Author::Requested,
        (Sender::User { .. }, None) => Author::User,
        (Sender::Guest { .. }, None) => Author::Guest,
    }
}

fn extend(ctx: &Context, settings: &Settings, package: &mut Package, input: &Input) -> Result<()> {
    let sent = matches!(
        package.life,
        Life::Uploading | Life::Submitted | Life::Active
    );
    let (Some(days), true) = (input.expires_in_days, sent && input.only_expiry()) else {
        return Err(Error::Conflict("conflict"));
    };
    if package.expired(ctx.now) {
        return Err(Error::Conflict("conflict"));
    }
    let mut problems = Problems::default();
    fields::check_days(days, settings, &mut problems);
    problems.into_result()?;
    package.expires_in_days = days;
    if package.activated_at.is_some() {
        package.expires_at = Some(ctx.now + TimeDelta::days(days.into()));
    }
    Ok(())
}

/// Finds out in which role the caller makes a package, who is its sender, and to whom it must go.
async fn author(
    tx: &mut Tx,
    ctx: &Context,
    settings: &Settings,
    input: &Input,
) -> Result<(Author, Sender, Option<Recipient>)> {
    if let Some(request) = input.request_id {
        let answer = requests::answer_package(tx, ctx, request).await?;
        let sender = match &ctx.actor {
            Actor::User { id, email, .. } => Sender::User {
                id: *id,
                email: email.clone(),
            },
            _ => Sender::Guest {
                visitor: ctx.visitor.ok_or(Error::NotFound)?,
                email: answer.email,
            },
        };
        let fixed = fields::recipient(answer.requester, false);
        return Ok((Author::Requested, sender, Some(fixed)));
    }
    match &ctx.actor {
        Actor::User { id, email, .. } => {
            let sender = Sender::User {
                id: *id,
                email: email.clone(),
            };
            Ok((Author::User, sender, None))
        }
        Actor::Visitor {
            id,
            email: Some(email),
        } if settings.bool("guest_form.enabled") => {
            let sender = Sender::Guest {
                visitor: *id,
                email: email.clone(),
            };
            Ok((Author::Guest, sender, None))
        }
        _ => Err(Error::Unauthenticated),
    }
}

fn blank(ctx: &Context, settings: &Settings, author: Author, sender: Sender) -> Result<Package> {
    let usual = settings
        .text("packages.default_type")
        .parse()
        .unwrap_or(PackageType::Private);
    let kinds = [
        usual,
        PackageType::Private,
        PackageType::Internal,
        PackageType::Public,
    ];
    let allowed = |kind: &PackageType| fields::may_send(ctx, settings, author, *kind);
    let kind = kinds.into_iter().find(allowed).ok_or(Error::Forbidden)?;
    let days = settings.count("packages.expiry_default_days");
    Ok(Package {
        id: PackageId::fresh(),
        kind,
        life: Life::Uploading,
        approval: Approval::NotRequired,
        sender,
        request_id: None,
        title: Title::default(),
        note: Note::default(),
        recipients: Vec::new(),
        has_password: false,
        access_limit: None,
        expires_in_days: u32::try_from(days).map_err(Error::internal)?,
        created_at: ctx.now,
        send_requested_at: None,
        submitted_at: None,
        checks_started_at: None,
        activated_at: None,
        expires_at: None,
        deleted_at: None,
        version: 1,
    })
}

/// Looks the recipients up: a guest sends to users only (PKG-3), and nobody to an account that is disabled.
pub(super) async fn known(
    tx: &mut Tx,
    author: Author,
    given: &[Recipient],
    problems: &mut Problems,
) -> Result<()> {
    let emails: Vec<EmailAddress> = given.iter().map(|r| r.email.clone()).collect();
    let users = users::by_emails(tx, &emails).await?;
    for recipient in given {
        let disabled = users
            .get(&recipient.email)
            .map(|user| user.state == AccountState::Disabled);
        let code = match (author, disabled) {
            // Who has an account here is not for guests to find out.
            (Author::Guest, None | Some(true)) => "unknown_recipient",
            (Author::User, Some(true)) => "disabled_recipient",
            _ => continue,
        };
        let field = if recipient.blind {
            "blind_recipients"
        } else {
            "recipients"
        };
        problems.add(field, code);
    }
    Ok(())
}

async fn hashed(app: &App, password: Option<&SecretString>) -> Result<Option<String>> {
    match password {
        Some(password) => {
            let hash = app.parts().passwords.hash(password).await;
            hash.map(Some).map_err(Error::internal)
        }
        None => Ok(None),
    }
}
