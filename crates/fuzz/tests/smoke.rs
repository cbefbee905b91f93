//! Every target over its seeds and what two seconds make of them. The same inputs every time, so that a failure
//! can be had again; `make fuzz` looks further.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use sofie_fuzz::{Mutator, TARGETS, Target};

const TIME: Duration = Duration::from_secs(2);
/// No machine goes beyond these, however fast: a failure is to come from a change, not from a quicker processor.
const INPUTS: u64 = 20_000;
/// Inputs that were worth keeping would need coverage to be known by; a few chance ones do instead.
const KEPT: usize = 200;

fn run(target: &Target, input: &[u8]) {
    let ended = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(
        ended.is_ok(),
        "{} fails for {}",
        target.name,
        hex::encode(input)
    );
}

fn smoke(target: &Target) -> u64 {
    let mut corpus = (target.seeds)();
    corpus.push(Vec::new());
    for seed in &corpus {
        run(target, seed);
    }
    let mut mutator = Mutator::new(1);
    let begun = Instant::now();
    let mut runs = corpus.len() as u64;
    while begun.elapsed() < TIME && runs < INPUTS {
        let input = mutator.next(&corpus);
        run(target, &input);
        runs += 1;
        if runs.is_multiple_of(50) && corpus.len() < KEPT {
            corpus.push(input);
        }
    }
    runs
}

#[test]
fn no_target_breaks_on_mutated_seeds() {
    for target in TARGETS {
        println!("{}: {} inputs", target.name, smoke(target));
    }
}
