//! Data loss prevention: sensitive data in the text of every object (`docs/manual/dlp.md`).
//!
//! Text is taken out of what streams by ([`extract`]), searched window by window
//! ([`scan`]), and counted over the whole file ([`tally`]). What is kept of a match is its mask.

mod config;
mod extract;
mod luhn;
mod numbers;
mod people;
mod rtf;
mod rules;
mod scan;
mod tally;
#[cfg(test)]
mod tests;
mod words;

pub use config::{Detector, Dlp, DlpError};
pub use extract::form;
pub use rules::Rules;
pub use scan::Reader;
pub use tally::Tally;
