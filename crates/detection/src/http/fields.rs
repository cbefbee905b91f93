//! What the configurations of servers have in common.

use std::fmt::Write as _;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::address;
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

/// What the field with the servers holds.
pub(crate) fn servers(config: &Config) -> Result<Vec<Url>, Fault> {
    let servers = config
        .list("addresses")
        .map(|text| address(text).ok_or(Fault::invalid("addresses")));
    servers.collect()
}

/// The same of a kind that is at one place only: a file that one server has is not known to another.
pub(crate) fn server(config: &Config) -> Result<Url, Fault> {
    let mut servers = servers(config)?;
    match (servers.pop(), servers.is_empty()) {
        (Some(server), true) => Ok(server),
        _ => Err(Fault::invalid("addresses")),
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
