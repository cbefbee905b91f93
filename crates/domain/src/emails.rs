//! E-mail addresses.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An address in its canonical form: the domain in ASCII and lower case, the local part as written but
/// compared without case (RFC 5321 §2.4 leaves the case of the local part to the receiver; every mailbox
/// provider of note ignores it, and two accounts that differ by case only would be a trap for people).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// What is special in the headers of a mail (RFC 5322 §3.2.3), but for the dot and the at sign.
const SPECIALS: &str = "()<>[]:;,\\\"";

/// The text is not an e-mail address that mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The longest address accepted, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// Returns the address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Returns the address with most of its local part hidden, fit to show to somebody who may not know it.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or(("", &self.0));
        let first: String = local.chars().take(1).collect();
        format!("{first}•••@{domain}")
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(InvalidEmail);
        }
        let parsed = email_address::EmailAddress::from_str(text).map_err(|_| InvalidEmail)?;
        let local = parsed.local_part();
        // Quoted local parts, comments and address literals: nobody has such a mailbox, and each is a trap for readers.
        let quoted = local.contains(|c: char| c.is_whitespace() || SPECIALS.contains(c));
        if quoted || parsed.domain().starts_with('[') {
            return Err(InvalidEmail);
        }
        let domain = idna::domain_to_ascii_strict(parsed.domain()).map_err(|_| InvalidEmail)?;
        let address = format!("{}@{domain}", local.to_lowercase());
        // Small letters of a capital may be characters that no address has.
        let still_one = email_address::EmailAddress::is_valid(&address);
        if address.len() > Self::MAX_BYTES || !still_one {
            return Err(InvalidEmail);
        }
        Ok(Self(address))
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_canonical() {
        let address: EmailAddress = " Eva.Novak@Firma-Žluť.CZ ".parse().unwrap();
        assert!(address.as_str().starts_with("eva.novak@xn--"));
        assert!(address.domain().starts_with("xn--"));
        assert_eq!(address.masked().chars().next(), Some('e'));
    }

    #[test]
    fn hostile_addresses_are_refused() {
        for text in [
            "",
            "a",
            "a@",
            "@b.cz",
            "a b@c.cz",
            "a@b.cz\r\nBcc: x@y.cz",
            "\"a b\"@c.cz",
            "a@[10.0.0.1]",
            "a@b..cz",
            "a@-b.cz",
            "a@b.cz, c@d.cz",
            "<a@b.cz>",
            "a@b\u{0}.cz",
            "evİa@b.cz",
        ] {
            assert!(
                text.parse::<EmailAddress>().is_err(),
                "{text:?} was accepted"
            );
        }
        let long = format!("{}@b.cz", "a".repeat(300));
        assert!(long.parse::<EmailAddress>().is_err());
    }
}
