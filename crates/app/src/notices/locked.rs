//! Recipients are asked for the password of files that nobody could look into (DET-7).

use sofie_domain::{EmailAddress, RecipientId};
use sofie_mail::{Locked, Template};
use sofie_store::{Tx, mails, users};

use super::{link, sender_name};
use crate::{
    App, Context, Result,
    outbox::{self, Post},
    packages::Loaded,
};

/// Asks every recipient, once. The mail has nothing of the sender's in it.
pub(crate) async fn ask_recipients(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
) -> Result<()> {
    let package = &loaded.package;
    let emails: Vec<EmailAddress> = package.recipients.iter().map(|r| r.email.clone()).collect();
    let users = users::by_emails(tx, &emails).await?;
    let (base, sender) = (app.base_url().await?, sender_name(tx, package).await?);
    let files = loaded.files.iter().filter(|file| file.check.held()).count() as u64;
    for recipient in &package.recipients {
        let known = users.get(&recipient.email);
        let link = match known {
            Some(_) => format!("{base}/packages/{}", package.id),
            None => format!("{base}/p#{}", link(tx, package, recipient).await?),
        };
        let post = Post {
            template: Template::Locked(Locked {
                sender: sender.clone(),
                files,
                link,
            }),
            to: &recipient.email,
            locale: known.and_then(|user| user.locale.as_deref()),
            dedupe_key: key(recipient.id),
            reply_to: Some(package.sender.email()),
            about: Some((package.id, Some(recipient.id))),
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    Ok(())
}

/// Tells whether a recipient was asked.
pub(crate) async fn was_asked(tx: &mut Tx, recipient: RecipientId) -> Result<bool> {
    Ok(mails::exists(tx, &key(recipient)).await?)
}

fn key(recipient: RecipientId) -> String {
    format!("locked:{recipient}")
}
