//! Engines against the real thing, and against things that misbehave.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod again;
mod cape;
mod checkpoint;
mod clamd_fake;
mod clamd_real;
mod fake;
mod fan_out;
mod faults;
mod fixture;
mod fortisandbox;
mod http_fake;
mod icap_real;
mod inspector;
mod kata;
mod runtime;
mod scripted;
mod yara;

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use sofie_detection::{FileMeta, Scan};
use tokio_util::sync::CancellationToken;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()
}

fn scan_for(name: &str, size: usize, time: Duration) -> Scan {
    let meta = FileMeta {
        name: name.to_owned(),
        size: size as u64,
    };
    Scan::new(meta, now(), time, CancellationToken::new())
}

fn scan(name: &str, size: usize) -> Scan {
    scan_for(name, size, Duration::from_secs(20))
}
