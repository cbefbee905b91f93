//! Answers to requests: one at a time is made (PKG-4).

use sofie_domain::{Package, RequestId};
use sofie_store::{Tx, packages, requests};

use super::{View, is_sender, life, views};
use crate::{App, Context, Error, Result};

/// Returns the answer to a request that the caller has begun and not sent.
pub(crate) async fn begun(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    request: RequestId,
) -> Result<Option<View>> {
    match draft(tx, request).await? {
        Some(draft) if is_own(ctx, &draft) => views::own(app, tx, ctx, draft).await.map(Some),
        _ => Ok(None),
    }
}

/// Makes way for a new answer to a request, or returns the one that the caller has begun already.
///
/// The request's row stays locked, so that two callers can't both begin one. An answer that was begun in another
/// browser is not shown to this one; it is given up for a new one only if the caller says so (`start_over`).
pub(super) async fn make_way(
    tx: &mut Tx,
    ctx: &Context,
    request: RequestId,
    start_over: bool,
) -> Result<Option<Package>> {
    // A package is locked before its request, here as when it is sent.
    let locked = match requests::draft(tx, request).await? {
        Some(id) => packages::lock(tx, id).await?,
        None => None,
    };
    let found = requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
    if !found.accepts_uploads(ctx.now) {
        return Err(Error::Refused("link_invalid"));
    }
    let Some(present) = draft(tx, request).await? else {
        return Ok(None);
    };
    if is_own(ctx, &present) {
        return Ok(Some(present));
    }
    let may_go = start_over && present.send_requested_at.is_none();
    // One that somebody began while this call waited is not locked, and nobody can have given it up.
    if may_go && locked.is_some_and(|locked| locked.id == present.id) {
        life::shred_draft(tx, ctx, present).await?;
        return Ok(None);
    }
    Err(Error::Conflict("answer_begun"))
}

async fn draft(tx: &mut Tx, request: RequestId) -> Result<Option<Package>> {
    match requests::draft(tx, request).await? {
        Some(id) => Ok(packages::find(tx, id).await?),
        None => Ok(None),
    }
}

fn is_own(ctx: &Context, draft: &Package) -> bool {
    is_sender(ctx, draft) && draft.send_requested_at.is_none()
}
