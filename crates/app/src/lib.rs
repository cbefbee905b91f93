//! What the program does: one module per noun, free of HTTP and of SQL.
//!
//! Every use case takes the [`App`] (its collaborators) and a [`Context`] (who asks, from where, when), checks
//! rights, and writes the state change, its audit entry and the jobs that follow in one transaction. HTTP
//! handlers, jobs and the command line are three doors into these rooms.

pub mod administrators;
pub mod approvals;
pub mod audit;
pub mod backup;
pub mod checks;
pub mod dashboard;
pub mod downloads;
pub mod engines;
pub mod exceptions;
pub mod groups;
pub mod guests;
pub mod hashes;
pub mod health;
pub mod instance;
pub mod integrity;
pub mod jobs;
pub mod keys;
pub mod licences;
pub mod limits;
pub mod notices;
pub mod outbox;
pub mod packages;
pub mod passwords;
pub mod policy;
pub mod quarantine;
pub mod requests;
pub mod rule_sets;
pub mod schedule;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod tokens;
pub mod tracking;
pub mod uploads;
pub mod users;
pub mod visits;
pub mod zips;

mod changes;
mod context;
mod error;
mod fields;
mod mailed_codes;
pub mod measures;
mod parts;
mod viewers;
mod warnings;

pub use changes::{Change, Changes};
pub use context::Context;
pub use error::{Error, FieldError};
pub use parts::{App, Parts};
pub use sofie_identity::PlainToken;
pub use sofie_store::{Cursor, InvalidCursor, Page};
pub use sofie_store::{downloads::Download, mails::Mail};

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;
