//! Packages that end soon and that somebody has not fetched (PKG-12).

use sofie_domain::{PackageId, RecipientId};
use sofie_store::{due, packages};

use crate::{App, Context, Result, error::chain, jobs::queues, notices};

/// How many recipients are looked up at once.
const BATCH: i64 = 100;

/// Reminds recipients who have fetched nothing, each once for one end of a package.
pub(super) async fn remind(app: &App, ctx: &Context) -> Result<()> {
    let days = app.settings().await?.integer("mail.reminder_days");
    if days == 0 {
        return Ok(());
    }
    loop {
        let when = (ctx.now, days);
        let found = due::unfetched(&mut app.db().read().await?, when, BATCH).await?;
        let mut done = 0;
        for (package, recipient) in &found {
            match one(app, ctx, days, (*package, *recipient)).await {
                Ok(()) => done += 1,
                Err(error) => {
                    tracing::error!(error = chain(&error), package.id = %package, "a recipient could not be reminded");
                }
            }
        }
        // One that can't be reminded must not keep this loop going for ever.
        if done == 0 || done < found.len() {
            return Ok(());
        }
        app.parts().waker.wake(queues::MAIL);
    }
}

async fn one(
    app: &App,
    ctx: &Context,
    days: i64,
    (package, recipient): (PackageId, RecipientId),
) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let Some(package) = packages::lock(&mut tx, package).await? else {
        return Ok(());
    };
    // It may have been fetched or prolonged since it was looked up.
    if due::is_unfetched(&mut tx, (ctx.now, days), recipient).await? {
        notices::expiring(app, &mut tx, ctx, &package, recipient).await?;
        tx.commit().await?;
    }
    Ok(())
}
