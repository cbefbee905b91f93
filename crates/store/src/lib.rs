//! The database: one file per noun, functions that take a unit of work ([`Tx`]) and speak domain types.
//!
//! Rules of the house: every statement is a literal with binds; a state change, its audit entry and its
//! job are written in one [`Tx`]; columns that tell about people's words are sealed by the
//! [`ColumnCipher`] before they reach the database.

pub mod administrators;
pub mod announcements;
pub mod audit;
pub mod condition;
pub mod dashboard;
pub mod doomed_blobs;
pub mod downloads;
pub mod due;
pub mod dump;
pub mod engine_states;
pub mod engines;
pub mod exceptions;
pub mod files;
pub mod grants;
pub mod groups;
pub mod guest_codes;
pub mod instance;
pub mod integrity;
pub mod integrity_runs;
pub mod jobs;
pub mod keks;
pub mod known;
pub mod licences;
pub mod listed_hashes;
pub mod mails;
pub mod measures;
pub mod objects;
pub mod outcomes;
pub mod package_keys;
pub mod packages;
pub mod rate_limits;
pub mod recipients;
pub mod requests;
pub mod rounds;
pub mod rule_sets;
pub mod schedule;
pub mod secret_links;
pub mod sessions;
pub mod settings;
pub mod tickets;
pub mod tokens;
pub mod tracking;
pub mod trials;
pub mod users;
pub mod verdicts;
pub mod visitors;

pub mod checks;
mod cipher;
pub mod cluster;
mod conn;
mod connect;
mod database;
mod error;
mod page;
mod pool;
pub mod roles;
mod row;
pub mod schema;
pub mod transfer;

pub use cipher::{CipherError, ColumnCipher, NoCipher};
pub use connect::{ConnectOptions, Protection};
pub use database::{Database, Tx};
pub use error::Error;
pub use page::{Cursor, InvalidCursor, Page};

/// The result of a query.
pub type Result<T> = std::result::Result<T, Error>;
