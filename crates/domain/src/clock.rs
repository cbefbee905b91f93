//! Time as an argument.

use chrono::{DateTime, Utc};

/// Tells the time; frozen in tests.
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// Returns the present moment in UTC.
    fn now(&self) -> DateTime<Utc>;
}
