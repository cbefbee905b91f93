//! Inspections in the caller's own process.

use std::io;

use super::inspect_feed;
use crate::dlp::{Dlp, Rules};
use crate::limits::{Budget, Limits};
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
    inspect_with(name, size, limits, &Dlp::default(), content)
}

/// As [`inspect`], and looks for sensitive data.
///
/// # Errors
/// When `content` can't be read, or `dlp` can't be compiled.
pub fn inspect_with(
    name: &str,
    size: u64,
    limits: Limits,
    dlp: &Dlp,
    content: impl io::Read,
) -> io::Result<Report> {
    let rules = Rules::compile(dlp).map_err(io::Error::other)?;
    let jail = JailState {
        seccomp: false,
        landlock: Landlock::Absent,
        inherited_descriptors: 0,
    };
    let budget = Budget::new(limits, size);
    inspect_feed(name, &mut Reader(content), &budget, rules, jail)
}

struct Reader<R>(R);

impl<R: io::Read> Feed for Reader<R> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.0.read(buffer).map_err(Fault::Input)
    }
}
