//! Telling a person how far it is.

use std::fmt;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bytes go to the server.
    Sending,
    /// The server's checks run.
    Checking,
    /// Bytes come from the server.
    Fetching,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sending => "sending",
            Self::Checking => "checking",
            Self::Fetching => "fetching",
        })
    }
}

/// Learns how a command goes on. Called from several tasks; must not block.
pub trait Progress: fmt::Debug + Send + Sync {
    /// A phase begins, with so many units (bytes, or files when checking) to do.
    fn begin(&self, phase: Phase, total: u64);
    /// So many units more are done; negative when some must be done again.
    fn advance(&self, units: i64);
    /// Something a person should know now.
    fn note(&self, message: &str);
    /// The phase is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: i64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
}

/// A progress bar on standard error, hidden when that is not a terminal; notes are printed either way.
#[derive(Debug)]
pub struct Bars {
    bar: ProgressBar,
}

impl Default for Bars {
    fn default() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
        }
    }
}

impl Progress for Bars {
    fn begin(&self, phase: Phase, total: u64) {
        let template = match phase {
            Phase::Checking => "{msg} {wide_bar} {pos}/{len} {elapsed}",
            _ => "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_length(total);
        self.bar.set_message(phase.to_string());
    }

    fn advance(&self, units: i64) {
        match u64::try_from(units) {
            Ok(units) => self.bar.inc(units),
            Err(_) => self.bar.dec(units.unsigned_abs()),
        }
    }

    fn note(&self, message: &str) {
        self.bar.suspend(|| eprintln!("sofie: {message}"));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
