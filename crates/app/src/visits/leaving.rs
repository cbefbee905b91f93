//! Leaving: the browser is forgotten.

use serde_json::json;
use sofie_domain::{Event, Life, Package, VisitorId};
use sofie_store::{Tx, packages as rows, visitors};

use crate::{Context, Result, audit, packages};

/// Forgets a browser: what was proved in it, the links that were opened in it, and the drafts that only it could
/// finish. What was sent from it goes its way.
pub(crate) async fn forget(tx: &mut Tx, ctx: &Context, visitor: VisitorId) -> Result<()> {
    for id in rows::drafts_of_visitor(tx, visitor).await? {
        // It may have been sent since it was looked up.
        let draft = rows::lock(tx, id).await?;
        let unsent =
            |draft: &Package| draft.life == Life::Uploading && draft.send_requested_at.is_none();
        if let Some(draft) = draft.filter(unsent) {
            packages::shred_draft(tx, ctx, draft).await?;
        }
    }
    visitors::forget(tx, visitor, ctx.now).await?;
    let object = Some(("visitor", visitor.to_string()));
    audit::record(tx, ctx, Event::VisitorForgotten, object, json!({})).await
}
