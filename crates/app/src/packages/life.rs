//! Taking back, bringing back, telling again.

use chrono::TimeDelta;
use serde_json::json;
use sofie_domain::{Event, Life, LifeEvent, Package, PackageId, RecipientId};
use sofie_store::{Tx, package_keys, packages, packages::DeletedReason};

use super::{View, load, object, only_sender, tell, views};
use crate::{
    App, Context, Error, Result, audit, jobs, jobs::CheckPackage, limits, limits::Limit, notices,
};

/// How often a sender may have one recipient reminded in an hour.
const NOTICES_AN_HOUR: u32 = 5;

/// Removes a package: a draft is shredded at once, a sent one goes to the recycle bin.
pub async fn remove(app: &App, ctx: &Context, id: PackageId) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    only_sender(ctx, &package)?;
    if matches!(package.life, Life::Requested | Life::Uploading) {
        shred_draft(&mut tx, ctx, package).await?;
    } else {
        package.life = package.life.apply(LifeEvent::Delete)?;
        package.deleted_at = Some(ctx.now);
        packages::save(&mut tx, &mut package, ctx.now).await?;
        packages::set_deleted_reason(&mut tx, id, DeletedReason::Withdrawn).await?;
        let data = json!({ "reason": DeletedReason::Withdrawn.as_str() });
        audit::record(&mut tx, ctx, Event::PackageDeleted, Some(object(id)), data).await?;
    }
    tx.commit().await?;
    tell(app, id);
    Ok(())
}

/// Destroys the key of a locked draft; its bytes follow.
pub(crate) async fn shred_draft(tx: &mut Tx, ctx: &Context, mut draft: Package) -> Result<()> {
    let id = draft.id;
    draft.life = draft.life.apply(LifeEvent::Shred)?;
    packages::save(tx, &mut draft, ctx.now).await?;
    package_keys::destroy(tx, id, ctx.now).await?;
    let data = json!({ "draft": true });
    audit::record(tx, ctx, Event::PackageShredded, Some(object(id)), data).await
}

/// Brings a package back that its sender had withdrawn; it is delivered again once the checks agree.
pub async fn restore(app: &App, ctx: &Context, id: PackageId) -> Result<View> {
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    only_sender(ctx, &package)?;
    let withdrawn = packages::withdrawn(&mut tx, &[id]).await?.contains(&id);
    if !withdrawn || package.expired(ctx.now) {
        return Err(Error::Conflict("conflict"));
    }
    package.life = package.life.apply(LifeEvent::Restore)?;
    package.deleted_at = None;
    packages::save(&mut tx, &mut package, ctx.now).await?;
    if package.checks_started_at.is_some() {
        // Checks that were not over have all their time again.
        package.checks_started_at = Some(ctx.now);
        packages::set_checks_started(&mut tx, id, Some(ctx.now)).await?;
    }
    audit::record(
        &mut tx,
        ctx,
        Event::PackageRestored,
        Some(object(id)),
        json!({}),
    )
    .await?;
    let job = CheckPackage { package_id: id };
    jobs::enqueue_for_package(&mut tx, ctx, &job, id, ctx.now).await?;
    let view = views::own(app, &mut tx, ctx, package).await?;
    tx.commit().await?;
    app.parts().waker.wake(jobs::queues::CHECKS);
    tell(app, id);
    Ok(view)
}

/// Mails a recipient the notice again.
pub async fn notify(app: &App, ctx: &Context, id: PackageId, recipient: RecipientId) -> Result<()> {
    let found = packages::find(&mut app.db().read().await?, id).await?;
    only_sender(ctx, &found.ok_or(Error::NotFound)?)?;
    let limit = Limit {
        key: format!("notify:{recipient}"),
        max: NOTICES_AN_HOUR,
        window: TimeDelta::hours(1),
    };
    limits::attempt(app, ctx, &[limit]).await?;
    let mut tx = app.db().begin().await?;
    let loaded = load::lock(&mut tx, id).await?;
    only_sender(ctx, &loaded.package)?;
    if loaded.package.life != Life::Active || loaded.package.expired(ctx.now) {
        return Err(Error::Conflict("conflict"));
    }
    if !loaded.package.recipients.iter().any(|r| r.id == recipient) {
        return Err(Error::NotFound);
    }
    notices::again(app, &mut tx, ctx, &loaded, recipient).await?;
    tx.commit().await?;
    app.parts().waker.wake(jobs::queues::MAIL);
    tell(app, id);
    Ok(())
}
