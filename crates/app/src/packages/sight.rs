//! Who may know of a package.

use sofie_domain::{Approval, Life, Package, PackageId, PackageType, Relation, Viewer};
use sofie_store::{Tx, packages};

use super::views::password_missing;
use crate::{App, Context, Result, notices, viewers};

/// Tells whether [`get`](super::get) would give a package to the caller, without looking at its files.
pub async fn may_see(app: &App, ctx: &Context, id: PackageId) -> Result<bool> {
    let mut tx = app.db().read().await?;
    let Some(package) = packages::find(&mut tx, id).await? else {
        return Ok(false);
    };
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    knows(app, &mut tx, ctx, (&package, viewer.relation)).await
}

/// Tells whether the caller may know that the package exists: it is visible, or the caller was asked for its password.
pub(crate) async fn knows(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    (package, relation): (&Package, Relation),
) -> Result<bool> {
    if visible(package, relation, ctx) {
        return Ok(true);
    }
    let free = matches!(package.approval, Approval::NotRequired | Approval::Approved);
    let waits = package.life == Life::Submitted && free && !package.expired(ctx.now);
    match relation {
        Relation::Recipient(id) if waits && recipients_unlock(app).await? => {
            notices::was_asked(tx, id).await
        }
        _ => Ok(false),
    }
}

/// Whether recipients may give passwords for files that could not be looked into.
async fn recipients_unlock(app: &App) -> Result<bool> {
    Ok(app.settings().await?.bool("checks.recipients_unlock"))
}

/// Tells whether the caller, who knows of the package, may try passwords on its held files.
pub(super) async fn may_unlock(app: &App, package: &Package, viewer: &Viewer) -> Result<bool> {
    match viewer.relation {
        Relation::Sender => Ok(true),
        Relation::Recipient(_) => {
            Ok(!password_missing(package, viewer) && recipients_unlock(app).await?)
        }
        _ => Ok(false),
    }
}

/// Tells whether the caller may know that the package exists. A recipient learns of it with the first
/// verdict, not before; the holder of a link that the sender passed on sees that it is being checked.
fn visible(package: &Package, relation: Relation, ctx: &Context) -> bool {
    match relation {
        Relation::Sender => package.life != Life::Shredded,
        Relation::Administrator { .. } => true,
        Relation::Recipient(_) | Relation::LinkHolder => {
            let passed_on =
                relation == Relation::LinkHolder && package.kind != PackageType::Private;
            let known = package.activated_at.is_some() || passed_on;
            let there = package.life == Life::Active || package.life == Life::Submitted && known;
            there && !package.expired(ctx.now)
        }
        // Approvers have a door of their own.
        Relation::Approver | Relation::Stranger | Relation::Unproved(_) | Relation::LoginNeeded => {
            false
        }
    }
}
