//! How long to go on without any progress.

use std::time::{Duration, Instant};

use crate::{Error, Progress, Result};

const FIRST: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(10);
/// A network that is away for longer ends the command; what was sent stays, and the next run goes on.
const PATIENCE: Duration = Duration::from_mins(5);

/// Waits longer and longer between tries, and gives up when nothing has moved for minutes.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    since: Option<Instant>,
}

impl Backoff {
    pub fn new() -> Self {
        Self {
            next: FIRST,
            since: None,
        }
    }

    /// Begins anew, because something moved.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Waits before the next try; returns the error when there is to be none.
    pub async fn wait(&mut self, error: Error, progress: &dyn Progress) -> Result<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if !error.is_passing() || since.elapsed() > PATIENCE {
            return Err(error);
        }
        let asked = match &error {
            Error::Unavailable(problem) => problem.retry_after.map(Duration::from_secs),
            _ => None,
        };
        let wait = asked.unwrap_or(self.next).clamp(FIRST, PATIENCE);
        progress.note(&format!("{error}; trying again"));
        tokio::time::sleep(wait).await;
        self.next = (self.next * 2).min(LONGEST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Silent, wire::Problem};

    #[tokio::test]
    async fn only_what_passes_is_waited_for() {
        let mut backoff = Backoff::new();
        assert!(backoff.wait(Error::Stalled, &Silent).await.is_ok());
        assert!(backoff.wait(Error::NotFound, &Silent).await.is_err());
        let full = Problem {
            code: "no_space".to_owned(),
            ..Problem::unknown(507)
        };
        let full = Error::Unavailable(Box::new(full));
        assert!(backoff.wait(full, &Silent).await.is_err());
    }
}
