//! Room for what is announced.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sofie_domain::{FileId, FilePath, PackageId};
use sofie_store::files;
use tokio::sync::Mutex;

use super::vault_error;
use crate::{App, Error, Result};

/// How long the file system's word that there is room is good.
const FRESH: Duration = Duration::from_secs(1);
/// For smaller files a word that is still good will do.
const WORTH_ASKING: u64 = 1 << 20;
/// So much stays free for the database and the log; what would leave less is refused.
pub const FLOOR: u64 = 256 << 20;
/// How much of an upload comes between two notes of how far it is: a quarter of it, between these.
const SHORTEST_STEP: u64 = 16 << 20;
const LONGEST_STEP: u64 = 256 << 20;

/// What requests of this process have announced: whole bodies on their way, which have no row, and uploads whose
/// row is just being written.
#[derive(Debug, Default)]
pub(super) struct Expected {
    claims: std::sync::Mutex<HashMap<FileId, u64>>,
    /// Held by the one who compares: two that fit alone, but not together, must not both pass.
    comparing: Mutex<()>,
    /// When there was how much room.
    room: Mutex<Option<(Instant, u64)>>,
}

impl Expected {
    fn claims(&self) -> MutexGuard<'_, HashMap<FileId, u64>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The announced bytes of one file; struck off as they come, and all of them in the end.
pub(super) struct Claim {
    app: App,
    file: FileId,
}

/// A file that is announced.
pub(super) struct Announced<'a> {
    pub(super) id: FileId,
    pub(super) package: PackageId,
    pub(super) path: &'a FilePath,
    pub(super) size: u64,
}

/// Refuses a file that would not fit beside what is stored and what others have announced (T18).
pub(super) async fn claim(app: &App, new: &Announced<'_>) -> Result<Claim> {
    let claim = Claim {
        app: app.clone(),
        file: new.id,
    };
    if new.size < WORTH_ASKING {
        check(app, new.size).await?;
        return Ok(claim);
    }
    let expected = &app.parts().uploads.expected;
    let _comparing = expected.comparing.lock().await;
    let claims = expected.claims().clone();
    let claimed = claims
        .values()
        .fold(0_u64, |sum, more| sum.saturating_add(*more));
    let but = files::Except {
        files: claims.into_keys().collect(),
        path: (new.package, new.path),
    };
    // Asked before the free space: what comes in between is then counted twice and not forgotten.
    let open = files::outstanding(&mut app.db().read().await?, &but, app.now()).await?;
    let Some(free) = app.parts().vault.free_space().await.map_err(vault_error)? else {
        return Ok(claim);
    };
    let wanted = [open, claimed, new.size, FLOOR];
    if free < wanted.into_iter().fold(0, u64::saturating_add) {
        return Err(Error::NoSpace);
    }
    expected.claims().insert(new.id, new.size);
    Ok(claim)
}

/// Refuses bytes that nobody announced if they would leave less than the floor.
async fn check(app: &App, bytes: u64) -> Result<()> {
    let wanted = FLOOR.saturating_add(bytes);
    let mut room = app.parts().uploads.expected.room.lock().await;
    if room.is_some_and(|(at, free)| at.elapsed() < FRESH && free >= wanted) {
        return Ok(());
    }
    let free = app.parts().vault.free_space().await.map_err(vault_error)?;
    *room = free.map(|free| (Instant::now(), free));
    match free {
        Some(free) if free < wanted => Err(Error::NoSpace),
        _ => Ok(()),
    }
}

impl Claim {
    /// Asks for room anew whenever a body without a length has grown by so much since `asked`.
    pub(super) async fn grew(&self, taken: u64, asked: &mut u64) -> Result<()> {
        if taken.saturating_sub(*asked) >= SHORTEST_STEP {
            *asked = taken;
            check(&self.app, SHORTEST_STEP).await?;
        }
        Ok(())
    }

    /// Says that some of the bytes are there.
    pub(super) fn came(&self, bytes: u64) {
        if let Some(left) = self
            .app
            .parts()
            .uploads
            .expected
            .claims()
            .get_mut(&self.file)
        {
            *left = left.saturating_sub(bytes);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.app
            .parts()
            .uploads
            .expected
            .claims()
            .remove(&self.file);
    }
}

/// Tells whether it is time to note how far an upload is.
pub(super) fn is_worth_noting(size: u64, noted: u64, offset: u64) -> bool {
    offset.saturating_sub(noted) >= (size / 4).clamp(SHORTEST_STEP, LONGEST_STEP)
}
