//! tar: POSIX ustar and pax, and GNU's long names (POSIX.1-2017 `pax`, GNU tar manual).

mod header;
mod pax;
mod walk;

pub use header::looks_like;
pub use walk::walk;
