//! The inspector, run as a child process per file.

mod child;
mod rows;

pub use child::{Contents, Inspection, Inspector};
pub(crate) use rows::answer;
pub use rows::descriptors;
