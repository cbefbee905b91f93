//! Looks into documents: compound files with all their streams, PDF as it lies.

mod cfb;
mod compound;
mod package;
mod pdf;
mod rtf;
mod rtf_objects;
mod streams;

pub use cfb::Compound;
pub use compound::walk as compound;
pub use pdf::walk as pdf;
pub use rtf::unpack as unpack_rtf;
pub use rtf_objects::walk as rtf;
