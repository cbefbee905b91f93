//! What the configurations of servers have in common.

use std::fmt::Write as _;

use reqwest::header::HeaderValue;

use crate::config::{Config, Fault, Field, Holds};

/// The secret of a field as a header's value, which nothing prints.
pub(crate) fn secret(config: &Config, field: &'static str) -> Result<HeaderValue, Fault> {
    let value = HeaderValue::from_str(config.text(field));
    let mut value = value.map_err(|_| Fault::invalid(field))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The field with the servers.
pub(crate) const fn addresses(example: &'static str) -> Field {
    Field {
        name: "addresses",
        holds: Holds::List { example },
        required: true,
    }
}

/// The field with the certificates that servers are trusted by.
pub(crate) const CERTIFICATE: Field = Field {
    name: "certificate",
    holds: Holds::LongText,
    required: false,
};

/// A text as it may stand in a header, or in a part of an address.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // A string takes everything.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
