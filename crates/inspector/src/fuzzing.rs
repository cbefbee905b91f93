//! Doors for fuzzing into parsers that are private.

use crate::office;

/// Whether a description of how an Office document is encrypted is understood.
pub fn knows_encryption_info(info: &[u8]) -> bool {
    office::is_known(info)
}
