//! Asking again and again for what takes a while.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Failure;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(5);

/// When to ask again: soon at first, since most files take little, then less and less often.
#[derive(Debug)]
pub(crate) struct Pace {
    until: Instant,
    wait: Duration,
}

impl Pace {
    /// A pace that ends after `time`.
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
            wait: FIRST,
        }
    }

    /// Waits until it is time to ask again.
    ///
    /// # Errors
    /// When the time is over.
    pub(crate) async fn next(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if now >= self.until {
            return Err(Failure::Late("no verdict"));
        }
        sleep_until(self.until.min(now + self.wait)).await;
        self.wait = (self.wait * 2).min(LONGEST);
        Ok(())
    }
}
