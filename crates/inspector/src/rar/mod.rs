//! RAR archives, versions 1.5 to 7.
//!
//! Blocks are walked here first, strictly: what is encrypted, split over several files or
//! stands behind the end is known before the decoder sees a byte. The decoder wants the whole
//! archive in memory and gives whole members, both within the budget; archives beyond it are
//! *incomplete*.

mod blocks;
mod members;
mod sealed;

use crate::report::{Engine, Outcome};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let budget = walk.budget();
    let mut lease = budget.lease(0)?;
    let mut archive = Vec::new();
    loop {
        let chunk = stream.chunk()?;
        let count = chunk.len();
        if count == 0 {
            break;
        }
        if archive.capacity() - archive.len() < count {
            let more = (archive.len() / 4).max(1 << 20);
            lease.grow(more as u64)?;
            archive.reserve_exact(more);
        }
        archive.extend_from_slice(chunk);
        stream.consume(count);
        budget.check_time()?;
    }
    let surface = blocks::read(&archive)?;
    if surface.encrypted {
        let outcome = Outcome::Encrypted;
        walk.find(
            Engine::Encrypted,
            outcome,
            "encrypted-rar-header",
            place,
            "",
        );
        return Ok(());
    }
    if surface.split {
        return Err(Fault::Damaged("rar-split"));
    }
    if surface.unread {
        let outcome = Outcome::Unsupported;
        walk.find(
            Engine::Container,
            outcome,
            "rar-service-not-supported",
            place,
            "",
        );
    }
    if surface.trailing {
        walk.find_ambiguous("rar-trailing-data", place, "");
    }
    members::walk(walk, place, archive)
}
