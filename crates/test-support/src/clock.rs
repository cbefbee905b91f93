//! A clock that stands still.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use sofie_domain::Clock;

/// Tells the time that the test says; it starts at noon of 2030-01-15.
#[derive(Debug)]
pub struct FrozenClock(Mutex<DateTime<Utc>>);

impl Default for FrozenClock {
    fn default() -> Self {
        let start = Utc.with_ymd_and_hms(2030, 1, 15, 12, 0, 0).single();
        Self(Mutex::new(start.expect("a real date")))
    }
}

impl FrozenClock {
    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
