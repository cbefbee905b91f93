//! How a caller stands to a package, with what the browser has shown for it.

use sofie_domain::{Actor, Package, Viewer, relation};
use sofie_store::{Tx, grants};

use crate::{Context, Result};

/// Returns the caller as delivery sees it. A user sees a package also through a link opened in the same
/// browser before logging in.
pub async fn viewer(tx: &mut Tx, ctx: &Context, package: &Package) -> Result<Viewer> {
    let row = match (&ctx.actor, ctx.visitor) {
        (Actor::Visitor { .. } | Actor::User { .. }, Some(visitor)) => {
            grants::for_package(tx, visitor, package.id).await?
        }
        _ => None,
    };
    let grant = row.map(|row| row.grant(ctx.now));
    Ok(Viewer {
        relation: relation(
            package,
            &ctx.actor,
            &ctx.administrator_permissions,
            grant.as_ref(),
        ),
        password: grant.is_some_and(|g| g.password),
        access: grant.is_some_and(|g| g.access),
    })
}
