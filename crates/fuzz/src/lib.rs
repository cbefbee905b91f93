//! One target per parser and format: any bytes go in, and what must always hold is asserted.
//!
//! The bodies live here once. `tests/smoke.rs` runs each of them for two seconds over mutated seeds in every
//! `make test`; `fuzz/` drives the same bodies with libFuzzer (`make fuzz`). Seeds are made by code.

mod input;
mod mutate;
mod samples;
mod target;
mod targets;

pub use mutate::Mutator;
pub use target::{TARGETS, Target, find};
