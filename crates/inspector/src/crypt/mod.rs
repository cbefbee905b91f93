//! Decryption, for content that a password opens.
//!
//! Old and weak methods are among them: what matters here is to read what others wrote.

mod aes;

pub use aes::{BLOCK, Blocks, Counter, KEY_LENGTHS};

use crate::stream::Fault;

/// What can't happen with keys and pieces of the right length.
const FAILED: Fault = Fault::Damaged("decryption-failed");
