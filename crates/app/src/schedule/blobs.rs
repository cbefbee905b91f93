//! Blobs whose row is gone.

use sofie_store::doomed_blobs;
use sofie_vault::{BlobId, Error as VaultError};

use crate::{App, Result, error::chain};

/// How many blobs are unlinked in one run, so that users hardly notice.
const PER_RUN: i64 = 200;

/// Unlinks some doomed blobs and strikes them off the list: row before blob on delete, so a crash in between
/// leaves nothing worse than a blob to unlink again.
pub(super) async fn unlink(app: &App) -> Result<()> {
    let doomed = doomed_blobs::list(&mut app.db().read().await?, PER_RUN).await?;
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
