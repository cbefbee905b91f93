//! The byte format of a blob, version 1 (docs/adr/003-blob-format.md).
//!
//! A blob is a header, parts and a manifest. Each part is one C2SP chunked-encryption message
//! (<https://c2sp.org/chunked-encryption>) under its own random salt.

mod envelope;
mod manifest;
mod message;

pub(crate) use envelope::{Envelope, HEADER, is_part_size};
pub(crate) use manifest::{MANIFEST_MAX, Manifest, manifest_len};
pub(crate) use message::{CHUNK, ID, MessageId, Opener, SEALED, Sealer, TAG, sealed_len};

/// Plain bytes of every part but the last.
pub const PART_SIZE: u32 = 8 << 20;
