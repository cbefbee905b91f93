//! Which key-encryption keys there are, and which one wraps the keys of new packages.

use std::sync::Arc;

use serde_json::json;
use sofie_domain::{AdministratorPermission, Event};
use sofie_identity::sealing_key;
use sofie_store::keks::{self, Removal};
use sofie_vault::{Escrow, EscrowCost, FoundKek, Kek, KekSource, KekSourceError};
use tokio::task::spawn_blocking;

use super::list;
use crate::{App, Context, Error, Result, audit, sessions::demand};

/// Makes a key known: the one given, or a fresh one. It only unwraps until it is made the active one.
///
/// The key is kept in its place before the database knows it, so nothing is ever wrapped by a key that is lost.
/// `Conflict("key_known")` if the database knows it already.
pub async fn add(app: &App, ctx: &Context, kek: Option<Kek>) -> Result<FoundKek> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let kek = kek
        .map_or_else(Kek::generate, Ok)
        .map_err(Error::internal)?;
    let keys = &app.parts().keys;
    let wrapped = keys.wrap_column_key(&kek).map_err(Error::internal)?;
    let id = kek.id().to_string();
    let kept = blocking(app, move |source| source.store(&kek)).await?;
    let mut tx = app.db().begin().await?;
    keks::lock(&mut tx).await?;
    if !keks::insert(&mut tx, &id, &wrapped, ctx.now).await? {
        return Err(Error::Conflict("key_known"));
    }
    let object = Some(("key", id.clone()));
    audit::record(&mut tx, ctx, Event::KeyAdded, object, json!({})).await?;
    tx.commit().await?;
    keys.reload(app.db()).await.map_err(Error::unavailable)?;
    Ok(kept)
}

/// Makes a key the active one. [`Error::NotFound`] if it is not known, [`Error::Unavailable`] if it is not there.
pub async fn activate(app: &App, ctx: &Context, id: &str) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    demand(app, ctx).await?;
    let keys = &app.parts().keys;
    let mut tx = app.db().begin().await?;
    keks::lock(&mut tx).await?;
    let rows = keks::list(&mut tx).await?;
    let row = rows.iter().find(|row| row.id == id);
    if row.ok_or(Error::NotFound)?.active {
        return Ok(());
    }
    keys.find(app.db(), id).await.map_err(Error::unavailable)?;
    keks::activate(&mut tx, id, ctx.now).await?;
    let before = rows.iter().find(|row| row.active).map(|row| &row.id);
    let object = Some(("key", id.to_owned()));
    let data = json!({ "before": before });
    audit::record(&mut tx, ctx, Event::KeyActivated, object, data).await?;
    tx.commit().await?;
    keys.reload(app.db()).await.map_err(Error::unavailable)
}

/// Takes a key off the list; where it lies is not touched, because backups made before may need it.
///
/// `Conflict("key_active")` for the active one, `Conflict("key_in_use")` while packages need it.
pub async fn remove(app: &App, ctx: &Context, id: &str) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    keks::lock(&mut tx).await?;
    match keks::remove(&mut tx, id).await? {
        Removal::Removed => {}
        Removal::Unknown => return Err(Error::NotFound),
        Removal::Active => return Err(Error::Conflict("key_active")),
        Removal::InUse => return Err(Error::Conflict("key_in_use")),
    }
    let object = Some(("key", id.to_owned()));
    audit::record(&mut tx, ctx, Event::KeyRemoved, object, json!({})).await?;
    Ok(tx.commit().await?)
}

/// Does something with the place of the keys, off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&dyn KekSource) -> std::result::Result<T, KekSourceError> + Send + 'static,
) -> Result<T> {
    let source = Arc::clone(app.parts().keys.source());
    let done = spawn_blocking(move || work(&*source)).await;
    done.map_err(Error::internal)?.map_err(Error::unavailable)
}

/// Gives out all keys of the installation, the active one first, to be sealed by a password; the audit log has it
/// before they leave. [`Error::Unavailable`] if one that packages need is not there.
pub async fn export(app: &App, ctx: &Context) -> Result<Escrow> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let ring = &app.parts().keys;
    let mut views = list(app, ctx).await?;
    views.sort_by_key(|view| !view.active);
    let mut keks = Vec::new();
    for view in views {
        match ring.find(app.db(), &view.id).await {
            Ok(kek) => keks.push(kek),
            Err(_) if view.packages == 0 && !view.active => {}
            Err(error) => return Err(Error::unavailable(error)),
        }
    }
    let ids: Vec<String> = keks.iter().map(|kek| kek.id().to_string()).collect();
    let mut tx = app.db().begin().await?;
    let data = json!({ "keys": ids });
    audit::record(&mut tx, ctx, Event::KeysExported, None, data).await?;
    tx.commit().await?;
    Ok(Escrow {
        instance: app.parts().instance.to_string(),
        keks,
    })
}

/// Derives the key of what is in escrow.
#[must_use]
pub fn derive(password: &[u8], salt: &[u8; 32], cost: EscrowCost) -> Option<[u8; 32]> {
    sealing_key(password, salt, (cost.memory, cost.passes, cost.lanes))
}
