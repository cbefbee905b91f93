//! How long to wait before trying again.

use std::time::Duration;

use uuid::Uuid;

const FIRST: Duration = Duration::from_secs(2);
const SHORTEST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_mins(15);

/// Returns how long to wait after the failure of `attempt` (counted from 1).
///
/// The bound doubles from 2 s with each attempt, up to `longest` and never more than 15 minutes; the wait is spread evenly between 1 s and the
/// bound. Chance is drawn from the job's id, so the same failure always waits equally long and jobs that failed
/// together don't come back together.
pub fn backoff(id: Uuid, attempt: u32, longest: Duration) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let bound = FIRST.saturating_mul(1 << doublings);
    let bound = bound.min(longest).min(LONGEST).max(SHORTEST);
    let (high, low) = id.as_u64_pair();
    spread(
        high ^ low.rotate_left(17) ^ u64::from(attempt),
        SHORTEST,
        bound,
    )
}

/// Picks a duration between `from` and `to` by `seed`.
pub(crate) fn spread(seed: u64, from: Duration, to: Duration) -> Duration {
    let room = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(u64::MAX - 1);
    from + Duration::from_millis(mix(seed) % (room + 1))
}

/// Scatters neighbouring numbers over all of `u64` (the finaliser of SplitMix64, Steele et al., OOPSLA 2014).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stays_within_its_bounds(id: u128, attempt: u32) {
            let wait = backoff(Uuid::from_u128(id), attempt, LONGEST);
            prop_assert!((SHORTEST..=LONGEST).contains(&wait));
            let soon = backoff(Uuid::from_u128(id), attempt, FIRST);
            prop_assert!((SHORTEST..=FIRST).contains(&soon));
        }
    }

    #[test]
    fn grows_with_attempts_and_differs_between_jobs() {
        let mean = |attempt| {
            (0..500_u128)
                .map(|id| backoff(Uuid::from_u128(id), attempt, LONGEST))
                .sum::<Duration>()
                / 500
        };
        assert!(mean(1) < Duration::from_secs(2));
        assert!(mean(5) > mean(3) && mean(3) > mean(2));
        assert!(mean(30) > Duration::from_mins(6) && mean(30) < Duration::from_mins(9));
        assert_ne!(
            backoff(Uuid::from_u128(1), 9, LONGEST),
            backoff(Uuid::from_u128(2), 9, LONGEST)
        );
    }
}
