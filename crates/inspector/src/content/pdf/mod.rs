//! PDF (ISO 32000-1): the streams of its objects, unpacked, and what its dictionaries say.
//!
//! The file is read from front to back, not by its table of objects: whatever a reader could reach
//! is looked at, and also what none reaches. The text between streams, and packed objects, are
//! searched for actions; a stream that is a file is walked as one.

mod dictionary;
mod filters;
mod lzw;
mod marks;
mod predictor;
mod raw;
mod walk;

pub use walk::walk;
