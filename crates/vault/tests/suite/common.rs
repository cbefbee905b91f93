//! What the tests share.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use sofie_vault::{BlobId, BlobSpec, Context, FileKey, LocalBackend, MemoryBackend, Vault};

pub const CHUNK: usize = 16 * 1024;
/// Small parts, so that little data crosses many boundaries.
pub const PART: usize = 2 * CHUNK;

pub fn memory() -> Vault {
    Vault::with_part_size(Arc::new(MemoryBackend::new()), PART as u32).unwrap()
}

pub fn local(root: &Path) -> Vault {
    Vault::with_part_size(Arc::new(LocalBackend::open(root).unwrap()), PART as u32).unwrap()
}

pub fn spec(seed: u8) -> BlobSpec {
    BlobSpec {
        blob: BlobId([seed; 16]),
        generation: 1,
        context: Context::new("tenant-0", "package-1", "file-1"),
        key: FileKey::from_bytes([seed; 32]),
    }
}

/// Bytes that repeat nowhere near.
pub fn data(len: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(len);
    out.into()
}

pub fn path(root: &Path, spec: &BlobSpec, suffix: &str) -> std::path::PathBuf {
    let id = spec.blob.to_string();
    root.join(&id[..2]).join(format!("{id}{suffix}"))
}

/// Tries again while the appender before still settles.
pub async fn appender(vault: &Vault, spec: &BlobSpec, offset: u64) -> sofie_vault::Appender {
    loop {
        match vault.appender(spec, offset).await {
            Err(sofie_vault::Error::Busy) => tokio::task::yield_now().await,
            other => return other.unwrap(),
        }
    }
}

pub async fn read_all(vault: &Vault, spec: &BlobSpec) -> Result<Bytes, sofie_vault::Error> {
    let reader = vault.open(spec, None).await?;
    reader.verify().await?;
    reader.bytes(0..reader.len()).await
}
