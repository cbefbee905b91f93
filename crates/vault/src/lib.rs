//! Encrypted file store: chunked authenticated encryption, wrapped keys, resumable uploads.
//!
//! A file is a *blob*: encrypted from its first byte, appended to at a durable offset, then
//! committed and immutable. Keys are wrapped for the database by [`Kek`] and [`PackageKey`]; the
//! store holds ciphertext only, under names that are random. Format and reasons:
//! `docs/adr/003-blob-format.md`.
//!
//! ```
//! # async fn demo() -> Result<(), sofie_vault::Error> {
//! use std::sync::Arc;
//! use sofie_vault::{BlobId, BlobSpec, Context, FileKey, MemoryBackend, Vault};
//!
//! let vault = Vault::new(Arc::new(MemoryBackend::new()));
//! let spec = BlobSpec {
//!     blob: BlobId::random()?,
//!     generation: 1,
//!     context: Context::new("tenant", "package", "file"),
//!     key: FileKey::generate()?,
//! };
//! vault.create(&spec).await?;
//! let mut appender = vault.appender(&spec, 0).await?;
//! appender.write("hello ".into()).await?;
//! let offset = appender.finish().await?;
//! let mut appender = vault.appender(&spec, offset).await?;
//! appender.write("world".into()).await?;
//! appender.commit(11).await?;
//! let reader = vault.open(&spec, Some(11)).await?;
//! assert_eq!(reader.bytes(6..11).await?, "world");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(demo()).unwrap();
//! ```
#![deny(missing_docs)]

mod backend;
mod crypto;
mod error;
mod escrow;
mod field;
mod format;
mod kek;
mod kek_file;
mod kek_sealed;
mod kek_source;
mod keys;
mod moving;
mod pool;
mod reader;
mod seal;
mod spec;
mod transfer;
mod upload;
mod vault;

pub use backend::{
    Area, BlobBackend, BlobFile, BlobInfo, LocalBackend, MemoryBackend, Probe, S3Backend, S3Options,
};
pub use error::Error;
pub use escrow::{
    Derive, Escrow, EscrowCost, EscrowError, OpenedSecrets, open_secrets, random_secret,
    seal_secrets,
};
pub use field::FieldCipher;
pub use format::PART_SIZE;
pub use kek::{Kek, KekId};
pub use kek_file::{FileKek, KekError};
pub use kek_source::{ClosedKek, FoundKek, KekFiles, KekSource, KekSourceError, Keks, MemoryKeks};
pub use keys::{ColumnKey, FileKey, PackageKey, WrappedKey};
pub use moving::{Move, Moved, Pass};
pub use reader::Reader;
pub use seal::{
    AwsKmsOptions, Pkcs11Options, Seal, SealError, SealOptions, SealView, VaultLogin, VaultOptions,
};
pub use spec::{BlobId, BlobSpec, Context};
pub use transfer::{Sealed, copy_blob, link_blob};
pub use upload::Appender;
pub use vault::Vault;
