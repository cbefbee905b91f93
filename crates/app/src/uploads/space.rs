//! Room for what is announced.

use crate::{App, Error, Result};

use super::vault_error;

/// Smaller files are not worth asking the file system.
const WORTH_ASKING: u64 = 1 << 20;
/// So much stays free for the database and the log.
const FLOOR: u64 = 256 << 20;

/// Refuses a file that would not fit beside what is stored.
pub(super) async fn check(app: &App, size: u64) -> Result<()> {
    if size < WORTH_ASKING {
        return Ok(());
    }
    match app.parts().vault.free_space().await.map_err(vault_error)? {
        Some(free) if free < size.saturating_add(FLOOR) => Err(Error::NoSpace),
        _ => Ok(()),
    }
}
