//! Whether one file is what it was.

use aws_lc_rs::digest::{Context as Digest, SHA256};
use futures_util::TryStreamExt as _;
use sofie_store::integrity::{self, StoredFile};
use sofie_vault::{BlobId, BlobSpec, Error as VaultError, Reader};

use super::{Pace, Problem, ProblemKind};
use crate::{App, Error, Result, error::chain, keys};

/// Looks at a complete file; a problem with one that was shredded meanwhile is none.
pub(super) async fn judge(
    app: &App,
    file: &StoredFile,
    deep: Option<&Pace>,
) -> Result<Option<Problem>> {
    let Err((kind, detail)) = check(app, file, deep).await else {
        return Ok(None);
    };
    let mut tx = app.db().read().await?;
    let now = integrity::standing(&mut tx, &[file.secrets.blob_id]).await?;
    if !now.first().is_some_and(|standing| standing.needed) {
        return Ok(None);
    }
    Ok(Some(Problem {
        kind,
        blob: BlobId(file.secrets.blob_id).to_string(),
        file: Some((file.package, file.id)),
        detail,
    }))
}

async fn check(
    app: &App,
    file: &StoredFile,
    deep: Option<&Pace>,
) -> std::result::Result<(), (ProblemKind, String)> {
    let spec = spec(app, file).await?;
    let reader = app.parts().vault.open(&spec, Some(file.size)).await;
    let reader = reader.map_err(|error| sort(&error))?;
    let Some(pace) = deep else {
        return Ok(());
    };
    // A blob without bytes still has a chunk that must authenticate, which no stream of its bytes touches.
    if reader.is_empty() {
        reader.verify().await.map_err(|error| sort(&error))?;
    }
    let digest = digest(&reader, pace).await.map_err(|error| sort(&error))?;
    if file.sha256.is_some_and(|known| known != digest) {
        let detail = format!("its SHA-256 is {}", hex::encode(digest));
        return Err((ProblemKind::Damaged, detail));
    }
    Ok(())
}

async fn spec(
    app: &App,
    file: &StoredFile,
) -> std::result::Result<BlobSpec, (ProblemKind, String)> {
    keys::open_blob(app, &file.key, file.package, file.id, &file.secrets)
        .await
        .map_err(|error| {
            let detail = match &error {
                Error::Unavailable(cause) | Error::Internal(cause) => chain(&**cause),
                other => chain(other),
            };
            (ProblemKind::Locked, detail)
        })
}

async fn digest(reader: &Reader, pace: &Pace) -> std::result::Result<[u8; 32], VaultError> {
    let mut digest = Digest::new(&SHA256);
    let mut bytes = std::pin::pin!(reader.stream(0..reader.len()));
    while let Some(bytes) = bytes.try_next().await? {
        digest.update(&bytes);
        pace.spend(bytes.len()).await;
    }
    let mut out = [0; 32];
    out.copy_from_slice(digest.finish().as_ref());
    Ok(out)
}

fn sort(error: &VaultError) -> (ProblemKind, String) {
    let kind = match error {
        VaultError::NotFound => ProblemKind::Missing,
        VaultError::LengthMismatch { .. } => ProblemKind::WrongLength,
        VaultError::Corrupt(_) => ProblemKind::Damaged,
        _ => ProblemKind::Unreadable,
    };
    (kind, chain(error))
}
