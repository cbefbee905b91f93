//! Inspections in the caller's own process.

use std::io;

use super::{Walk, inspect_feed};
use crate::dlp::{Dlp, Rules};
use crate::limits::{Budget, Limits};
use crate::passwords::Passwords;
use crate::protocol::Header;
use crate::report::{JailState, Landlock, Report};
use crate::stream::{Fault, Feed};

/// Inspects `content` in this very process, without a jail: for tests and measurements.
///
/// # Errors
/// When `content` can't be read.
pub fn inspect(
    name: &str,
    size: u64,
    limits: Limits,
    content: impl io::Read,
) -> io::Result<Report> {
    let header = Header {
        name: name.to_owned(),
        size,
        limits,
        dlp: Dlp::default(),
        passwords: Passwords::default(),
        shows: false,
        again: false,
    };
    inspect_with(&header, content)
}

/// As [`inspect`], told everything that the child process is told.
///
/// # Errors
/// When `content` can't be read, or the header's `dlp` can't be compiled.
pub fn inspect_with(header: &Header, content: impl io::Read) -> io::Result<Report> {
    let rules = Rules::compile(&header.dlp).map_err(io::Error::other)?;
    let jail = JailState {
        seccomp: false,
        landlock: Landlock::Absent,
        inherited_descriptors: 0,
    };
    let budget = Budget::new(header.limits, header.size);
    let walk = Walk::new(&budget, rules, &header.passwords);
    inspect_feed(walk, &header.name, &mut Reader(content), jail)
}

struct Reader<R>(R);

impl<R: io::Read> Feed for Reader<R> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.0.read(buffer).map_err(Fault::Input)
    }
}
