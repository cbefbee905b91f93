//! Reading no faster than is allowed, so that users hardly notice.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How fast bytes may be read, by everybody who shares it.
#[derive(Debug)]
pub struct Pace {
    /// Nothing is as fast as it goes.
    per_second: Option<u64>,
    begun: Instant,
    spent: AtomicU64,
}

impl Pace {
    /// So many MiB in a second; none is as many as it can.
    #[must_use]
    pub fn mib_per_second(most: u64) -> Self {
        Self {
            per_second: (most > 0).then(|| most.saturating_mul(1 << 20)),
            begun: Instant::now(),
            spent: AtomicU64::new(0),
        }
    }

    /// Says that so many bytes were read, and waits until that is not too fast.
    pub(super) async fn spend(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let spent = self.spent.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(per_second) = self.per_second {
            let millis = u128::from(spent) * 1000 / u128::from(per_second);
            let millis = u64::try_from(millis).unwrap_or(u64::MAX);
            sleep_until(self.begun + Duration::from_millis(millis)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_read_takes_its_time() {
        let pace = Pace::mib_per_second(2);
        for _ in 0..10 {
            pace.spend(1 << 20).await;
        }
        assert_eq!(pace.begun.elapsed().as_secs(), 5);
        let free = Pace::mib_per_second(0);
        free.spend(usize::MAX >> 1).await;
        assert_eq!(free.begun.elapsed(), Duration::ZERO);
    }
}
