//! `sofie`: the composition root, the command line and the life of the processes.

mod assemble;
mod cli;
mod clock;
mod commands;
mod config;
mod data_dir;
mod doctor;
mod firewall;
mod frontend;
mod ground;
mod kafka;
mod keys;
mod licence_server;
mod lifecycle;
mod listener;
mod metrics;
mod storage;
mod telemetry;
mod worker;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // Only a build for tests can be asked to die on purpose.
    #[cfg(debug_assertions)]
    if let Some(file) = std::env::var_os("SOFIE_KILL_FILE") {
        sofie_killpoint::arm(file.into());
    }
    if matches!(cli.command, cli::Command::Inspect) {
        // Locks itself in, which must happen before there is a second thread.
        return sofie_inspector::child::run();
    }
    if matches!(cli.command, cli::Command::YaraScan) {
        return sofie_yara::child::run();
    }
    commands::run(cli.command)
}
