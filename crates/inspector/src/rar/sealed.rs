//! Encrypted members.
//!
//! The newer format tells a wrong password at once, the older one by the checksum of what comes
//! out; so the first encrypted member is read to its end before the archive is.

use std::io::{self, Write};
use std::time::Instant;

use rars::{Archive, ArchiveReadOptions, ErrorKind, ExtractionDecision, ExtractionErrorAction};

use super::members::fault;
use crate::report::{How, Limit};
use crate::stream::Fault;
use crate::walk::Walk;

/// Forgets what comes, while there is time.
struct Nowhere(Option<Instant>);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.is_some_and(|until| Instant::now() > until) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The password of the first encrypted member.
pub fn open<'p>(
    walk: &Walk<'p>,
    archive: &Archive,
    with: impl Fn(Option<&'p [u8]>) -> ArchiveReadOptions<'p>,
) -> Result<Option<(&'p str, How)>, Fault> {
    if !archive.members().any(|member| member.meta.is_encrypted) {
        return Ok(None);
    }
    for (password, how) in walk.passwords().beside(&[]) {
        walk.budget().check_time()?;
        let right = is_right(walk, archive, with(Some(password.as_bytes())))?;
        if right {
            return Ok(Some((password, how)));
        }
    }
    Ok(None)
}

fn is_right(
    walk: &Walk<'_>,
    archive: &Archive,
    options: ArchiveReadOptions<'_>,
) -> Result<bool, Fault> {
    let until = walk.budget().ends();
    let solid = archive.members().any(|member| member.is_solid());
    let mut seen = false;
    let read = archive.extract_with_control_and_errors(
        options,
        |member| {
            if seen {
                return Ok(ExtractionDecision::Stop);
            }
            seen = member.meta.is_encrypted;
            // Members of a solid archive can't be stepped over.
            let wanted = solid || member.meta.is_encrypted;
            Ok(if wanted && !member.meta.is_directory {
                ExtractionDecision::Extract(Box::new(Nowhere(until)))
            } else {
                ExtractionDecision::Skip
            })
        },
        |_, _| Ok(ExtractionErrorAction::Abort),
    );
    walk.budget().check_time()?;
    match read {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::ResourceLimit => Err(fault(&error)),
        Err(error) if error.kind() == ErrorKind::Io => Err(Fault::Limit(Limit::Time)),
        Err(_) => Ok(false),
    }
}
