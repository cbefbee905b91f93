//! Packages: from the draft to the recycle bin.

mod answers;
mod drafts;
mod fields;
mod findings;
mod life;
mod lists;
mod load;
mod send;
mod sight;
mod unlock;
mod views;

pub(crate) use answers::begun;
pub use drafts::{Made, create, edit};
pub use fields::Input;
pub(crate) use fields::password_problem;
pub use findings::Finding;
pub(crate) use life::shred_draft;
pub use life::{notify, remove, restore};
pub(crate) use lists::list_to_approve;
pub use lists::{Which, list, list_all};
pub use load::{Loaded, load, lock};
pub use send::{send, submit_if_complete};
pub(crate) use sight::knows;
pub use sight::may_see;
pub use sofie_store::packages::{Box, Stamp};
pub use unlock::unlock;
pub use views::{Can, FileView, Role, Summary, Totals, View, get, view_for};

use sofie_domain::{Actor, Package, PackageId, Sender};

use crate::{App, Change, Context, Error, Result, viewers};

/// Tells whether the caller sent, or puts together, the package.
fn is_sender(ctx: &Context, package: &Package) -> bool {
    match (&ctx.actor, &package.sender) {
        (Actor::User { id, .. }, Sender::User { id: sender, .. }) => id == sender,
        (Actor::Visitor { id, .. }, Sender::Guest { visitor, .. }) => {
            id == visitor && viewers::still_sender(ctx, package)
        }
        _ => false,
    }
}

/// Lets nobody but the sender through; others don't learn that there is a package.
fn only_sender(ctx: &Context, package: &Package) -> Result<()> {
    if is_sender(ctx, package) {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Refuses a change that was made looking at another version.
fn same_version(package: &Package, seen: Option<i64>) -> Result<()> {
    match seen {
        Some(version) if version != package.version => Err(Error::Conflict("version_conflict")),
        _ => Ok(()),
    }
}

/// Names a package in the audit log.
fn object(id: PackageId) -> (&'static str, String) {
    ("package", id.to_string())
}

/// Returns what tells whether a package, which the caller may see, changed since the last time: one cheap query.
pub async fn stamp(app: &App, id: PackageId) -> Result<Option<Stamp>> {
    let mut tx = app.db().read().await?;
    Ok(sofie_store::packages::stamp(&mut tx, id, app.now()).await?)
}

/// Tells open pages that a package changed.
pub(crate) fn tell(app: &App, id: PackageId) {
    app.parts().permits.forget(id);
    app.parts().changes.tell(Change::Package(id));
}
