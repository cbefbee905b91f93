//! The HTTP door against a real database: one file per group of routes.

mod access;
mod session;
mod packages;
mod uploads;
mod checks;
mod jobs;
mod quarantine;
mod schedule;
mod fixture;
mod account;
mod administration;
mod door;
mod setup;
mod tokens;
