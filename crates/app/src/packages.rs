//! Packages: from the draft to the recycle bin.

mod load;

pub use load::{Loaded, load, lock};
