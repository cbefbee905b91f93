//! The HTTP door against a real database: one file per group of routes.

#![expect(clippy::unwrap_used, reason = "a test ends by a panic")]

mod access;
mod account;
mod administration;
mod approvals;
mod backup;
mod checks;
mod costs;
mod dlp;
mod door;
mod engines;
mod events;
mod exceptions;
mod file_passwords;
mod fixture;
mod groups;
mod integrity;
mod jobs;
mod keys;
mod known;
mod licences;
mod notices;
mod outside;
mod packages;
mod policy;
mod proof;
mod quarantine;
mod recall;
mod roles;
mod rule_sets;
mod sandboxes;
mod schedule;
mod schema;
mod session;
mod setup;
mod silence;
mod tokens;
mod uploads;
mod visits;
