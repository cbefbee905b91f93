//! Containers of Unix: ar (and with it Debian packages), cpio, RPM packages.

mod ar;
mod cpio;
mod rpm;

pub use ar::walk as ar;
pub use cpio::walk as cpio;
pub use rpm::walk as rpm;
