//! The command line, as scripts use it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Safe online file exchange.
#[derive(Debug, Parser)]
#[command(name = "sofie", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 failed; 2 wrong usage; 78 wrong configuration. \
    send, status: 3 withheld, wholly or partly; 4 waiting for a decision."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process, with a private PostgreSQL
    Serve {
        #[command(flatten)]
        place: Place,
        /// The address to listen on instead of the configured one; port 0 takes a free one
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// Run only the HTTP side
    Web {
        #[command(flatten)]
        place: Place,
        /// The address to listen on instead of the configured one
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// Run only the jobs
    Worker(Place),
    /// Run only the schedule
    Scheduler(Place),
    /// Make administrators
    #[command(subcommand)]
    Admin(Accounts),
    /// Make users
    #[command(subcommand)]
    User(Accounts),
    /// Make API tokens
    #[command(subcommand)]
    Token(Tokens),
    /// Show the mails that were made
    Outbox {
        #[command(flatten)]
        place: Place,
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Look whether all is well
    Doctor(Place),
    /// Bring the database's schema up to date
    Migrate(Place),
    /// Look at the configuration
    #[command(subcommand)]
    Config(Configuration),
    /// Print the OpenAPI document
    Openapi,
    /// Print the manual page of the settings
    #[command(hide = true)]
    SettingsReference,
    /// Inspect one file in a jail; the worker starts this for each file
    #[command(hide = true)]
    Inspect,
}

/// Which installation is meant.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// Make one
    Add {
        #[command(flatten)]
        place: Place,
        /// The address
        #[arg(long)]
        email: String,
        /// A file with the password on its first line; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// The name that others see; without it the part of the address before the @
        #[arg(long)]
        name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Make one and print it alone; it is not shown again
    Create {
        #[command(flatten)]
        place: Place,
        /// The address of the user whom the token stands for
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// What the token is for
        #[arg(long, default_value = "command line")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// Say whether it is right
    Check(Place),
    /// Print what is in force, without secrets
    Show(Place),
    /// Print the commented defaults
    Default,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_scripts_use_is_understood() {
        for line in [
            "sofie serve",
            "sofie serve --data-dir D --listen 127.0.0.1:0 --config F",
            "sofie worker --config F",
            "sofie admin add --email a@b.c --password-file F --data-dir D",
            "sofie user add --email a@b.c --password-file F",
            "sofie token create --user a@b.c",
            "sofie outbox --json --data-dir D",
            "sofie doctor",
            "sofie config show",
        ] {
            Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}
