//! The routes under `/api/v1`, one module per noun.

pub mod account;
pub mod admin_administrators;
pub mod admin_audit;
pub mod admin_dashboard;
pub mod admin_engines;
pub mod admin_jobs;
pub mod admin_outbox;
pub mod admin_packages;
pub mod admin_policy;
pub mod admin_session;
pub mod admin_settings;
pub mod admin_users;
pub mod content;
pub mod events;
pub mod files;
pub mod guest;
pub mod instance;
pub mod lists;
pub mod packages;
pub mod requests;
pub mod session;
pub mod setup;
pub mod tokens;
pub mod tracking;
pub mod uploads;
pub mod visits;
