//! Chance for secrets, from AWS-LC's generator only.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// Fills a buffer with random bytes.
///
/// # Panics
/// Never: AWS-LC ends the process itself when the system gives no randomness.
pub fn fill(buffer: &mut [u8]) {
    SystemRandom::new()
        .fill(buffer)
        .expect("AWS-LC does not return without randomness");
}

/// Returns `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Returns a number from 0 up to, without, `bound`, each equally likely.
///
/// # Panics
/// When `bound` is 0.
pub fn below(bound: u32) -> u32 {
    assert!(bound > 0, "there is no number below 0");
    // Numbers from the incomplete last round of `bound` would be likelier than others.
    let rounds_end = u32::MAX - u32::MAX % bound;
    loop {
        let number = u32::from_le_bytes(bytes());
        if number < rounds_end {
            return number % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_hundred_thousand_draws_do_not_repeat() {
        let drawn: HashSet<[u8; 16]> = (0..100_000).map(|_| bytes()).collect();
        assert_eq!(drawn.len(), 100_000);
    }

    #[test]
    fn bits_are_balanced() {
        let ones: u32 = bytes::<125_000>()
            .iter()
            .map(|byte| byte.count_ones())
            .sum();
        // A million fair bits: six standard deviations are 3000.
        assert!((497_000..503_000).contains(&ones), "{ones}");
    }

    #[test]
    fn below_reaches_every_number_and_stays_below() {
        let drawn: HashSet<u32> = (0..2_000).map(|_| below(10)).collect();
        assert_eq!(drawn, (0..10).collect());
        assert_eq!(below(1), 0);
    }
}
