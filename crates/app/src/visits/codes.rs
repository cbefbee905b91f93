//! Proving an address by a mailed code.

use chrono::TimeDelta;
use serde_json::json;
use sofie_domain::{Event, Package, PackageId, Recipient, Relation};
use sofie_store::grants;
use uuid::Uuid;

use super::{Opened, opening::opened, recipient_of};
use crate::{
    App, Context, Error, Result, audit, limits, limits::Limit, mailed_codes, mailed_codes::Kept,
    notices, viewers,
};

/// Mails a code to the recipient behind the link that this browser opened.
pub async fn send_code(app: &App, ctx: &Context, id: Uuid) -> Result<Opened> {
    let (package, recipient, grant) = unproved(app, ctx, id).await?;
    let window = TimeDelta::minutes(10);
    let key = format!("code:{}", recipient.id);
    let limit = Limit {
        key,
        max: 5,
        window,
    };
    limits::attempt(app, ctx, &[limit]).await?;
    let mut tx = app.db().begin().await?;
    let (code, hash) = mailed_codes::new(app, grant);
    grants::set_code(&mut tx, grant, hash.as_bytes(), ctx.now).await?;
    notices::package_code(app, &mut tx, ctx, &package, &recipient, &code).await?;
    let object = Some(("package", id.to_string()));
    audit::record(
        &mut tx,
        ctx,
        Event::CodeSent,
        object,
        json!({ "recipient": recipient.id }),
    )
    .await?;
    tx.commit().await?;
    app.parts().waker.wake(crate::jobs::queues::MAIL);
    opened(app, ctx, id, None).await
}

/// Returns the package, whose link of it this browser opened without proving the address, and the grant.
async fn unproved(app: &App, ctx: &Context, id: Uuid) -> Result<(Package, Recipient, Uuid)> {
    let mut tx = app.db().read().await?;
    let package = sofie_store::packages::find(&mut tx, PackageId(id))
        .await?
        .ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    let Relation::Unproved(recipient) = viewer.relation else {
        return Err(Error::NotFound);
    };
    let recipient = recipient_of(&package, recipient).cloned();
    let visitor = ctx.visitor.ok_or(Error::NotFound)?;
    let row = grants::for_package(&mut tx, visitor, package.id, ctx.proofs_since).await?;
    let row = row.ok_or(Error::NotFound)?;
    Ok((package, recipient.ok_or(Error::NotFound)?, row.id))
}

/// Compares a code. The try is counted before, so that parallel guesses can't share one.
pub async fn verify_code(app: &App, ctx: &Context, id: Uuid, code: &str) -> Result<Opened> {
    let wrong = || Error::Refused("wrong_code");
    let visitor = ctx.visitor.ok_or(Error::NotFound)?;
    let mut tx = app.db().begin().await?;
    let row = grants::for_package(&mut tx, visitor, PackageId(id), ctx.proofs_since)
        .await?
        .ok_or(Error::NotFound)?;
    let tries = grants::count_try(&mut tx, row.id).await?;
    let kept = Kept {
        bound_to: row.id,
        hash: row.code_hash.as_deref(),
        sent_at: row.code_sent_at,
        tries,
    };
    let right = mailed_codes::agrees(app, &kept, code, ctx.now);
    let (object, data) = (("package", id.to_string()), json!({ "try": tries }));
    if right {
        audit::record(&mut tx, ctx, Event::AddressProved, Some(object), data).await?;
        grants::prove(&mut tx, row.id, ctx.now).await?;
    } else {
        audit::record_often(&mut tx, ctx, Event::CodeWrong, object, (id, data)).await?;
    }
    tx.commit().await?;
    if right {
        opened(app, ctx, id, None).await
    } else {
        Err(wrong())
    }
}
