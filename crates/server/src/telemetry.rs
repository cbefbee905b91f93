//! Logs, traces, and what becomes of a panic.

mod export;
mod layer;
mod otlp;
mod span;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use self::export::Exporter;
use self::layer::Spans;
use crate::clock::SystemClock;
use crate::config::{Log, LogFormat};

/// Starts logging to the standard error; call it once. With an address for traces it returns what brings them there.
pub fn start(log: &Log, traces: Option<String>) -> Result<Option<Exporter>> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter is not a filter")?;
    let exporter = if let Some(url) = traces {
        Some(start_with_traces(log.format, filter, url))
    } else {
        start_alone(log.format, filter);
        None
    };
    panic::set_hook(Box::new(report_panic));
    Ok(exporter)
}

/// Logs, and listens to the spans that the filter of the log lets through. One filter for both: with filters of their
/// own for each layer, a library that only asks whether it should log makes the next line of its thread vanish.
fn start_with_traces(format: LogFormat, filter: EnvFilter, url: String) -> Exporter {
    let (queue, lost, exporter) = Exporter::new(url);
    let clock = Arc::new(SystemClock);
    let spans = Spans { queue, lost, clock };
    let registry = tracing_subscriber::registry().with(filter).with(spans);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => {
            let lines = lines.with_ansi(io::stderr().is_terminal());
            registry.with(lines).init();
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            registry.with(lines).init();
        }
    }
    exporter
}

fn start_alone(format: LogFormat, filter: EnvFilter) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
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
