//! The outbox: every mail is a row before it is a mail.
//!
//! A use case posts a mail in its own transaction; a job hands it over. The `Message-ID` is made from the row, so
//! a mail that is sent twice because a process died between the server's word and ours is the same mail to the
//! receiver; that is the only window in which it can happen.

use std::str::FromStr;

use sofie_domain::{
    AdministratorPermission, EmailAddress, Event, MailId, PackageId, RecipientId, Settings,
};
use sofie_mail::{
    Lang, MessageId, Renderer, SmtpConfig, SmtpLogin, SmtpTls, Template, TestMail, Transport,
};
use sofie_store::{Cursor, Page, Tx, mails, mails::Mail};

use crate::{App, Context, Error, Result, audit, jobs, jobs::DeliverMail, sessions::demand};

/// How long one mail may take.
const TIMEOUT_SECONDS: u64 = 60;
/// The kinds of mail with a link or a code that opens an account, a package or a request to whoever has it.
const WITH_SECRETS: &[&str] = &[
    "account_invite",
    "expiring",
    "guest_code",
    "locked",
    "new_package",
    "package_code",
    "password_reset",
    "request",
];

/// The kinds of mail that tell recipients of a package that can be fetched.
pub(crate) const NOTICES: &[&str] = &["new_package", "package_received", "expiring"];

/// A mail to post.
#[derive(Debug)]
pub struct Post<'a> {
    /// What it says.
    pub template: Template,
    /// To whom.
    pub to: &'a EmailAddress,
    /// In which language; none: the installation's.
    pub locale: Option<&'a str>,
    /// One transition mails one person once: a second mail with the same key is dropped.
    pub dedupe_key: String,
    /// Where answers go.
    pub reply_to: Option<&'a EmailAddress>,
    /// The package it is about, and the recipient it goes to.
    pub about: Option<(PackageId, Option<RecipientId>)>,
}

/// Writes a mail and the job that sends it into the transaction of the change that it tells about.
pub async fn post(app: &App, tx: &mut Tx, ctx: &Context, post: Post<'_>) -> Result<()> {
    let settings = app.settings().await?;
    let fallback = settings.text("instance.language");
    let lang = Lang::from_str(post.locale.unwrap_or(&fallback)).unwrap_or(Lang::En);
    let words = Renderer::new(settings.text("instance.name"))
        .render(&post.template, lang)
        .map_err(Error::internal)?;
    let id = MailId::fresh();
    let message_id =
        MessageId::new(&id.to_string(), &mail_domain(&settings)).map_err(Error::internal)?;
    let mail = mails::NewMail {
        id,
        kind: post.template.kind(),
        dedupe_key: &post.dedupe_key,
        to: post.to,
        reply_to: post.reply_to,
        message_id: &message_id.to_string(),
        locale: lang.tag(),
        parts: [&words.subject, &words.text, &words.html],
        package_id: post.about.map(|(package, _)| package),
        recipient_id: post.about.and_then(|(_, recipient)| recipient),
    };
    if mails::insert(tx, &mail, ctx.now).await? {
        enqueue(tx, ctx, id).await?;
    }
    Ok(())
}

/// Lets the notices about a package go that were given up while it could not be fetched.
pub(crate) async fn revive(tx: &mut Tx, ctx: &Context, package: PackageId) -> Result<()> {
    for mail in mails::revive(tx, package).await? {
        enqueue(tx, ctx, mail).await?;
    }
    Ok(())
}

/// Lets the notices go that were held while there was no server to send them to; each is looked at again whether
/// what it says is still so.
pub(crate) async fn release_held(tx: &mut Tx, ctx: &Context) -> Result<()> {
    for mail in mails::release_held(tx, NOTICES).await? {
        enqueue(tx, ctx, mail).await?;
    }
    Ok(())
}

/// The domain of message ids: that of the sender's address, or a fixed one when it can't stand in an id.
fn mail_domain(settings: &Settings) -> String {
    let from = settings.text("mail.from");
    let domain = from
        .rsplit_once('@')
        .map_or("", |(_, domain)| domain.trim_end_matches('>'));
    if MessageId::new("a", domain).is_ok() {
        domain.to_owned()
    } else {
        "sofie.invalid".to_owned()
    }
}

async fn enqueue(tx: &mut Tx, ctx: &Context, id: MailId) -> Result<()> {
    let job = DeliverMail { mail_id: id };
    jobs::enqueue(tx, ctx, &job, Some(id.to_string()), ctx.now).await
}

/// Returns how mail leaves; none while no server is set.
pub async fn smtp(app: &App) -> Result<Option<SmtpConfig>> {
    let settings = app.settings().await?;
    let host = settings.text("mail.smtp_host");
    if host.is_empty() {
        return Ok(None);
    }
    let user = settings.text("mail.smtp_user");
    let password = settings.text("mail.smtp_password");
    Ok(Some(SmtpConfig {
        host,
        port: u16::try_from(settings.integer("mail.smtp_port")).ok(),
        tls: match settings.text("mail.smtp_security").as_str() {
            "none" => SmtpTls::None,
            "tls" => SmtpTls::Tls,
            _ => SmtpTls::StarttlsRequired,
        },
        login: (!user.is_empty()).then(|| SmtpLogin {
            user,
            password: password.into(),
        }),
        timeout_seconds: TIMEOUT_SECONDS,
        idle_connections: 4,
    }))
}

/// Lists the outbox, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Mail>> {
    may_read(ctx)?;
    let mut tx = app.db().read().await?;
    Ok(mails::list(&mut tx, after, limit).await?)
}

/// A mail as somebody may read it.
#[derive(Debug)]
pub struct Opened {
    /// The mail.
    pub mail: Mail,
    /// Whether text and HTML are kept back, and empty therefore.
    pub hidden: bool,
}

/// Reads one mail. Words that let whoever reads them in somewhere are kept back from administrators, unless no
/// server can deliver them and the administrator could make such a link anyway; then the administrator's own
/// password must have been given lately. Each reading is recorded.
pub async fn get(app: &App, ctx: &Context, id: MailId) -> Result<Opened> {
    may_read(ctx)?;
    let mut tx = app.db().begin().await?;
    let mut mail = mails::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let hidden = is_hidden(ctx, &mail);
    if !hidden && WITH_SECRETS.contains(&mail.row.kind.as_str()) {
        demand(app, ctx).await?;
    }
    if hidden {
        mail.text.clear();
        mail.html.clear();
    } else if ctx.actor != sofie_domain::Actor::System {
        let object = Some(("mail", id.to_string()));
        let data = serde_json::json!({ "kind": mail.row.kind });
        audit::record(&mut tx, ctx, Event::MailRead, object, data).await?;
        tx.commit().await?;
    }
    Ok(Opened { mail, hidden })
}

fn is_hidden(ctx: &Context, mail: &Mail) -> bool {
    let held = mail.row.state == mails::MailState::Held.as_str();
    let trusted = ctx.may_administrate(AdministratorPermission::Administrators);
    let open = ctx.actor == sofie_domain::Actor::System || held && trusted.is_ok();
    WITH_SECRETS.contains(&mail.row.kind.as_str()) && !open
}

/// Sends a failed or held mail again.
pub async fn retry(app: &App, ctx: &Context, id: MailId) -> Result<Mail> {
    ctx.administrator_who_may(AdministratorPermission::Logs)?;
    let mut tx = app.db().begin().await?;
    let mail = mails::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if !mails::requeue(&mut tx, id).await? {
        return Err(Error::Conflict("conflict"));
    }
    enqueue(&mut tx, ctx, id).await?;
    let object = Some(("mail", id.to_string()));
    audit::record(
        &mut tx,
        ctx,
        Event::MailRetried,
        object,
        serde_json::json!({}),
    )
    .await?;
    tx.commit().await?;
    app.parts().waker.wake(jobs::queues::MAIL);
    Ok(mail)
}

/// What came of a test mail.
#[derive(Debug)]
pub struct Tested {
    /// Whether the server took it.
    pub sent: bool,
    /// What it or the network said, if not.
    pub detail: Option<String>,
}

/// Sends a test mail at once, past the outbox, so that the administrator sees the server's words.
pub async fn test(app: &App, ctx: &Context, to: &EmailAddress) -> Result<Tested> {
    ctx.administrator_who_may(AdministratorPermission::Settings)?;
    let Some(config) = smtp(app).await? else {
        return Ok(Tested {
            sent: false,
            detail: None,
        });
    };
    let settings = app.settings().await?;
    let by = ctx
        .actor
        .email()
        .map(ToString::to_string)
        .unwrap_or_default();
    let template = Template::Test(TestMail {
        requested_by: by,
        at: ctx.now,
    });
    let lang = Lang::from_str(&settings.text("instance.language")).unwrap_or(Lang::En);
    let rendered = Renderer::new(settings.text("instance.name")).render(&template, lang);
    let key = MailId::fresh().to_string();
    let envelope = sofie_mail::Envelope {
        message_id: MessageId::new(&key, &mail_domain(&settings)).map_err(Error::internal)?,
        date: ctx.now,
        from: sender(&settings)?,
        reply_to: None,
        to: sofie_mail::Mailbox::new(None, to.as_str()).map_err(Error::internal)?,
        rendered: rendered.map_err(Error::internal)?,
    };
    let sent = match sofie_mail::SmtpTransport::new(config) {
        Ok(transport) => transport.send(&envelope).await,
        Err(error) => Err(error),
    };
    Ok(match sent {
        Ok(_) => Tested {
            sent: true,
            detail: None,
        },
        Err(error) => Tested {
            sent: false,
            detail: Some(crate::error::chain(&error)),
        },
    })
}

/// Returns the sender of every mail.
pub(crate) fn sender(settings: &Settings) -> Result<sofie_mail::Mailbox> {
    let name = settings.text("instance.name");
    sofie_mail::Mailbox::new(Some(&name), &settings.text("mail.from")).map_err(Error::internal)
}

fn may_read(ctx: &Context) -> Result<()> {
    match ctx.actor {
        sofie_domain::Actor::System => Ok(()),
        _ => ctx.administrator_who_may(AdministratorPermission::Logs),
    }
}
