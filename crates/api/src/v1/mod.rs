//! The routes under `/api/v1`, one module per noun.

pub mod admin_dashboard;
pub mod admin_engines;
pub mod admin_jobs;
pub mod admin_outbox;
pub mod admin_packages;
pub mod content;
pub mod events;
pub mod files;
pub mod guest;
pub mod instance;
pub mod lists;
pub mod packages;
pub mod requests;
pub mod session;
pub mod tracking;
pub mod uploads;
pub mod visits;
