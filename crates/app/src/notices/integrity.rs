//! Who is told that stored files are not intact (ADM-9).

use sofie_domain::{AccountState, Administrator, AdministratorPermission, IntegrityRunId};
use sofie_mail::{NotIntact, Template};
use sofie_store::{Tx, administrators};

use crate::{
    App, Context, Result,
    outbox::{self, Post},
};

/// Tells the administrators who look after what is stored, once for each check.
pub async fn not_intact(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    run: IntegrityRunId,
    (corrupted, inaccessible): (u64, u64),
) -> Result<()> {
    let link = format!("{}/admin/keys", app.base_url().await?);
    let concerned = |one: &Administrator| {
        one.state == AccountState::Active
            && one.permissions.contains(&AdministratorPermission::Keys)
    };
    let all = administrators::list(tx).await?.into_iter();
    for one in all.filter(concerned) {
        let template = Template::NotIntact(NotIntact {
            corrupted,
            inaccessible,
            link: link.clone(),
        });
        let post = Post {
            template,
            to: &one.email,
            locale: None,
            dedupe_key: format!("not_intact:{run}:{}", one.email),
            reply_to: None,
            about: None,
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    Ok(())
}
