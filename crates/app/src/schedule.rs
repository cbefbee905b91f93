//! Everything that happens again and again.
//!
//! One process leads, by a lease in the database; the others wait for it to die. The leader turns time into
//! ticks, and each tick, once, into a [`Maintain`](crate::jobs::Maintain) job. The work itself takes no input:
//! it looks for what is due and does it, so a tick that is lost or doubled changes nothing.

mod blobs;
mod lives;
mod reminders;
mod rescans;
mod sweeps;
mod tasks;
mod ticker;

pub use tasks::{Task, run_task};
pub use ticker::Scheduler;
