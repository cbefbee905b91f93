//! The detection engines of this installation: which there are, and whether their word counts (DET-1).
//!
//! The internal engines are part of the product. The others are rows of the table `engines`, which
//! administrators change while files are checked; a local clamd gets its row by itself.
//!
//! An engine is listened to only after it has proved, by a self-test, that it finds the test file and
//! passes a clean one. Until then, and whenever it fails a test, its silence counts as an error: a package
//! waits for it, and is held back if it does not come in time.

mod adopt;
mod catalogue;
mod change;
mod input;
mod states;
mod table;
mod trust;
mod views;

#[cfg(feature = "test-util")]
pub use catalogue::look_again;
pub(crate) use catalogue::{Configured, enabled, rules};
pub use catalogue::{Engines, INTERNAL, no_antivirus};
pub use change::{change, create, order, remove};
pub use input::Input;
pub use sofie_detection::{Field, Kind, Refusal, TypeMode, Types};
pub use sofie_store::engine_states::Change;
pub(crate) use states::test_rules;
pub use states::{self_test, test_all};
pub(crate) use trust::{doubt, inspector_trusted, trusted};
pub use views::{EngineView, Probe, SetupView, history, kinds, list};
