//! Searches objects by YARA rules that administrators upload (see `docs/adr/010-yara.md`).
//!
//! The work runs in a child process (`sofie yara-scan`) that gives up every right before it reads the first rule, as
//! the inspector does. Rules come from the caller, objects from the inspector as it unpacks them, and one
//! [`protocol::Answer`] goes out. Compiled rules are interpreted: the jail lets no memory become code.
#![deny(missing_docs)]

pub mod child;
mod compile;
pub mod protocol;
mod scan;

#[doc(hidden)]
pub use child::converse;
pub use protocol::{Answer, AnswerError, Header, Match, Report, RuleError, RuleSet, Severity};
