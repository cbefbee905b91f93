//! The routes under `/api/v1`, one module per noun.

pub mod instance;
pub mod session;
