//! The routes under `/api/v1`, one module per noun.

pub mod instance;
pub mod session;
pub mod files;
pub mod packages;
pub mod uploads;
pub mod admin_dashboard;
pub mod admin_outbox;
pub mod content;
pub mod events;
pub mod guest;
pub mod lists;
pub mod requests;
pub mod tracking;
pub mod visits;
