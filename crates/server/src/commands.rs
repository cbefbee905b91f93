//! The doors of the command line: each command in a file, thin.

mod accounts;
mod backup;
mod client;
mod configuration;
mod db;
mod doctor;
mod documents;
mod firewall;
mod kafka;
mod keys;
mod licence;
mod migrate;
mod outbox;
mod password;
mod restore;
mod room;
mod scheduler;
mod serve;
mod storage;
mod verify;

use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use self::accounts::NewAccount;
use crate::cli::{Accounts, Broker, Command, Keys, Licence, Move, Place, Storage, Tokens};
use crate::config::Log;
use crate::ground::Site;
use crate::telemetry::{self, Exporter};

/// sysexits.h: something was found in an unconfigured or misconfigured state.
const WRONG_CONFIGURATION: u8 = 78;
const QUIET: &str = "warn";

/// Runs a command to its end.
pub fn run(command: Command) -> ExitCode {
    // First of all: whatever speaks TLS later takes this one.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        return fail(&anyhow::anyhow!("a TLS provider was chosen before"));
    }
    match command {
        Command::Serve { place, listen } => with_site(&place, false, |site| {
            serve::run(site, serve::Role::All, listen)
        }),
        Command::Web { place, listen } => with_site(&place, false, |site| {
            serve::run(site, serve::Role::Web, listen)
        }),
        Command::Worker(place) => with_site(&place, false, |site| {
            serve::run(site, serve::Role::Worker, None)
        }),
        Command::Scheduler(place) => with_site(&place, false, scheduler::run),
        Command::Migrate {
            place,
            roles,
            check,
        } => with_site(&place, true, |site| async move {
            if check {
                migrate::check(site).await
            } else {
                migrate::run(site, roles).await
            }
        }),
        Command::Db(command) => move_database(command),
        Command::Keys(command) => look_after(command),
        Command::Verify { place, deep, json } => {
            with_site(&place, true, |site| verify::run(site, deep, json))
        }
        Command::Backup(command) => {
            with_input(&command.place, backup::Asked::read(&command), backup::run)
        }
        Command::Restore(command) => {
            with_input(&command.place, restore::Asked::read(&command), restore::run)
        }
        Command::Doctor(command) => doctor::run(&command),
        Command::Kafka(Broker::Setup(place)) => with_site(&place, true, kafka::set_up),
        Command::Storage(command) => move_files(command),
        Command::Licence(command) => look_at_licence(command),
        Command::Config(command) => configuration::run(command),
        Command::Openapi => documents::openapi(),
        Command::SettingsReference => documents::settings_reference(),
        // `main` has run it already, before there was a second thread.
        Command::Inspect | Command::YaraScan => ExitCode::FAILURE,
        Command::Admin(command) => add(command, accounts::add_administrator),
        Command::User(command) => add(command, accounts::add_user),
        Command::Token(Tokens::Create { place, user, name }) => with_site(&place, true, |site| {
            accounts::create_token(site, user, name)
        }),
        Command::Outbox { place, json } => with_site(&place, true, |site| outbox::run(site, json)),
        Command::Send(command) => client::run(client::send(command)),
        Command::Status(command) => client::run(client::status(command)),
        Command::Get(command) => client::run(client::get(command)),
    }
}

fn look_at_licence(command: Licence) -> ExitCode {
    match command {
        Licence::Show { place, json } => with_site(&place, true, |site| licence::show(site, json)),
        Licence::Install { place, file } => {
            with_input(&place, licence::read(&file), licence::install)
        }
        Licence::Remove(place) => with_site(&place, true, licence::remove),
        giving => match licence::give(giving) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
    }
}

fn add<F>(command: Accounts, make: impl FnOnce(Site, NewAccount) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode>>,
{
    let Accounts::Add {
        place,
        email,
        password_file,
        name,
    } = command;
    let new = NewAccount::read(email, name, &password_file);
    with_input(&place, new, make)
}

fn move_database(command: Move) -> ExitCode {
    match command {
        Move::Export { place, file } => with_site(&place, true, |site| db::export(site, file)),
        Move::Import { place, file } => with_site(&place, true, |site| db::import(site, file)),
    }
}

fn move_files(command: Storage) -> ExitCode {
    let Storage::Migrate {
        place,
        to,
        last,
        verify,
    } = command;
    with_site(&place, true, |site| {
        storage::migrate(site, to, last, verify)
    })
}

fn look_after(command: Keys) -> ExitCode {
    match command {
        Keys::List { place, json } => with_site(&place, true, |site| keys::list(site, json)),
        Keys::Add { place, file, seal } => {
            with_site(&place, true, |site| keys::add(site, file, seal))
        }
        Keys::Activate { place, id } => with_site(&place, true, |site| keys::activate(site, id)),
        Keys::Rotate { place, stop: false } => with_site(&place, true, keys::rotate),
        Keys::Rotate { place, stop: true } => with_site(&place, true, keys::stop_rotation),
        Keys::Remove { place, id } => with_site(&place, true, |site| keys::remove(site, id)),
        Keys::Export {
            place,
            to,
            password_file,
        } => {
            let password = keys::sealing_password(&password_file);
            with_input(&place, password, |site, password| {
                keys::export(site, to, password)
            })
        }
        Keys::Import {
            place,
            from,
            password_file,
            seal,
        } => {
            let password = keys::sealing_password(&password_file);
            with_input(&place, password, |site, password| {
                keys::import(site, (from, seal), password)
            })
        }
    }
}

/// Runs a command of a person's with what was read for it, before anything was opened.
fn with_input<I, F>(place: &Place, input: Result<I>, run: impl FnOnce(Site, I) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode>>,
{
    match input {
        Ok(input) => with_site(place, true, |site| run(site, input)),
        Err(error) => fail(&error),
    }
}

/// Finds the installation, starts logging and the runtime, and runs.
fn with_site<F>(place: &Place, quiet: bool, run: impl FnOnce(Site) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode>>,
{
    let site = match Site::find(place) {
        Ok(site) => site,
        Err(error) => {
            fail(&error);
            return ExitCode::from(WRONG_CONFIGURATION);
        }
    };
    let log = site.config.log.clone();
    // A command that people type logs only what they must know, and is in no trace.
    let (log, traces) = if quiet {
        let filter = QUIET.to_owned();
        (Log { filter, ..log }, Ok(None))
    } else {
        (log, site.config.telemetry.traces())
    };
    let started = traces.and_then(|traces| telemetry::start(&log, traces));
    let outcome = started.and_then(|exporter| {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let outcome = runtime.block_on(traced(exporter, run(site)));
        // Blocking work that nobody waits for any more does not hold the end up.
        runtime.shutdown_background();
        outcome
    });
    outcome.unwrap_or_else(|error| {
        let failed = fail(&error);
        if crate::keys::is_refused(&error) {
            ExitCode::from(WRONG_CONFIGURATION)
        } else {
            failed
        }
    })
}

/// Runs to the end beside what exports traces, if anything does.
async fn traced<T>(exporter: Option<Exporter>, run: impl Future<Output = T>) -> T {
    let Some(exporter) = exporter else {
        return run.await;
    };
    let stop = CancellationToken::new();
    let exporting = tokio::spawn(exporter.run(stop.clone()));
    let outcome = run.await;
    stop.cancel();
    // It ends by itself soon after.
    let _ = exporting.await;
    outcome
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
