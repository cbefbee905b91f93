//! The last byte is there.

use serde_json::json;
use sofie_domain::{Event, FileId, Package, PackageId};
use sofie_store::{Tx, audit::NewEntry, files, packages};

use crate::{App, Context, Error, Result, audit, jobs, packages as rooms};

/// Writes down that a file is complete, and submits its package if that was sent and this was the last file.
/// Doing it again changes nothing.
pub(super) async fn complete(
    app: &App,
    ctx: &Context,
    package: PackageId,
    file: FileId,
    size: u64,
) -> Result<()> {
    let ctx = &Context {
        now: app.now(),
        ..ctx.clone()
    };
    let entry = entry(ctx, package, file, size);
    let mut tx = app.db().read().await?;
    match files::complete(&mut tx, file, ctx.now, false, &entry).await {
        Ok(()) => {
            rooms::tell(app, package);
            return Ok(());
        }
        Err(sofie_store::Error::Stale) => {}
        Err(other) => return Err(other.into()),
    }
    drop(tx);
    complete_sent(app, ctx, package, (file, &entry)).await
}

/// The same for a package that was sent meanwhile, under its lock.
async fn complete_sent(
    app: &App,
    ctx: &Context,
    package: PackageId,
    (file, entry): (FileId, &NewEntry),
) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let mut found = packages::lock(&mut tx, package)
        .await?
        .ok_or(Error::NotFound)?;
    let row = files::find(&mut tx, file).await?.ok_or(Error::NotFound)?;
    if row.completed_at.is_none() {
        let sent = found.send_requested_at.is_some();
        match files::complete(&mut tx, file, ctx.now, sent, entry).await {
            Err(sofie_store::Error::Stale) => return Err(Error::Conflict("conflict")),
            other => other?,
        }
    }
    submit(app, tx, ctx, &mut found).await?;
    rooms::tell(app, package);
    Ok(())
}

/// Submits a package, which `tx` has locked, if it was sent and this was its last file; commits in any case.
pub(super) async fn submit(
    app: &App,
    mut tx: Tx,
    ctx: &Context,
    package: &mut Package,
) -> Result<()> {
    let submitted = rooms::submit_if_complete(&mut tx, ctx, package).await?;
    tx.commit().await?;
    if submitted {
        app.parts().waker.wake(jobs::queues::CHECKS);
    }
    Ok(())
}

/// Returns the audit entry of an uploaded file.
pub(super) fn entry(ctx: &Context, package: PackageId, file: FileId, size: u64) -> NewEntry {
    let object = Some(("file", file.to_string()));
    let data = json!({ "package": package, "size": size });
    audit::entry(ctx, Event::FileUploaded, object, data)
}
