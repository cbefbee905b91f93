//! Decryption, for content that a password opens.
//!
//! Old and weak methods are among them: what matters here is to read what others wrote.

mod aes;
mod rc4;

pub use aes::{BLOCK, Blocks, Counter, KEY_LENGTHS, encrypt_chained};
pub use rc4::Rc4;

use crate::stream::Fault;

/// What can't happen with keys and pieces of the right length.
const FAILED: Fault = Fault::Damaged("decryption-failed");
