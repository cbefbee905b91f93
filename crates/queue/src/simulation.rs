//! Queue, leases, announcements and clock together, with everything going wrong, from a seed (P8, P28).
//!
//! Some processes, each a real [`Runner`](crate::Runner) with a line of its own to one store, on tokio's paused clock.
//! Lines break before and after a statement took effect, processes freeze, die and stop, announcements are lost, come
//! twice, late and in any order. What the store does is compared with a model at every step; in the end each row must
//! have come to the end that its job was made for, and what may happen once must have happened once.
//!
//! `SOFIE_SIMULATIONS` is how many seeds are tried, `SOFIE_SEED` the first of them. A seed repeats its dice; which of
//! several things that happen at the same instant comes first may differ.

mod line;
mod process;
mod world;

use world::World;

/// How many seeds are tried when nobody says so.
const USUAL: u64 = 100;

/// Dice that fall the same way for the same seed (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..sides`.
    fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides
    }

    /// One of the places of a list that is not empty.
    fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("a place in a list")
    }

    /// Whether something happens that happens once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    Some(text.to_str()?.parse().expect("a number"))
}

#[test]
fn nothing_is_lost_or_done_twice_whatever_goes_wrong() {
    let first = setting("SOFIE_SEED").unwrap_or(1);
    let count = setting("SOFIE_SIMULATIONS").unwrap_or(USUAL);
    let mut rows = 0;
    let mut faults = 0;
    for seed in first..first + count {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let outcome = std::panic::catch_unwind(|| runtime.block_on(World::new(seed).live()));
        match outcome {
            Ok(seen) => {
                rows += seen.rows;
                faults += seen.faults;
            }
            Err(panic) => {
                println!("the seed is {seed}: SOFIE_SIMULATIONS=1 SOFIE_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{count} seeds from {first}: {rows} rows, {faults} faults");
    assert!(faults > rows / 10, "hardly anything went wrong");
}
