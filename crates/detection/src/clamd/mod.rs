//! ClamAV's daemon over its socket (protocol: clamd(8) and
//! <https://docs.clamav.net/manual/Usage/ClamdProtocol.html>).
//!
//! clamd says `OK` to much that it did not look at: content beyond its limits, encrypted
//! archives, empty streams. So a clean verdict of this engine always has the coverage
//! *assumed*, files above its limits are never sent, and the self-test finds out what this
//! installation is silent about.

mod engine;
pub(crate) mod probes;
mod reply;
mod session;
mod version;

pub use engine::Clamd;
pub use session::{Endpoint, Timeouts};

use serde::{Deserialize, Serialize};

/// How to reach clamd, and what its own configuration allows: it can't be asked for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it listens; tried in this order, the last good one first.
    pub endpoints: Vec<Endpoint>,
    /// The smaller of `StreamMaxLength` and `MaxFileSize` in its configuration, in bytes.
    pub largest_file: u64,
    /// `MaxThreads` in its configuration.
    pub most_at_once: u16,
    /// How long to wait.
    pub timeouts: Timeouts,
}

impl Settings {
    /// clamd 1.4 as it comes: 100 MiB, 10 threads.
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        Self {
            endpoints,
            largest_file: 100 << 20,
            most_at_once: 10,
            timeouts: Timeouts::STANDARD,
        }
    }
}
