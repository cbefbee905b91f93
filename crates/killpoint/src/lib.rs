//! Named points at which a debug build ends itself as `kill -9` would, so that tests can hit each step of an upload.
//!
//! A process that was given a file by `arm` looks into it at each point. If the file names that point, it is renamed
//! to `….hit`, which proves that the point was reached and lets it happen only once, and the process is gone; with `stop`
//! before the name it stands still until it is told to go on. A release build has nothing of this.
#![deny(missing_docs)]

#[cfg(debug_assertions)]
mod armed;

#[cfg(debug_assertions)]
pub use armed::arm;

/// Ends or stops the process here if a test asks for it.
#[inline]
pub fn reach(point: &'static str) {
    #[cfg(debug_assertions)]
    armed::reach(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}
