//! Where the encrypted files are: the store that the configuration names, and whether it is ours.

use std::sync::Arc;

use anyhow::{Context, Result};
use sofie_domain::InstanceId;
use sofie_store::{Database, instance};
use sofie_vault::{BlobBackend, LocalBackend, S3Backend, Vault};

use crate::config::StorageKind;
use crate::ground::Site;

/// The store of a kind. Nothing is asked of it yet.
pub fn backend(site: &Site, kind: StorageKind) -> Result<Arc<dyn BlobBackend>> {
    let cannot = || format!("cannot use {}", place(site, kind));
    Ok(match kind {
        StorageKind::Local => {
            let folder = site.dir.join("blobs");
            Arc::new(LocalBackend::open(folder).with_context(cannot)?)
        }
        StorageKind::S3 => {
            Arc::new(S3Backend::open(&site.config.storage.s3()?).with_context(cannot)?)
        }
    })
}

/// What an administrator calls the store.
pub fn place(site: &Site, kind: StorageKind) -> String {
    match kind {
        StorageKind::Local => site.dir.join("blobs").display().to_string(),
        StorageKind::S3 => {
            let storage = &site.config.storage;
            let part = |value: &Option<String>| value.clone().unwrap_or_default();
            let place = format!(
                "{}/{}/{}",
                part(&storage.endpoint),
                part(&storage.bucket),
                storage.prefix
            );
            place.trim_end_matches('/').to_owned()
        }
    }
}

/// The vault on the store in use, if it is this installation's.
pub async fn vault(site: &Site, db: &Database, installation: InstanceId) -> Result<Vault> {
    let kind = site.config.storage.kind;
    let backend = backend(site, kind)?;
    // Once there are files, an empty store is a volume that is not mounted, or the wrong bucket.
    let holds_files = instance::has_files(&mut db.read().await?).await?;
    claim(Arc::clone(&backend), installation, !holds_files)
        .await
        .with_context(|| {
            format!(
                "{} is not the store of this installation's files, or can't be used",
                place(site, kind)
            )
        })?;
    Ok(Vault::new(backend))
}

/// Makes sure that a store is the installation's. An empty one becomes it, if it may.
pub async fn claim(
    backend: Arc<dyn BlobBackend>,
    installation: InstanceId,
    may_begin: bool,
) -> Result<()> {
    let name = installation.to_string();
    let look = move || {
        if may_begin {
            backend.ensure_marker(&name)
        } else {
            backend.require_marker(&name)
        }
    };
    tokio::task::spawn_blocking(look).await??;
    Ok(())
}
