//! Who gets which mail at which transition.
//!
//! Every function writes into the transaction of the transition, so a mail exists exactly when its reason does;
//! the key of each mail names the transition, so that repeating a job does not repeat a mail.

use sofie_domain::{
    EmailAddress, File, Package, PackageId, PackageType, Reason, Recipient, RecipientId, Sender,
};
use sofie_identity::{Code, PlainToken, TokenKind};
use sofie_mail::{NewPackage, PackageReceived, Quarantined, Rejected, Released, Template};
use sofie_store::{Tx, recipients, users};

use crate::{
    App, Context, Error, Result, audit,
    mailed_codes::MINUTES,
    outbox::{self, Post},
    packages::Loaded,
};

/// How many names of held files a mail lists.
const NAMES_LISTED: usize = 20;

/// Tells every recipient of a private package who was not told yet that it can be fetched.
pub async fn delivered(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    for recipient in loaded
        .package
        .recipients
        .iter()
        .filter(|r| r.notified_at.is_none())
    {
        notify(app, tx, ctx, loaded, recipient, "first").await?;
    }
    Ok(())
}

/// Tells a recipient again, because the sender asks for it.
pub async fn again(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    recipient: RecipientId,
) -> Result<()> {
    match loaded.package.recipients.iter().find(|r| r.id == recipient) {
        Some(recipient) => {
            let occasion = ctx.now.timestamp().to_string();
            notify(app, tx, ctx, loaded, recipient, &occasion).await
        }
        None => Err(Error::NotFound),
    }
}

/// Tells one recipient; `occasion` tells this time from the others.
async fn notify(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    recipient: &Recipient,
    occasion: &str,
) -> Result<()> {
    let package = &loaded.package;
    let base = app.base_url().await?;
    let known = users::find_by_email(tx, &recipient.email)
        .await?
        .map(|found| found.user);
    let (title, sender) = (title(package), sender_name(tx, package).await?);
    let passing: Vec<&File> = loaded.files.iter().filter(|f| f.check.passes()).collect();
    let (files, bytes) = (passing.len() as u64, passing.iter().map(|f| f.size).sum());
    let template = match &known {
        Some(_) => Template::PackageReceived(PackageReceived {
            sender,
            title,
            files,
            bytes,
            link: format!("{base}/packages/{}", package.id),
        }),
        None => Template::NewPackage(NewPackage {
            sender,
            title,
            note: Some(package.note.as_str().to_owned()).filter(|note| !note.is_empty()),
            files,
            bytes,
            link: format!("{base}/p#{}", link(tx, package, recipient).await?),
            expires_at: package.expires_at,
            password: package.has_password,
        }),
    };
    recipients::mark_notified(tx, recipient.id, ctx.now).await?;
    let post = Post {
        template,
        to: &recipient.email,
        locale: known.as_ref().and_then(|user| user.locale.as_deref()),
        dedupe_key: format!("new_package:{}:{occasion}", recipient.id),
        reply_to: Some(package.sender.email()),
        about: Some((package.id, Some(recipient.id))),
    };
    outbox::post(app, tx, ctx, post).await?;
    let object = Some(("package", package.id.to_string()));
    let data = serde_json::json!({ "recipient": recipient.id });
    audit::record(tx, ctx, sofie_domain::Event::PackageNotified, object, data).await
}

/// Returns the secret of a recipient's link, making it at the first notice. In a package that everybody with
/// the link may fetch, the recipients share the package's own.
async fn link(tx: &mut Tx, package: &Package, recipient: &Recipient) -> Result<String> {
    if package.kind != PackageType::Private
        && let Some(secret) = sofie_store::packages::link(tx, package.id).await?
    {
        return Ok(secret);
    }
    if let Some(secret) = recipients::link(tx, recipient.id).await? {
        return Ok(secret);
    }
    let token = PlainToken::generate(TokenKind::Link);
    recipients::set_link(tx, recipient.id, token.hash().as_bytes(), token.expose()).await?;
    Ok(token.expose().to_owned())
}

/// Tells the sender that files of a package are held back.
pub async fn quarantined(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    let held = loaded.files.iter().filter(|f| f.check.held());
    let names = held
        .take(NAMES_LISTED)
        .map(|f| f.path.as_str().to_owned())
        .collect();
    let package = &loaded.package;
    let link = package_link(app, package.id).await?;
    let template = Template::QuarantinedSender(Quarantined {
        title: title(package),
        names,
        link,
    });
    to_sender(app, tx, ctx, package, template, "quarantined").await
}

/// Tells the sender that held files were let go.
pub async fn released(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    let package = &loaded.package;
    let link = package_link(app, package.id).await?;
    let template = Template::Released(Released {
        title: title(package),
        link,
    });
    to_sender(app, tx, ctx, package, template, "released").await
}

/// Tells the sender that an administrator decided against the package, and why.
pub async fn rejected(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    reason: &Reason,
) -> Result<()> {
    let package = &loaded.package;
    let link = package_link(app, package.id).await?;
    let template = Template::Rejected(Rejected {
        title: title(package),
        reason: reason.as_str().to_owned(),
        link,
    });
    to_sender(app, tx, ctx, package, template, "rejected").await
}

async fn to_sender(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    template: Template,
    occasion: &str,
) -> Result<()> {
    let locale = match &package.sender {
        Sender::User { id, .. } => users::find(tx, *id).await?.and_then(|user| user.locale),
        Sender::Guest { .. } => None,
    };
    let post = Post {
        template,
        to: package.sender.email(),
        locale: locale.as_deref(),
        dedupe_key: format!("{occasion}:{}:{}", package.id, package.version),
        reply_to: None,
        about: Some((package.id, None)),
    };
    outbox::post(app, tx, ctx, post).await
}

/// Mails the code that proves a recipient's address.
pub async fn package_code(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    recipient: &Recipient,
    code: &Code,
) -> Result<()> {
    let body = sofie_mail::Code {
        code: code.expose(),
        minutes: MINUTES.into(),
    };
    let post = Post {
        template: Template::PackageCode(body),
        to: &recipient.email,
        locale: None,
        dedupe_key: format!("package_code:{}", sofie_domain::MailId::fresh()),
        reply_to: None,
        about: Some((package.id, Some(recipient.id))),
    };
    outbox::post(app, tx, ctx, post).await
}

/// Mails the code that proves a guest's address.
pub async fn guest_code(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    to: &EmailAddress,
    code: &Code,
) -> Result<()> {
    let body = sofie_mail::Code {
        code: code.expose(),
        minutes: MINUTES.into(),
    };
    let post = Post {
        template: Template::GuestCode(body),
        to,
        locale: None,
        dedupe_key: format!("guest_code:{}", sofie_domain::MailId::fresh()),
        reply_to: None,
        about: None,
    };
    outbox::post(app, tx, ctx, post).await
}

async fn package_link(app: &App, id: PackageId) -> Result<String> {
    Ok(format!("{}/packages/{id}", app.base_url().await?))
}

fn title(package: &Package) -> Option<String> {
    Some(package.title.as_str().to_owned()).filter(|title| !title.is_empty())
}

async fn sender_name(tx: &mut Tx, package: &Package) -> Result<String> {
    let email = package.sender.email().to_string();
    let Sender::User { id, .. } = &package.sender else {
        return Ok(email);
    };
    let name = users::find(tx, *id)
        .await?
        .map(|user| user.name)
        .filter(|name| !name.is_empty());
    Ok(name.map_or(email.clone(), |name| format!("{name} ({email})")))
}
