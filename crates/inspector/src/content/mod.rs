//! Looks into formats that are read but not unpacked.

mod compound;
mod pdf;

pub use compound::walk as compound;
pub use pdf::walk as pdf;
