//! The drafts that this process fills, so that a thousand small files don't ask a thousand times.
//!
//! Counts are those of the database, a few seconds old, and what this process added since. With several
//! processes they may fall short of the truth; the whole package is counted again when it is sent.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sofie_domain::{Actor, PackageId, UserId, VisitorId};
use sofie_store::{package_keys::WrappedPackageKey, packages};

use crate::{App, Context, Error, Result};

/// After so long the database is asked again.
const FRESH: Duration = Duration::from_secs(5);
/// More drafts than this are forgotten while nothing arrives for them.
const MOST: usize = 1_024;

/// What is known of a draft.
#[derive(Debug)]
pub struct Draft {
    read_at: Instant,
    sender: (Option<UserId>, Option<VisitorId>),
    open: bool,
    key: WrappedPackageKey,
    files: u64,
    bytes: u64,
    held_files: u64,
    held_bytes: u64,
}

/// Room in a draft for one file; given back unless the file is kept.
#[derive(Debug)]
pub(super) struct Reservation {
    app: App,
    package: PackageId,
    bytes: u64,
    kept: bool,
    limits: Limits,
    /// The key of the package.
    pub(super) key: WrappedPackageKey,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    file: u64,
    package: u64,
    files: u64,
}

/// Sets room for a file of `bytes` aside, if the caller fills the draft and the limits allow it.
pub(super) async fn reserve(
    app: &App,
    ctx: &Context,
    package: PackageId,
    bytes: u64,
) -> Result<Reservation> {
    let settings = app.settings().await?;
    let limits = Limits {
        file: settings.count("packages.max_file_size"),
        package: settings.count("packages.max_size"),
        files: settings.count("packages.max_files"),
    };
    if bytes > limits.file {
        return Err(Error::TooLarge);
    }
    let fresh = app
        .parts()
        .uploads
        .drafts()
        .get(&package)
        .is_some_and(|draft| draft.read_at.elapsed() < FRESH);
    if !fresh {
        read(app, package).await?;
    }
    let mut drafts = app.parts().uploads.drafts();
    let draft = drafts.get_mut(&package).ok_or(Error::NotFound)?;
    only_sender(ctx, draft.sender)?;
    if !draft.open {
        return Err(Error::Conflict("conflict"));
    }
    if draft.files + draft.held_files >= limits.files {
        return Err(Error::invalid("files", "too_many"));
    }
    draft.fits(bytes, &limits)?;
    draft.held_files += 1;
    draft.held_bytes += bytes;
    Ok(Reservation {
        app: app.clone(),
        package,
        bytes,
        kept: false,
        limits,
        key: draft.key.clone(),
    })
}

/// Lets nobody but the one who fills the draft through.
pub(super) fn only_sender(
    ctx: &Context,
    sender: (Option<UserId>, Option<VisitorId>),
) -> Result<()> {
    let own = match &ctx.actor {
        Actor::User { id, .. } => sender.0 == Some(*id),
        Actor::Visitor { id, .. } => sender.1 == Some(*id),
        _ => false,
    };
    if own { Ok(()) } else { Err(Error::NotFound) }
}

/// Makes the next request ask the database.
pub(super) fn forget(app: &App, package: PackageId) {
    let mut drafts = app.parts().uploads.drafts();
    match drafts.get_mut(&package) {
        Some(draft) if draft.held_files > 0 => {
            let stale = Instant::now().checked_sub(FRESH);
            draft.read_at = stale.unwrap_or(draft.read_at);
        }
        _ => {
            drafts.remove(&package);
        }
    }
}

async fn read(app: &App, package: PackageId) -> Result<()> {
    let read_at = Instant::now();
    let mut tx = app.db().read().await?;
    let row = packages::draft(&mut tx, package)
        .await?
        .ok_or(Error::NotFound)?;
    drop(tx);
    let mut drafts = app.parts().uploads.drafts();
    make_room(&mut drafts);
    let (held_files, held_bytes) = drafts
        .get(&package)
        .map_or((0, 0), |old| (old.held_files, old.held_bytes));
    drafts.insert(
        package,
        Draft {
            read_at,
            sender: (row.sender_user, row.sender_visitor),
            open: row.open,
            key: row.key,
            files: row.files,
            bytes: row.bytes,
            held_files,
            held_bytes,
        },
    );
    Ok(())
}

fn make_room(drafts: &mut HashMap<PackageId, Draft>) {
    if drafts.len() >= MOST {
        drafts.retain(|_, draft| draft.held_files > 0 || draft.read_at.elapsed() < FRESH);
    }
}

impl Draft {
    fn fits(&self, more: u64, limits: &Limits) -> Result<()> {
        let all = self
            .bytes
            .saturating_add(self.held_bytes)
            .saturating_add(more);
        if all > limits.package {
            return Err(Error::TooLarge);
        }
        Ok(())
    }
}

impl Reservation {
    /// Makes room for more bytes of the file.
    pub(super) fn grow(&mut self, more: u64) -> Result<()> {
        if self.bytes.saturating_add(more) > self.limits.file {
            return Err(Error::TooLarge);
        }
        let mut drafts = self.app.parts().uploads.drafts();
        if let Some(draft) = drafts.get_mut(&self.package) {
            draft.fits(more, &self.limits)?;
            draft.held_bytes += more;
            self.bytes += more;
        }
        Ok(())
    }

    /// Says that the file has a row now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut drafts = self.app.parts().uploads.drafts();
        if let Some(draft) = drafts.get_mut(&self.package) {
            draft.held_files = draft.held_files.saturating_sub(1);
            draft.held_bytes = draft.held_bytes.saturating_sub(self.bytes);
            if self.kept {
                draft.files += 1;
                draft.bytes += self.bytes;
            }
        }
    }
}
