//! How a caller stands to a package, with what the browser has shown for it.

use sofie_domain::{Actor, Package, Relation, Viewer, relation};
use sofie_store::{Tx, grants};

use crate::{Context, Result};

/// Returns the caller as delivery sees it. A user sees a package also through a link opened in the same
/// browser before logging in.
pub async fn viewer(tx: &mut Tx, ctx: &Context, package: &Package) -> Result<Viewer> {
    let row = match (&ctx.actor, ctx.visitor) {
        (Actor::Visitor { .. } | Actor::User { .. }, Some(visitor)) => {
            grants::for_package(tx, visitor, package.id, ctx.proofs_since).await?
        }
        _ => None,
    };
    let grant = row.map(|row| row.grant(ctx.proofs_since, ctx.now));
    let relation = relation(
        package,
        &ctx.actor,
        &ctx.administrator_permissions,
        grant.as_ref(),
    );
    Ok(Viewer {
        relation: match relation {
            Relation::Sender if !still_sender(ctx, package) => Relation::Stranger,
            other => other,
        },
        password: grant.is_some_and(|g| g.password),
        access: grant.is_some_and(|g| g.access),
    })
}

/// Tells whether the browser that sent a package still counts as its sender. A draft is its own; what was sent
/// from it is somebody else's affair once what it proved counts no more: the computer may be anybody's.
pub(crate) fn still_sender(ctx: &Context, package: &Package) -> bool {
    let guest = matches!(ctx.actor, Actor::Visitor { .. });
    !guest || package.submitted_at.is_none_or(|at| at >= ctx.proofs_since)
}
