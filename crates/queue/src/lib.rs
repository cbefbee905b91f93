//! Durable jobs: the database is the truth, everything else is a bell.
//!
//! A [`Job`] is a payload of ids with a `run`. Somebody else writes its row (an [`Envelope`]) in the same
//! transaction as the state change that asks for it. A [`Runner`] claims rows from a [`JobStore`] under a lease,
//! keeps the lease alive while the job runs, and records what came of it. A claim is fenced by its attempt
//! number: whoever lost the lease can no longer write a result.
//!
//! Jobs run **at least once**, so each must be harmless when repeated. A job that must take effect exactly once
//! finishes its own row in the transaction of its effect, by [`Run::claim`], and returns [`Done::AlreadyFinished`].
//!
//! [`Schedule`] turns time into ticks: pure functions, whose tick time is the unique key of the row to enqueue.

mod backoff;
#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod execute;
mod job;
pub mod kafka;
#[cfg(any(test, feature = "test-util"))]
mod memory;
mod meters;
mod registry;
mod runner;
mod schedule;
#[cfg(test)]
mod simulation;
mod store;
mod waker;

pub use backoff::backoff;
pub use job::{Done, Envelope, Job, JobError, Run};
#[cfg(any(test, feature = "test-util"))]
pub use memory::MemoryJobs;
pub use registry::Registry;
pub use runner::{Queue, Runner, Settings};
pub use schedule::{Every, Schedule, Task};
pub use store::{Claim, Claimed, JobStore, Notice, StoreError};
pub use waker::Waker;
