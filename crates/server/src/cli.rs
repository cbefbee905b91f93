//! The command line, as scripts use it.
//!
//! It names nothing of ours: xtask includes this file too, and makes the manual pages and the completions from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::client::*;
pub use self::licence::*;

// Named, since xtask includes this file from elsewhere.
#[path = "cli/client.rs"]
mod client;
#[path = "cli/licence.rs"]
mod licence;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed; 2 wrong usage; 78 wrong configuration.
migrate --check also: 3 something is to be done.
send, status and get also: 3 withheld, wholly or partly; 4 waiting for a decision or for the checks;
5 server not reachable; 6 refused by the server; 7 file here can't be read or written;
8 no such package or link; 9 code, password or login needed.";

/// Safe online file exchange.
#[derive(Debug, Parser)]
#[command(name = "sofie", version, about, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
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
    /// Show the mails that were made, the oldest first: the last one is the newest
    Outbox {
        #[command(flatten)]
        place: Place,
        /// As a JSON array in the same order: `jq .[-1]` is the newest
        #[arg(long)]
        json: bool,
    },
    /// Look after the keys of everything stored
    #[command(subcommand)]
    Keys(Keys),
    /// Compare the database with the stored files, both ways
    Verify {
        #[command(flatten)]
        place: Place,
        /// Decrypt every byte and compare every SHA-256 too
        #[arg(long)]
        deep: bool,
        /// Print the report as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a backup, also while the server runs
    Backup(Backup),
    /// Make an installation from a backup, where there is none
    Restore(Restore),
    /// Look whether all is well
    Doctor(Doctor),
    /// Bring the database's schema up to date
    Migrate {
        #[command(flatten)]
        place: Place,
        /// Make the roles sofie_web, sofie_worker and sofie_scheduler too, with the rights that these processes need
        #[arg(long, conflicts_with = "check")]
        roles: bool,
        /// Change nothing; say what is to be done, with exit code 3 if there is anything
        #[arg(long)]
        check: bool,
    },
    /// Move everything in the database to another PostgreSQL
    #[command(subcommand)]
    Db(Move),
    /// Prepare Kafka
    #[command(subcommand)]
    Kafka(Broker),
    /// Move the encrypted files
    #[command(subcommand)]
    Storage(Storage),
    /// Look after the licence; the default edition needs none
    #[command(subcommand)]
    Licence(Licence),
    /// Look at the configuration
    #[command(subcommand)]
    Config(Configuration),
    /// Send files and folders as one package
    Send(Send),
    /// Say what became of a package
    Status(Status),
    /// Fetch the files behind a link
    Get(Get),
    /// Print the OpenAPI document
    Openapi,
    /// Print the manual page of the settings
    #[command(hide = true)]
    SettingsReference,
    /// Inspect one file in a jail; the worker starts this for each file
    #[command(hide = true)]
    Inspect,
    /// Search objects by YARA rules in a jail; the worker starts this for each file
    #[command(hide = true)]
    YaraScan,
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
pub enum Move {
    /// Write all rows to a new file, which is as secret as the database; nothing else may be running
    Export {
        #[command(flatten)]
        place: Place,
        /// The file
        file: PathBuf,
    },
    /// Read all rows of such a file into an empty database, and compare what arrived
    Import {
        #[command(flatten)]
        place: Place,
        /// The file
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List them, with the number of packages that need each
    List {
        #[command(flatten)]
        place: Place,
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Make one, or take one from a file, and print its name
    Add {
        #[command(flatten)]
        place: Place,
        /// The key file to take; without it a fresh key is made
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// What seals it, instead of what keys.seal says
        #[arg(long, value_name = "KIND")]
        seal: Option<Seal>,
    },
    /// Have one wrap the keys of new packages
    Activate {
        #[command(flatten)]
        place: Place,
        /// The key
        id: String,
    },
    /// Move all packages to the active one
    Rotate {
        #[command(flatten)]
        place: Place,
        /// Stop it instead, wherever it is: what has moved stays moved
        #[arg(long)]
        stop: bool,
    },
    /// Take one off the list that nothing needs
    Remove {
        #[command(flatten)]
        place: Place,
        /// The key
        id: String,
    },
    /// Seal all of them by a password into a new file
    Export {
        #[command(flatten)]
        place: Place,
        /// The file
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// A file with the password on its first line; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// Put sealed ones where the server looks for them
    Import {
        #[command(flatten)]
        place: Place,
        /// The file
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// A file with the password on its first line; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// What seals them in their place, instead of what keys.seal says
        #[arg(long, value_name = "KIND")]
        seal: Option<Seal>,
    },
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub place: Place,
    /// Look from outside instead, from any machine: name, certificate, proxy
    #[arg(long, value_name = "URL", conflicts_with_all = ["data_dir", "config"])]
    pub url: Option<String>,
    /// From outside: where plain HTTP is answered
    #[arg(long, value_name = "PORT", default_value_t = 80, requires = "url")]
    pub http_port: u16,
    /// As a JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    pub place: Place,
    /// A folder that is empty or does not exist
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
    /// Hard links in the place of copies; the folder must be in the same file system
    #[arg(long)]
    pub link: bool,
    /// Seal the keys by a password into this file, which must not be kept with the backup
    #[arg(long, value_name = "FILE", requires = "password_file")]
    pub with_keys: Option<PathBuf>,
    /// A file with that password on its first line; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    pub place: Place,
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
    /// A file of sealed keys, which are put in their place first
    #[arg(long, value_name = "FILE", requires = "password_file")]
    pub keys: Option<PathBuf>,
    /// A file with the password of the sealed keys on its first line; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
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
pub enum Broker {
    /// Make the topics that are missing
    Setup(Place),
}

#[derive(Debug, Subcommand)]
pub enum Storage {
    /// Copy the files to the other store; repeat it until the server is stopped, then once with --final
    Migrate {
        #[command(flatten)]
        place: Place,
        /// Where to
        #[arg(long, value_enum)]
        to: Store,
        /// Copy unfinished uploads too: the last pass, while no server runs
        #[arg(long = "final", conflicts_with = "verify")]
        last: bool,
        /// Copy nothing; compare every file of both stores, byte by byte
        #[arg(long)]
        verify: bool,
    },
}

/// Where files can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Seal {
    /// Nothing: the file alone opens what is stored
    None,
    /// The Transit engine of Vault or OpenBao
    Vault,
    /// AWS KMS
    AwsKms,
    /// A token behind a PKCS#11 library
    Pkcs11,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The folder `blobs` of the data directory
    Local,
    /// The bucket of the configuration
    S3,
}

#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// Say whether it is right
    Check(Place),
    /// Print what is in force, without secrets
    Show(Place),
    /// Print the commented defaults
    Default,
    /// Print what a firewall must let in and out
    Firewall {
        #[command(flatten)]
        place: Place,
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
#[path = "cli/tests.rs"]
mod tests;
