//! The inspector, run as a child process per file.

mod child;
mod listen;
mod program;
mod rows;
mod yara;

pub use child::{Contents, Inspection, Inspector};
pub use program::Programs;
pub(crate) use rows::answer;
pub use rows::descriptors;
pub use yara::{Failure as YaraFailure, ID as YARA, Yara};
