//! Looks inside files: real types, containers, encrypted content, known test content.
//!
//! The work runs in a child process (`sofie inspect`) that gives up every right before it
//! reads the first byte: no network, no files, no new processes, bounded memory
//! (see `docs/adr/005-inspector-jail.md`). The file comes in through standard input and one
//! [`Report`] goes out through standard output; [`protocol`] holds both ends of the wire.
//!
//! Memory does not depend on the file's size: containers are read as streams, once; what must be
//! read out of order is asked for again or kept within a budget.
#![deny(missing_docs)]

mod bridge;
mod cab;
pub mod child;
mod content;
mod crypt;
mod dlp;
mod findings;
#[doc(hidden)]
pub mod fuzzing;
mod gzip;
mod inflate;
mod iso;
pub mod jail;
mod kinds;
mod limits;
mod links;
mod mail;
mod names;
mod office;
mod pack;
mod passwords;
mod pe;
pub mod protocol;
mod rar;
mod report;
mod sealed_pdf;
mod seek;
mod sevenz;
pub mod shown;
mod stream;
mod tar;
mod unix;
mod walk;
mod watch;
mod zip;

pub use dlp::{Detector, Dlp, DlpError};
pub use limits::Limits;
pub use passwords::{Passwords, PasswordsError};
pub use report::{
    Category, Engine, Finding, How, JailState, Landlock, Level, Limit, Object, Outcome, Report,
};
pub use walk::{inspect, inspect_with};
pub use watch::eicar;
