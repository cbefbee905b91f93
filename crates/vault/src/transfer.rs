//! Blobs from one store to another, as they lie: no key is needed.

use std::{fs, io, path::Path, sync::Arc};

use aws_lc_rs::digest::{Context, SHA256};

use crate::{BlobBackend, BlobId, Error, LocalBackend, backend::Area, vault::blocking};

const PIECE: usize = 1 << 20;

/// What a stored blob looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its stored length.
    pub len: u64,
    /// The SHA-256 of its stored bytes.
    pub sha256: [u8; 32],
}

/// Copies a committed blob into another store, durably, and says what was copied.
///
/// [`Error::NotFound`] if it is not there, [`Error::AlreadyExists`] if the other store has it.
pub async fn copy_blob(
    from: Arc<dyn BlobBackend>,
    to: Arc<dyn BlobBackend>,
    blob: BlobId,
) -> Result<Sealed, Error> {
    blocking(move || {
        let source = from.open(blob, Area::Blob)?;
        match to.open(blob, Area::Blob) {
            Ok(_) => return Err(Error::AlreadyExists),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        let target = to.create(blob, Area::Data)?;
        let sealed = read(&*source, |bytes, at| target.write_at(bytes, at))?;
        target.sync()?;
        to.publish(blob)?;
        Ok(sealed)
    })
    .await
}

/// Puts a hard link to a committed blob into another local store of the same file system, and says what it is.
pub async fn link_blob(
    from: Arc<dyn BlobBackend>,
    to: Arc<LocalBackend>,
    blob: BlobId,
) -> Result<Sealed, Error> {
    blocking(move || {
        let path = from.local_path(blob).ok_or(Error::NotFound)?;
        let source = from.open(blob, Area::Blob)?;
        to.link(&path, blob)?;
        read(&*source, |_, _| Ok(()))
    })
    .await
}

fn read(
    file: &dyn crate::BlobFile,
    mut take: impl FnMut(&[u8], u64) -> Result<(), Error>,
) -> Result<Sealed, Error> {
    let len = file.size()?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    while at < len {
        let rest = usize::try_from(len - at).unwrap_or(PIECE);
        let piece = &mut buffer[..rest.min(PIECE)];
        file.read_at(piece, at)?;
        digest.update(piece);
        take(piece, at)?;
        at += piece.len() as u64;
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    Ok(Sealed { len, sha256 })
}

impl LocalBackend {
    /// Puts a hard link to a file in the place of a committed blob.
    fn link(&self, file: &Path, blob: BlobId) -> Result<(), Error> {
        let path = self.committed(blob);
        let made = match fs::hard_link(file, &path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.make_shard(blob)
                    .map_err(Error::io("make a blob directory"))?;
                fs::hard_link(file, &path)
            }
            other => other,
        };
        made.map_err(Error::io("link a blob"))?;
        self.sync_names(blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlobSpec, Context, FileKey, MemoryBackend, Vault};

    async fn stored(backend: Arc<dyn BlobBackend>) -> BlobSpec {
        let spec = BlobSpec {
            blob: BlobId::random().unwrap(),
            generation: 1,
            context: Context::new("t", "p", "f"),
            key: FileKey::generate().unwrap(),
        };
        let vault = Vault::new(backend);
        vault.put(&spec, vec![7; 3 << 20].into()).await.unwrap();
        spec
    }

    #[tokio::test]
    async fn a_copy_and_a_link_open_like_the_original() {
        let temp = tempfile::tempdir().unwrap();
        let from: Arc<dyn BlobBackend> =
            Arc::new(LocalBackend::open(temp.path().join("a")).unwrap());
        let spec = stored(Arc::clone(&from)).await;
        let copies = Arc::new(MemoryBackend::new());
        let first = copy_blob(Arc::clone(&from), Arc::clone(&copies) as _, spec.blob).await;
        let second = Arc::new(LocalBackend::open(temp.path().join("b")).unwrap());
        let linked = link_blob(Arc::clone(&from), Arc::clone(&second), spec.blob).await;
        assert_eq!(first.unwrap(), linked.unwrap());
        for backend in [copies as Arc<dyn BlobBackend>, second as _] {
            let vault = Vault::new(Arc::clone(&backend));
            vault.open(&spec, Some(3 << 20)).await.unwrap();
            let again = copy_blob(Arc::clone(&backend), backend, spec.blob).await;
            assert!(again.is_err());
        }
        let missing = BlobId::random().unwrap();
        let missing = copy_blob(Arc::clone(&from), from, missing).await;
        assert!(matches!(missing, Err(Error::NotFound)));
    }
}
