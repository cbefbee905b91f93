//! The row of a file that begins, or that is there already.

use sofie_store::{files, packages};

use super::{complete, drafts};
use crate::{App, Context, Error, Result};

/// Adds the row of a file; the last one of a package that was sent submits it. A file of the same path that is
/// complete stays: it was acknowledged.
pub(super) async fn insert(
    app: &App,
    ctx: &Context,
    row: &files::NewFile,
    field: &'static str,
) -> Result<()> {
    for retried in [false, true] {
        match add(app, ctx, row).await {
            Err(Refusal::Taken) => {
                let mut tx = app.db().read().await?;
                let old = files::unfinished(&mut tx, row.package_id, &row.path).await?;
                let (Some(old), false) = (old, retried) else {
                    break;
                };
                app.parts().uploads.interrupt(old);
                files::remove_unfinished(&mut tx, old, ctx.now).await?;
            }
            Err(Refusal::Other(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
    Err(Error::invalid(field, "duplicate"))
}

/// Why a row was not added.
enum Refusal {
    /// There is a file of the same path.
    Taken,
    /// Anything else.
    Other(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

async fn add(app: &App, ctx: &Context, row: &files::NewFile) -> std::result::Result<(), Refusal> {
    let entry = row
        .complete
        .then(|| complete::entry(ctx, row.package_id, row.id, row.size));
    let entry = entry.as_ref();
    let refusal = |error: sofie_store::Error| match error {
        error if error.is_constraint(files::PATH_TAKEN) => Refusal::Taken,
        sofie_store::Error::Stale => {
            drafts::forget(app, row.package_id);
            Error::Conflict("conflict").into()
        }
        other => other.into(),
    };
    let alone = files::insert(&mut app.db().read().await?, row, entry, false).await;
    match alone {
        Err(sofie_store::Error::Stale) if row.complete => {}
        other => return other.map_err(refusal),
    }
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, row.package_id)
        .await?
        .ok_or(Error::NotFound)?;
    let locked = files::insert(&mut tx, row, entry, true).await;
    locked.map_err(refusal)?;
    complete::submit(app, tx, ctx, &mut package).await?;
    Ok(())
}
