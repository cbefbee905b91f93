//! Who is told that a package needs approval, and what was decided (PKG-18).

use sofie_domain::{Reason, User};
use sofie_mail::{Decided, Template, ToApprove};
use sofie_store::Tx;

use super::{NAMES_LISTED, held, of_version, package_link, sender_name, title, to_sender};
use crate::{
    App, Context, Result,
    outbox::{self, Post},
    packages::Loaded,
};

/// Tells those who may approve that a package waits for one of them, each once for a package, and its sender that it
/// does.
pub async fn to_approve(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    approvers: &[User],
) -> Result<()> {
    let package = &loaded.package;
    let sender = sender_name(tx, package).await?;
    let names = loaded.files.iter().filter(|file| file.check.held());
    let names = names.map(|file| file.path.as_str().to_owned());
    let names: Vec<String> = names.take(NAMES_LISTED).collect();
    let link = format!("{}/approvals/{}", app.base_url().await?, package.id);
    for approver in approvers {
        let post = Post {
            template: Template::ToApprove(ToApprove {
                sender: sender.clone(),
                title: title(package),
                names: names.clone(),
                link: link.clone(),
            }),
            to: &approver.email,
            locale: approver.locale.as_deref(),
            dedupe_key: format!("to_approve:{}:{}", package.id, approver.id),
            reply_to: None,
            about: Some((package.id, None)),
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    let template = Template::AwaitingApproval(held(app, loaded).await?);
    let key = of_version("awaiting_approval", package);
    to_sender(app, tx, ctx, package, (template, key)).await
}

/// Tells the sender that somebody agreed, and what was said.
pub async fn approved(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    reason: &Reason,
) -> Result<()> {
    let template = Template::Approved(decided(app, loaded, reason).await?);
    let key = of_version("approved", &loaded.package);
    to_sender(app, tx, ctx, &loaded.package, (template, key)).await
}

/// Tells the sender that somebody did not agree, and why.
pub async fn disapproved(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    reason: &Reason,
) -> Result<()> {
    let template = Template::Disapproved(decided(app, loaded, reason).await?);
    let key = of_version("disapproved", &loaded.package);
    to_sender(app, tx, ctx, &loaded.package, (template, key)).await
}

async fn decided(app: &App, loaded: &Loaded, reason: &Reason) -> Result<Decided> {
    Ok(Decided {
        title: title(&loaded.package),
        reason: reason.as_str().to_owned(),
        link: package_link(app, loaded.package.id).await?,
    })
}
