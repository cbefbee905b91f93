//! ClamAV's daemon over its socket (protocol: clamd(8) and
//! <https://docs.clamav.net/manual/Usage/ClamdProtocol.html>).
//!
//! clamd says `OK` to much that it did not look at: content beyond its limits, encrypted
//! archives, empty streams. So a clean verdict of this engine always has the coverage
//! *assumed*, files above its limits are never sent, and the self-test finds out what this
//! installation is silent about.

mod engine;
mod reply;
mod session;
mod version;

pub(crate) use engine::judge;
pub(crate) use session::Answer;
use session::Endpoint;
pub(crate) use version::parse as parse_version;

use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::Class;
use crate::kinds::Kind;
use crate::runtime::Setup;

/// clamd 1.4 as it comes: 100 MiB (`StreamMaxLength`, `MaxFileSize`), 10 threads, of which two are left to
/// others; its own `MaxScanTime` of 120 s ends before ours.
pub(crate) const KIND: Kind = Kind {
    name: "clamd",
    title: "ClamAV (clamd)",
    class: Class::Antivirus,
    fields: &[Field {
        name: "addresses",
        holds: Holds::List {
            example: "unix:/run/clamav/clamd.ctl",
        },
        required: true,
    }],
    largest_file: 100 << 20,
    at_once: 8,
    seconds: 150,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let endpoints = config
        .list("addresses")
        .map(|text| Endpoint::parse(text).ok_or(Fault::invalid("addresses")));
    let endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(engine::Clamd::new(
        &setup.id,
        endpoints,
        setup.times,
    )))
}
