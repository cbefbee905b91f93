//! Hands one mail of the outbox to the server.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sofie_domain::{Event, Life, MailId};
use sofie_mail::{Envelope, Mailbox, Rendered, SendError, SmtpTransport, Transport};
use sofie_queue::{Done, Job, JobError, Run};
use sofie_store::{
    mails::{self, Mail, MailState},
    packages,
};

use tracing::Instrument as _;

use super::queues;
use crate::{App, Context, Result, audit, error::chain, outbox};

const GONE: &str = "the package was withdrawn";
const CHECKING: &str = "the package is being checked again";

/// Sends a mail; without a server to send to it is held, to be read in the outbox.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DeliverMail {
    /// The mail.
    pub mail_id: MailId,
}

impl Job for DeliverMail {
    const NAME: &'static str = "deliver_mail";
    const QUEUE: &'static str = queues::MAIL;
    // With the back-off's cap of 15 minutes these are two days, as RFC 5321 §4.5.4.1 advises at least.
    const MAX_ATTEMPTS: u32 = 200;
    const TIMEOUT: Duration = Duration::from_mins(2);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> std::result::Result<Done, JobError> {
        let Some(mail) = take(app, self.mail_id).await.map_err(JobError::retry)? else {
            return Ok(Done::Complete);
        };
        let timely = timely(app, &mail, self.mail_id)
            .await
            .map_err(JobError::retry)?;
        match timely {
            Timely::Now => {}
            Timely::Later if !run.last => {
                settle(app, self.mail_id, MailState::Queued, Some(CHECKING))
                    .await
                    .map_err(JobError::retry)?;
                return Err(JobError::retry(CHECKING));
            }
            Timely::Later | Timely::Never => {
                let why = if matches!(timely, Timely::Later) {
                    CHECKING
                } else {
                    GONE
                };
                let over = give_up(app, self.mail_id, why).await;
                if over.map_err(JobError::retry)? {
                    return Ok(Done::Complete);
                }
            }
        }
        let config = outbox::smtp(app).await.map_err(JobError::retry)?;
        let Some(config) = config else {
            settle(app, self.mail_id, MailState::Held, None)
                .await
                .map_err(JobError::retry)?;
            return Ok(Done::Complete);
        };
        let span = tracing::info_span!("mail", mail.id = %self.mail_id, mail.kind = mail.row.kind);
        let envelope = envelope(app, mail).await.map_err(JobError::fail)?;
        let sent = match SmtpTransport::new(config) {
            Ok(transport) => transport.send(&envelope).instrument(span).await,
            Err(error) => Err(error),
        };
        if sent.is_ok() {
            sofie_killpoint::reach("K16");
        }
        finish(app, self.mail_id, sent.map(|_| ()), run.last).await
    }
}

/// Whether what a mail says is still so.
enum Timely {
    Now,
    Later,
    Never,
}

/// A notice that a package can be fetched leaves only while it can (promise 1); other mails always.
async fn timely(app: &App, mail: &Mail, id: MailId) -> Result<Timely> {
    if !outbox::NOTICES.contains(&mail.row.kind.as_str()) {
        return Ok(Timely::Now);
    }
    let mut tx = app.db().read().await?;
    let package = match mails::package(&mut tx, id).await? {
        Some(package) => packages::find(&mut tx, package).await?,
        None => None,
    };
    let package = package.filter(|package| !package.expired(app.now()));
    Ok(match package.map(|package| package.life) {
        Some(Life::Active) => Timely::Now,
        Some(Life::Submitted) => Timely::Later,
        _ => Timely::Never,
    })
}

/// Gives a notice up, unless its package has come back this moment. Whoever brings the package back waits
/// for the lock, and finds the mail among those to let go after all.
async fn give_up(app: &App, id: MailId, why: &str) -> Result<bool> {
    let ctx = Context::system(app.now());
    let mut tx = app.db().begin().await?;
    if let Some(package) = mails::package(&mut tx, id).await? {
        let package = packages::lock(&mut tx, package).await?;
        if package.is_some_and(|p| p.life == Life::Active && !p.expired(ctx.now)) {
            return Ok(false);
        }
    }
    mails::give_up(&mut tx, id, why, ctx.now).await?;
    let object = Some(("mail", id.to_string()));
    audit::record(
        &mut tx,
        &ctx,
        Event::MailFailed,
        object,
        json!({ "error": why }),
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

async fn take(app: &App, id: MailId) -> Result<Option<Mail>> {
    let mut tx = app.db().begin().await?;
    if !mails::take(&mut tx, id).await? {
        return Ok(None);
    }
    let mail = mails::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(mail)
}

async fn envelope(app: &App, mail: Mail) -> Result<Envelope> {
    let settings = app.settings().await?;
    let mailbox = |address: &str| Mailbox::new(None, address).map_err(crate::Error::internal);
    let inner = mail.row.message_id.trim_matches(['<', '>']);
    let (key, domain) = inner.split_once('@').unwrap_or((inner, "sofie.invalid"));
    Ok(Envelope {
        message_id: sofie_mail::MessageId::new(key, domain).map_err(crate::Error::internal)?,
        date: mail.row.created_at,
        from: outbox::sender(&settings)?,
        reply_to: mail.row.reply_to.as_deref().map(mailbox).transpose()?,
        to: mailbox(&mail.row.to_email)?,
        rendered: Rendered {
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
        },
    })
}

async fn finish(
    app: &App,
    id: MailId,
    sent: std::result::Result<(), SendError>,
    last: bool,
) -> std::result::Result<Done, JobError> {
    let Err(error) = sent else {
        settle(app, id, MailState::Sent, None)
            .await
            .map_err(JobError::retry)?;
        return Ok(Done::Complete);
    };
    let text = chain(&error);
    if error.is_permanent() || last {
        settle(app, id, MailState::Failed, Some(&text))
            .await
            .map_err(JobError::retry)?;
        return Ok(Done::Complete);
    }
    settle(app, id, MailState::Queued, Some(&text))
        .await
        .map_err(JobError::retry)?;
    Err(JobError::retry(error))
}

async fn settle(app: &App, id: MailId, state: MailState, error: Option<&str>) -> Result<()> {
    let ctx = Context::system(app.now());
    let mut tx = app.db().begin().await?;
    mails::settle(&mut tx, id, state, error, ctx.now).await?;
    let event = match state {
        MailState::Sent => Some(Event::MailSent),
        MailState::Failed => Some(Event::MailFailed),
        MailState::Held | MailState::Queued | MailState::Sending => None,
    };
    if let Some(event) = event {
        let object = Some(("mail", id.to_string()));
        audit::record(&mut tx, &ctx, event, object, json!({ "error": error })).await?;
    }
    tx.commit().await?;
    Ok(())
}
