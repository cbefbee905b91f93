//! The detection engines of this installation: which there are, and whether their word counts (DET-1).
//!
//! An antivirus is listened to only after it has proved, by a self-test, that it finds the test file and
//! passes a clean one. Until then, and whenever it fails a test, its silence counts as an error: a package
//! waits for it, and is held back if it does not come in time.

mod address;
mod catalogue;
mod states;
mod trust;

pub use catalogue::{Engines, INTERNAL, antivirus, no_antivirus, policy};
pub use states::{EngineView, Probe, list, self_test, test_all};
pub(crate) use trust::{doubt, trusted};
