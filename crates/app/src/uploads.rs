//! Bytes on their way in: resumable uploads (tus) and whole bodies (PUT).
//!
//! Bytes go straight from the caller into the vault, encrypted. How far an upload is, its blob knows; the
//! database hears of it when it begins and when it is complete. The blob comes before its row, so that a
//! crash leaves an orphan blob at worst.

mod body;
mod checksum;
mod complete;
mod desk;
mod drafts;
mod resumable;
mod rows;
mod space;
mod whole;

pub use body::{Body, BodyError, Pace, from_stream};
pub use checksum::{Algorithm, Checksum};
pub use desk::Uploads;
pub use resumable::{Append, NewUpload, Progress, append, create, remove, status};
pub use space::FLOOR as FREE_FLOOR;
pub use whole::{NewFile, put};

use sofie_domain::{FilePath, InvalidPath};

use crate::{Error, Result};

/// Says what the caller can do about a failure of the vault.
pub(crate) fn vault_error(error: sofie_vault::Error) -> Error {
    use sofie_vault::Error as Vault;
    match error {
        error if error.is_no_space() => Error::NoSpace,
        Vault::NotFound => Error::NotFound,
        Vault::Busy => Error::Conflict("upload_locked"),
        Vault::OffsetMismatch { .. } | Vault::Committed => {
            Error::Conflict("upload_offset_mismatch")
        }
        error @ (Vault::Sync(_) | Vault::Io { .. } | Vault::Stopped) => Error::unavailable(error),
        error => Error::internal(error),
    }
}

/// Parses the name of a file in the words of the API.
fn parse_path(text: &str, field: &'static str) -> Result<FilePath> {
    FilePath::parse(text).map_err(|problem| match problem {
        InvalidPath::Empty => Error::invalid(field, "required"),
        InvalidPath::TooLong => Error::invalid(field, "too_long"),
        InvalidPath::Traversal | InvalidPath::Control => Error::invalid(field, "invalid"),
    })
}
