use chrono::{DateTime, Utc};
use sofie_domain::Clock;

/// The time of the system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the time comes in"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
