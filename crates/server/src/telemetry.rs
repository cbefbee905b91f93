//! Logs, and what becomes of a panic.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging to the standard error; call it once.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter is not a filter")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match log.format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    panic::set_hook(Box::new(report_panic));
    Ok(())
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let thread = std::thread::current();
    tracing::error!(
        panic.location = location,
        panic.thread = thread.name().unwrap_or_default(),
        panic.message = text.unwrap_or_default(),
        "a task panicked: this is a mistake in the program"
    );
}
