//! `sofie licence …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Place;

#[derive(Debug, Subcommand)]
pub enum Licence {
    /// Show the one that is installed, and how this installation stands to it
    Show {
        #[command(flatten)]
        place: Place,
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Install one in the place of the one that there is
    Install {
        #[command(flatten)]
        place: Place,
        /// The file with it; `-` is the standard input
        file: PathBuf,
    },
    /// Remove the one that is installed: the default edition needs none
    Remove(Place),
    /// For those who give licences: make a key that signs them, and print the one that checks them
    Keygen {
        /// The new file of the key, sealed by a password
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// A file with the password on its first line; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// For those who give licences: print one
    Issue(Issue),
    /// For those who give licences: print what a licence server answers when one is taken back
    Revoke {
        #[command(flatten)]
        key: SigningKey,
        /// The id of the licence
        id: String,
    },
}

/// The key that signs.
#[derive(Debug, Args)]
pub struct SigningKey {
    /// The file of the key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// A file with its password on its first line; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Issue {
    #[command(flatten)]
    pub key: SigningKey,
    /// To whom it is given
    #[arg(long)]
    pub holder: String,
    /// The day that it ends with, as 2027-12-31
    #[arg(long, value_name = "DATE")]
    pub expires: String,
    /// The most users; any number without it
    #[arg(long, value_name = "NUMBER")]
    pub users: Option<u64>,
    /// A host that it is for; may be given several times; any host without it
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// What is given
    #[arg(long, default_value = "standard", value_name = "WORD")]
    pub edition: String,
    /// The id of the licence that this one renews; without it a fresh one
    #[arg(long)]
    pub id: Option<String>,
}
