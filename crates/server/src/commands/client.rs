//! `sofie send | status | get`: the client of a server elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sofie_client::{Bars, Fetched, GetOptions, Outcome, SendOptions, Server};

use crate::cli::{Get, Kind, Send, Status};

impl From<Kind> for sofie_client::PackageType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Private => Self::Private,
            Kind::Internal => Self::Internal,
            Kind::Public => Self::Public,
        }
    }
}

/// Runs on a runtime of one thread: a client waits for the network.
pub fn run(work: impl Future<Output = Result<ExitCode, sofie_client::Error>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime");
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(&error),
    };
    let outcome = runtime.block_on(work);
    outcome.unwrap_or_else(|error| {
        let code = error.exit_code();
        eprintln!("error: {:#}", anyhow::Error::from(error));
        ExitCode::from(code)
    })
}

pub async fn send(command: Send) -> Result<ExitCode, sofie_client::Error> {
    let options = SendOptions {
        server: Server::new(&command.at.server, Some(&command.at.token))?,
        paths: command.files,
        recipients: command.to,
        title: command.title,
        note: command.note,
        password: command.password,
        expires_in_days: command
            .expires
            .as_deref()
            .map(sofie_client::parse_days)
            .transpose()?,
        kind: command.kind.map(Into::into),
        wait: command.wait,
        state_dir: state_dir(),
    };
    let outcome = sofie_client::send(&options, Arc::new(Bars::default())).await?;
    Ok(tell(&outcome, command.json))
}

pub async fn status(command: Status) -> Result<ExitCode, sofie_client::Error> {
    let server = Server::new(&command.at.server, Some(&command.at.token))?;
    let outcome = sofie_client::status(&server, &command.id).await?;
    Ok(tell(&outcome, command.json))
}

pub async fn get(command: Get) -> Result<ExitCode, sofie_client::Error> {
    let options = GetOptions {
        link: command.link,
        code: command.code,
        password: command.password,
        token: command.token,
        dir: command.output,
        force: command.force,
        state_dir: state_dir(),
    };
    let fetched = sofie_client::get(&options, Arc::new(Bars::default())).await?;
    if command.json {
        print_json(&fetched);
    } else {
        list(&fetched);
    }
    Ok(ExitCode::from(fetched.exit_code()))
}

fn tell(outcome: &Outcome, json: bool) -> ExitCode {
    if json {
        print_json(outcome);
    } else {
        println!("{}", outcome.to_string().trim_end());
    }
    ExitCode::from(outcome.exit_code())
}

/// One line, which scripts take as the last.
fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("error: cannot write JSON: {error}"),
    }
}

fn list(fetched: &Fetched) {
    for file in &fetched.files {
        println!("{}", file.path.display());
    }
    for name in &fetched.withheld {
        eprintln!("withheld: {name}");
    }
}

/// Where a client remembers what it has begun, as the XDG base directory specification says.
fn state_dir() -> PathBuf {
    let given = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state =
        given("XDG_STATE_HOME").or_else(|| given("HOME").map(|home| home.join(".local/state")));
    state.unwrap_or_else(std::env::temp_dir).join("sofie")
}
