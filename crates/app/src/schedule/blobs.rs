//! Blobs whose row is gone, or never came.

use std::pin::pin;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use sofie_store::doomed_blobs;
use sofie_vault::{BlobId, Error as VaultError};

use crate::{App, Context, Error, Result, backup, error::chain};

/// How many blobs are unlinked in one run, so that users hardly notice.
const PER_RUN: i64 = 200;
/// How long a blob without a row must have been left alone: its row may still come.
const LEFT_ALONE: TimeDelta = TimeDelta::hours(24);
/// How long after that it is kept, for those who find out meanwhile that they restored the wrong database.
const GRACE: TimeDelta = TimeDelta::hours(24);
/// How many blobs are looked up in the database at once.
const BATCH: usize = 500;

/// Unlinks some doomed blobs and strikes them off the list: row before blob on delete, so a crash in between
/// leaves nothing worse than a blob to unlink again.
pub(super) async fn unlink(app: &App, ctx: &Context) -> Result<()> {
    let mut tx = app.db().read().await?;
    // In this order: what was doomed before the lease was taken is not in the backup's snapshot.
    let doomed = doomed_blobs::due(&mut tx, ctx.now, PER_RUN).await?;
    if backup::under_way(&mut tx).await? {
        return Ok(());
    }
    drop(tx);
    if doomed.is_empty() {
        return Ok(());
    }
    // In a store that is not ours there would be nothing to unlink, and the list would be struck off.
    require_ours(app).await?;
    let mut gone = Vec::new();
    for id in doomed {
        match app.parts().vault.delete(BlobId(id)).await {
            Ok(()) => gone.push(id),
            // Somebody still appends to it; the next run finds it again.
            Err(VaultError::Busy) => {}
            Err(error) => {
                tracing::warn!(error = chain(&error), "a doomed blob could not be unlinked");
            }
        }
    }
    if !gone.is_empty() {
        doomed_blobs::remove(&mut app.db().read().await?, &gone).await?;
    }
    Ok(())
}

/// Dooms blobs that no row knows: what a process leaves that is killed between the two.
///
/// It touches nothing when the store is not this installation's, or when the database knows no file at all
/// while there are blobs: then more likely the database is the wrong one than the blobs (T34).
pub(super) async fn collect_orphans(app: &App, ctx: &Context) -> Result<()> {
    require_ours(app).await?;
    let spared = doomed_blobs::spare(&mut app.db().read().await?).await?;
    if spared > 0 {
        tracing::error!(spared, "files had blobs that were doomed; they are kept");
    }
    if !doomed_blobs::any_file(&mut app.db().read().await?).await? {
        let mut blobs = pin!(app.parts().vault.list());
        if blobs.try_next().await.map_err(Error::internal)?.is_some() {
            tracing::warn!("the store has blobs, the database no files; nothing is collected");
        }
        return Ok(());
    }
    let mut blobs = pin!(app.parts().vault.list());
    let (mut batch, mut found) = (Vec::with_capacity(BATCH), 0);
    while let Some(blob) = blobs.try_next().await.map_err(Error::internal)? {
        let touched: DateTime<Utc> = blob.created.max(blob.modified).into();
        if ctx.now - touched <= LEFT_ALONE {
            continue;
        }
        batch.push(blob.blob.0);
        if batch.len() == BATCH {
            found += doom(app, ctx, &batch).await?;
            batch.clear();
        }
    }
    found += doom(app, ctx, &batch).await?;
    if found > 0 {
        tracing::warn!(found, "blobs that no file has will be unlinked");
    }
    Ok(())
}

/// Makes sure that the store is this installation's.
async fn require_ours(app: &App) -> Result<()> {
    let instance = app.parts().instance.to_string();
    let ours = app.parts().vault.require_marker(instance).await;
    ours.map_err(Error::internal)
}

async fn doom(app: &App, ctx: &Context, blobs: &[[u8; 16]]) -> Result<u64> {
    let mut tx = app.db().read().await?;
    Ok(doomed_blobs::insert_orphans(&mut tx, blobs, ctx.now + GRACE).await?)
}
