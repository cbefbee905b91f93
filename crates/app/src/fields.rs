//! Checking the fields of an input together, so that a form learns of all its faults at once.

use std::str::FromStr;

use sofie_domain::{EmailAddress, InvalidText, PersonName};

use crate::{Error, FieldError, Result};

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    /// Notes that a field is wrong.
    pub fn wrong(&mut self, field: &'static str, code: &'static str) {
        self.0.push(FieldError::new(field, code));
    }

    /// Reads an address.
    pub fn email(&mut self, field: &'static str, text: &str) -> Option<EmailAddress> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let empty = text.trim().is_empty();
            self.wrong(field, if empty { "required" } else { "invalid" });
        }
        parsed
    }

    /// Reads a person's name.
    pub fn name(&mut self, field: &'static str, text: &str) -> Option<String> {
        match PersonName::parse(text) {
            Ok(name) => Some(name.as_str().to_owned()),
            Err(error) => {
                self.wrong(field, text_code(error));
                None
            }
        }
    }

    /// Fails if anything is wrong.
    pub fn done(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

/// Returns the word for a text that does not fit.
pub(crate) fn text_code(error: InvalidText) -> &'static str {
    match error {
        InvalidText::Empty => "required",
        InvalidText::TooLong { .. } => "too_long",
        InvalidText::Control => "invalid",
    }
}

/// Reads permissions from their words.
pub(crate) fn permissions<P: FromStr>(words: &[String]) -> Result<Vec<P>> {
    let found: std::result::Result<Vec<P>, _> = words.iter().map(|word| word.parse()).collect();
    found.map_err(|_| Error::invalid("permissions", "not_allowed"))
}
