//! Who gets which mail at which transition.
//!
//! Every function writes into the transaction of the transition, so a mail exists exactly when its reason does;
//! the key of each mail names the transition, so that repeating a job does not repeat a mail.

mod approvals;
mod integrity;
mod locked;
mod recalls;

pub use approvals::{approved, disapproved, to_approve};
pub use integrity::not_intact;
pub(crate) use locked::{ask_recipients, was_asked};
pub use recalls::recalled;

use sofie_domain::{
    EmailAddress, File, Package, PackageId, PackageType, Reason, Recipient, RecipientId, Relation,
    Sender,
};
use sofie_identity::{Code, PlainToken, TokenKind};
use sofie_mail::{
    Delivered, Downloaded, Expiring, NewPackage, PackageReceived, Quarantined, Rejected, Released,
    Template,
};
use sofie_store::{Tx, mails, recipients, users};

use crate::{
    App, Context, Error, Result, audit,
    error::chain,
    jobs,
    mailed_codes::MINUTES,
    outbox::{self, Post},
    packages::Loaded,
};

/// How many names of held files a mail lists.
const NAMES_LISTED: usize = 20;

/// Tells every recipient who was not told yet that the package can be fetched. Notices that were given up while
/// it could not be go out now.
pub async fn delivered(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    outbox::revive(tx, ctx, loaded.package.id).await?;
    let recipients = loaded.package.recipients.iter();
    let untold: Vec<_> = recipients.filter(|r| r.notified_at.is_none()).collect();
    notify(app, tx, ctx, loaded, (&untold, "first")).await?;
    if app.settings().await?.bool("mail.delivery_notice") {
        receipt(app, tx, ctx, &loaded.package).await?;
    }
    Ok(())
}

/// Tells the sender, once, that the checks are over and who was told.
async fn receipt(app: &App, tx: &mut Tx, ctx: &Context, package: &Package) -> Result<()> {
    let told = package.recipients.iter().map(|r| r.email.to_string());
    let template = Template::Delivered(Delivered {
        title: title(package),
        recipients: told.collect(),
        link: package_link(app, package.id).await?,
    });
    let key = format!("delivered:{}", package.id);
    to_sender(app, tx, ctx, package, (template, key)).await
}

/// Tells the sender that somebody has begun to fetch, the first time that this one does and if the setting wants
/// it. A download never fails because of it.
pub(crate) async fn downloaded(app: &App, ctx: &Context, package: &Package, relation: Relation) {
    if let Err(error) = note_download(app, ctx, package, relation).await {
        tracing::warn!(error = chain(&error), package.id = %package.id, "the sender could not be told of a download");
    }
}

async fn note_download(
    app: &App,
    ctx: &Context,
    package: &Package,
    relation: Relation,
) -> Result<()> {
    if !app.settings().await?.bool("mail.download_notice") {
        return Ok(());
    }
    let (recipient, who) = match relation {
        Relation::Recipient(id) => {
            let known = package.recipients.iter().find(|r| r.id == id);
            (known.map(|r| r.email.to_string()), id.to_string())
        }
        Relation::LinkHolder => {
            let email = ctx.actor.email().map(ToString::to_string);
            (email.clone(), email.unwrap_or_else(|| "link".to_owned()))
        }
        _ => return Ok(()),
    };
    let key = format!("downloaded:{}:{who}", package.id);
    let mut tx = app.db().begin().await?;
    if mails::exists(&mut tx, &key).await? {
        return Ok(());
    }
    let template = Template::Downloaded(Downloaded {
        title: title(package),
        recipient,
        at: ctx.now,
        link: package_link(app, package.id).await?,
    });
    to_sender(app, &mut tx, ctx, package, (template, key)).await?;
    tx.commit().await?;
    app.parts().waker.wake(jobs::queues::MAIL);
    Ok(())
}

/// Reminds a recipient who has fetched nothing that the package ends.
pub(crate) async fn expiring(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    recipient: RecipientId,
) -> Result<()> {
    let recipient = package.recipients.iter().find(|r| r.id == recipient);
    let (Some(recipient), Some(expires_at)) = (recipient, package.expires_at) else {
        return Ok(());
    };
    let known = users::by_emails(tx, std::slice::from_ref(&recipient.email)).await?;
    let known = known.get(&recipient.email);
    let base = app.base_url().await?;
    let link = match known {
        Some(_) => format!("{base}/packages/{}", package.id),
        None => format!("{base}/p#{}", link(tx, package, recipient).await?),
    };
    let post = Post {
        template: Template::Expiring(Expiring {
            sender: sender_name(tx, package).await?,
            title: title(package),
            expires_at,
            link,
        }),
        to: &recipient.email,
        locale: known.and_then(|user| user.locale.as_deref()),
        dedupe_key: format!("expiring:{}:{}", recipient.id, expires_at.timestamp()),
        reply_to: Some(package.sender.email()),
        about: Some((package.id, Some(recipient.id))),
    };
    outbox::post(app, tx, ctx, post).await?;
    recipients::mark_reminded(tx, recipient.id, ctx.now).await?;
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
            notify(app, tx, ctx, loaded, (&[recipient], &occasion)).await
        }
        None => Err(Error::NotFound),
    }
}

/// Tells recipients; `occasion` tells this time from the others.
async fn notify(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    (told, occasion): (&[&Recipient], &str),
) -> Result<()> {
    let package = &loaded.package;
    let emails: Vec<EmailAddress> = told.iter().map(|r| r.email.clone()).collect();
    let users = users::by_emails(tx, &emails).await?;
    let (base, sender) = (app.base_url().await?, sender_name(tx, package).await?);
    let passing: Vec<&File> = loaded.files.iter().filter(|f| f.check.passes()).collect();
    let (files, bytes) = (passing.len() as u64, passing.iter().map(|f| f.size).sum());
    for recipient in told {
        let known = users.get(&recipient.email);
        let template = match known {
            Some(_) => Template::PackageReceived(PackageReceived {
                sender: sender.clone(),
                title: title(package),
                files,
                bytes,
                link: format!("{base}/packages/{}", package.id),
            }),
            None => Template::NewPackage(NewPackage {
                sender: sender.clone(),
                title: title(package),
                note: Some(package.note.as_str().to_owned()).filter(|note| !note.is_empty()),
                files,
                bytes,
                link: format!("{base}/p#{}", link(tx, package, recipient).await?),
                expires_at: package.expires_at,
                password: package.has_password,
            }),
        };
        let post = Post {
            template,
            to: &recipient.email,
            locale: known.and_then(|user| user.locale.as_deref()),
            dedupe_key: format!("new_package:{}:{occasion}", recipient.id),
            reply_to: Some(package.sender.email()),
            about: Some((package.id, Some(recipient.id))),
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    let ids: Vec<RecipientId> = told.iter().map(|recipient| recipient.id).collect();
    recipients::mark_notified(tx, &ids, ctx.now).await?;
    let entries: Vec<_> = ids
        .iter()
        .map(|id| {
            let object = Some(("package", package.id.to_string()));
            let data = serde_json::json!({ "recipient": id });
            audit::entry(ctx, sofie_domain::Event::PackageNotified, object, data)
        })
        .collect();
    Ok(sofie_store::audit::write_all(tx, &entries).await?)
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
    let template = Template::QuarantinedSender(held(app, loaded).await?);
    let key = of_version("quarantined", &loaded.package);
    to_sender(app, tx, ctx, &loaded.package, (template, key)).await
}

/// Tells the sender that the rules send the package back, and for which files.
pub async fn returned(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    let template = Template::Returned(held(app, loaded).await?);
    let key = of_version("returned", &loaded.package);
    to_sender(app, tx, ctx, &loaded.package, (template, key)).await
}

/// Names the held files of a package.
async fn held(app: &App, loaded: &Loaded) -> Result<Quarantined> {
    let held = loaded.files.iter().filter(|f| f.check.held());
    let names = held.map(|f| f.path.as_str().to_owned());
    Ok(Quarantined {
        title: title(&loaded.package),
        names: names.take(NAMES_LISTED).collect(),
        link: package_link(app, loaded.package.id).await?,
    })
}

/// Tells the sender that held files were let go.
pub async fn released(app: &App, tx: &mut Tx, ctx: &Context, loaded: &Loaded) -> Result<()> {
    let package = &loaded.package;
    let link = package_link(app, package.id).await?;
    let template = Template::Released(Released {
        title: title(package),
        link,
    });
    let key = of_version("released", package);
    to_sender(app, tx, ctx, package, (template, key)).await
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
    let key = of_version("rejected", package);
    to_sender(app, tx, ctx, package, (template, key)).await
}

/// Names what happened to a package at this turn of its life.
fn of_version(occasion: &str, package: &Package) -> String {
    format!("{occasion}:{}:{}", package.id, package.version)
}

async fn to_sender(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    (template, dedupe_key): (Template, String),
) -> Result<()> {
    let locale = match &package.sender {
        Sender::User { id, .. } => users::find(tx, *id).await?.and_then(|user| user.locale),
        Sender::Guest { .. } => None,
    };
    let post = Post {
        template,
        to: package.sender.email(),
        locale: locale.as_deref(),
        dedupe_key,
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
