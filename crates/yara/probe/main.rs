//! The jailed children for tests: `sofie-yara-probe inspect` is what `sofie inspect` is, and
//! `sofie-yara-probe yara-scan` is what `sofie yara-scan` is.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("inspect") => sofie_inspector::child::run(),
        Some("yara-scan") => sofie_yara::child::run(),
        _ => ExitCode::FAILURE,
    }
}
