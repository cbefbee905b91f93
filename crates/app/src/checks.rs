//! The checks of a package: every file is read once and shown to all engines, the policy decides about each,
//! and the package is delivered or held back (DET-2, DET-16, DET-18).
//!
//! Nothing here is ever clean by default. An engine that does not answer makes the package wait, and what is
//! not settled when the time is over is *unscannable*. What was delivered is looked at again when engines know more,
//! and taken back if they find something. A check may be killed at any moment: whoever repeats it
//! finds the settled files settled and begins the others anew.

mod afterwards;
mod examine;
mod file;
mod known;
mod later;
mod package;
mod queue;
mod rescan;
mod slice;
mod translate;

pub(crate) use afterwards::{hear_late, recall_listed};
pub(crate) use package::{activate, check_again, deliverable};
pub use queue::{Waiting, list, stop};
pub(crate) use rescan::{due_before, look_when_fetched, rescan};
pub(crate) use slice::{check_with_password, run};
