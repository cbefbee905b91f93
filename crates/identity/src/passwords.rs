//! Passwords: how they are hashed, and which are good enough.

mod hashing;
mod leaked;
mod policy;
mod sealing;
mod words;

pub use hashing::{HashError, Params, ParamsError, Passwords, Verified};
pub use policy::{PasswordPolicy, PasswordProblem};
pub use sealing::sealing_key;

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Returns the password as it is counted and hashed.
///
/// Keyboards and systems write the same visible text in different code points; the composed form (NFC) is the one
/// that NIST SP 800-63B-4 asks for. Nothing else is changed: no trimming, no cutting, no change of case.
fn normalised(password: &SecretString) -> Zeroizing<String> {
    let plain = password.expose_secret();
    // Room for the growth of NFC (at most threefold, UAX #15), so that no unwiped copy is left by reallocation.
    let mut text = Zeroizing::new(String::with_capacity(plain.len() * 3));
    text.extend(plain.nfc());
    text
}
