//! Not more questions than were paid for.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

const MINUTE: Duration = Duration::from_mins(1);

/// So many questions a minute, and as many at once after a pause.
#[derive(Debug)]
pub(super) struct Rate {
    each: Duration,
    /// When all that was asked would be over at an even pace; none if nothing was.
    over: Mutex<Option<Instant>>,
}

impl Rate {
    pub(super) fn new(a_minute: NonZeroU32) -> Self {
        Self {
            each: MINUTE / a_minute.get(),
            over: Mutex::new(None),
        }
    }

    /// Waits until a question may be asked; none that would have to wait beyond `until`.
    pub(super) async fn may_ask(&self, until: Instant) -> bool {
        let Some(at) = self.book(until) else {
            return false;
        };
        sleep_until(at).await;
        true
    }

    /// Nothing more for a while: the other side has counted more than we did.
    pub(super) fn pause(&self) {
        self.set(Instant::now() + MINUTE + MINUTE.saturating_sub(self.each));
    }

    fn book(&self, until: Instant) -> Option<Instant> {
        let now = Instant::now();
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        let next = over.unwrap_or(now).max(now) + self.each;
        // A whole minute of them may be asked at once.
        let at = next.checked_sub(MINUTE).unwrap_or(now).max(now);
        if at > until {
            return None;
        }
        *over = Some(next);
        Some(at)
    }

    fn set(&self, over: Instant) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = Some(over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(a_minute: u32) -> Rate {
        Rate::new(NonZeroU32::new(a_minute).unwrap())
    }

    async fn ask(rate: &Rate, patience: u64) -> Option<Duration> {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(patience);
        rate.may_ask(until).await.then(|| begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_minutes_worth_at_once_and_then_an_even_pace() {
        let rate = rate(4);
        for _ in 0..4 {
            assert_eq!(ask(&rate, 0).await, Some(Duration::ZERO));
        }
        assert_eq!(ask(&rate, 14).await, None);
        let waited = ask(&rate, 20).await.unwrap();
        assert!(waited.as_secs_f64() - 15.0 < 0.1 && waited >= Duration::from_secs(15));
        tokio::time::advance(Duration::from_mins(5)).await;
        for _ in 0..4 {
            assert_eq!(ask(&rate, 0).await, Some(Duration::ZERO));
        }
        assert_eq!(ask(&rate, 0).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_pauses_for_a_minute() {
        let rate = rate(4);
        rate.pause();
        assert_eq!(ask(&rate, 59).await, None);
        tokio::time::advance(MINUTE).await;
        assert!(ask(&rate, 1).await.is_some());
    }
}
