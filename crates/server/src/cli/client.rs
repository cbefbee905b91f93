//! What the commands of senders and recipients take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Which server, and on whose behalf.
#[derive(Debug, Args)]
pub struct At {
    /// The address of the server, such as https://files.example.org
    #[arg(long, value_name = "URL", env = "SOFIE_SERVER")]
    pub server: String,
    /// An API token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOFIE_TOKEN",
        hide_env_values = true
    )]
    pub token: String,
}

#[derive(Debug, Args)]
pub struct Send {
    /// Files and folders; folders keep their structure
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub at: At,
    /// A recipient's address; once for each, or several with commas
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub to: Vec<String>,
    /// The title
    #[arg(long)]
    pub title: Option<String>,
    /// A note to the recipients
    #[arg(long)]
    pub note: Option<String>,
    /// A password that whoever fetches must know
    #[arg(long, env = "SOFIE_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// For how long the package can be fetched, such as 14d
    #[arg(long, value_name = "DAYS")]
    pub expires: Option<String>,
    /// Who may fetch it
    #[arg(long = "type", value_enum)]
    pub kind: Option<Kind>,
    /// Return only when the verdict is final
    #[arg(long)]
    pub wait: bool,
    /// Print what became of it as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Who may fetch a package.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Its recipients, after proving who they are
    Private,
    /// Every user who has the link
    Internal,
    /// Everybody who has the link
    Public,
}

#[derive(Debug, Args)]
pub struct Status {
    /// The package, as `send` printed it
    pub id: String,
    #[command(flatten)]
    pub at: At,
    /// As one line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Get {
    /// The link
    pub link: String,
    /// The code that the first call had mailed
    #[arg(long)]
    pub code: Option<String>,
    /// The package's password
    #[arg(long, env = "SOFIE_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// An API token, for internal packages
    #[arg(long, env = "SOFIE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The folder to fetch into
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
    /// Replace files of the same names
    #[arg(long)]
    pub force: bool,
    /// Print what was fetched as one line of JSON
    #[arg(long)]
    pub json: bool,
}
