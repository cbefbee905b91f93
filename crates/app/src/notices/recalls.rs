//! Who is told when a delivered file is taken back (PKG-22).

use sofie_domain::{
    AccountState, Administrator, AdministratorPermission, EmailAddress, File, Package,
};
use sofie_mail::{Recalled, RecalledFetched, Template};
use sofie_store::{Tx, administrators, users};

use super::{package_link, sender_name, title, to_sender};
use crate::{
    App, Context, Result,
    outbox::{self, Post},
};

/// Tells those who fetched a file that it turned out to be dangerous; and the sender and the administrators who
/// decide about such files, with the list of those who fetched it.
pub async fn recalled(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    (package, file): (&Package, &File),
    (fetched_by, unknown): (&[EmailAddress], u64),
) -> Result<()> {
    let others = fetched_by
        .iter()
        .filter(|email| *email != package.sender.email());
    let others: Vec<EmailAddress> = others.cloned().collect();
    let users = users::by_emails(tx, &others).await?;
    let (sender, name) = (
        sender_name(tx, package).await?,
        file.path.as_str().to_owned(),
    );
    let key = |to: &str| format!("recalled:{}:{}:{to}", file.id, ctx.now.timestamp());
    for email in &others {
        let template = Template::RecalledFetched(RecalledFetched {
            sender: sender.clone(),
            title: title(package),
            name: name.clone(),
        });
        let post = Post {
            template,
            to: email,
            locale: users.get(email).and_then(|user| user.locale.as_deref()),
            dedupe_key: key(email.as_str()),
            reply_to: None,
            about: Some((package.id, None)),
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    let list = |link| {
        Template::Recalled(Recalled {
            title: title(package),
            name: name.clone(),
            fetched_by: others.iter().map(ToString::to_string).collect(),
            unknown,
            link,
        })
    };
    let link = package_link(app, package.id).await?;
    to_sender(app, tx, ctx, package, (list(link), key("sender"))).await?;
    let link = format!("{}/admin/packages/{}", app.base_url().await?, package.id);
    for administrator in deciders(tx).await? {
        let post = Post {
            template: list(link.clone()),
            to: &administrator,
            locale: None,
            dedupe_key: key(&format!("administrator:{administrator}")),
            reply_to: None,
            about: Some((package.id, None)),
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    Ok(())
}

/// The administrators who decide about held files.
async fn deciders(tx: &mut Tx) -> Result<Vec<EmailAddress>> {
    let all = administrators::list(tx).await?.into_iter();
    let decides = |one: &Administrator| {
        one.state == AccountState::Active
            && one
                .permissions
                .contains(&AdministratorPermission::Quarantine)
    };
    Ok(all.filter(decides).map(|one| one.email).collect())
}
