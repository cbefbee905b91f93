//! The vault from outside: uploads, crashes, tampering, and agreement with an independent reader.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "tests may fail loudly, and their numbers are small"
)]

mod common;
mod crash;
mod disk;
mod moving;
mod python;
mod tamper;
mod upload;
