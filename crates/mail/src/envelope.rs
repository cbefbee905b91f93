//! Who a mail is from and for, and what it is known by.

use std::fmt;

use chrono::{DateTime, Utc};
use lettre::Address;

use crate::render::{Rendered, one_line_uncut};

/// A mail ready to leave, to one recipient, so that each has an outcome of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What the mail is known by; the same when it is sent again.
    pub message_id: MessageId,
    /// When it was written.
    pub date: DateTime<Utc>,
    /// The address that answers for it, also to the servers on the way.
    pub from: Mailbox,
    /// Who an answer goes to, when it is somebody else.
    pub reply_to: Option<Mailbox>,
    /// Who it is for.
    pub to: Mailbox,
    /// What it says.
    pub rendered: Rendered,
}

/// An address with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox(lettre::message::Mailbox);

/// The text is not a mail address or message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("text is not an address that can be mailed to")]
pub struct AddressError;

impl Mailbox {
    /// Reads an address (`local@domain`). An international domain is written in its ASCII form (RFC 5891), so that
    /// only a local part beyond ASCII needs a server with SMTPUTF8 (RFC 6531). Quoted local parts and address
    /// literals are refused. Of the name, one line is kept.
    pub fn new(name: Option<&str>, address: &str) -> Result<Self, AddressError> {
        let (local, domain) = address.trim().rsplit_once('@').ok_or(AddressError)?;
        // A quoted local part or a literal may hold anything: nobody has such a mailbox.
        if local.starts_with('"') || domain.starts_with('[') {
            return Err(AddressError);
        }
        let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError)?;
        let address = Address::new(local, &domain).map_err(|_| AddressError)?;
        let name = name.map(one_line_uncut).filter(|name| !name.is_empty());
        Ok(Self(lettre::message::Mailbox::new(name, address)))
    }

    /// Returns the address without the name.
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    /// Returns the name.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    pub(crate) fn to_lettre(&self) -> lettre::message::Mailbox {
        self.0.clone()
    }
}

/// What a mail is known by (RFC 5322 §3.6.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Puts an id together: `key` names the mail among all of `domain`, for example the id of its row.
    ///
    /// Both are letters, digits, dots, dashes and underscores.
    pub fn new(key: &str, domain: &str) -> Result<Self, AddressError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = |part: &str| {
            let length = (1..=200).contains(&part.len());
            let dots = part.split('.').all(|atom| !atom.is_empty());
            length && dots && part.chars().all(plain)
        };
        if good(key) && good(domain) {
            Ok(Self(format!("<{key}@{domain}>")))
        } else {
            Err(AddressError)
        }
    }
}

/// Writes the id as it stands in the header, in angle brackets.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        let jana =
            Mailbox::new(Some("Jana\r\nBcc: x@y.example"), " jana@Příklad.example ").unwrap();
        assert_eq!(jana.address(), "jana@xn--pklad-zsa96e.example");
        assert_eq!(jana.name(), Some("Jana  Bcc: x@y.example"));
        assert_eq!(
            Mailbox::new(Some(" \n"), "a@b.example").unwrap().name(),
            None
        );
        for bad in [
            "",
            "jana",
            "@b.example",
            "jana@",
            "a b@c.example",
            "a@b.example>\r\nRCPT TO:<c@d.example",
            "a@b\n.example",
            "a@b@c.example",
            "<a@b.example>",
            "a\0@b.example",
        ] {
            assert_eq!(Mailbox::new(None, bad), Err(AddressError), "{bad:?}");
        }
    }

    #[test]
    fn message_ids() {
        let id = MessageId::new("0196-new_package", "files.example").unwrap();
        assert_eq!(id.to_string(), "<0196-new_package@files.example>");
        for (key, domain) in [
            ("", "a"),
            ("a", ""),
            ("a b", "c"),
            ("a>\r\nX: y", "c"),
            ("a", "c@d"),
            ("a..b", "c"),
        ] {
            assert_eq!(MessageId::new(key, domain), Err(AddressError));
        }
    }

    proptest! {
        #[test]
        fn no_address_carries_a_line_break_or_bracket(text in "[ -~\r\n]{0,30}@[ -~\r\n]{0,30}") {
            if let Ok(mailbox) = Mailbox::new(None, &text) {
                let forbidden = |c: char| c.is_control() || matches!(c, '<' | '>' | ' ');
                prop_assert!(!mailbox.address().contains(forbidden), "{:?}", mailbox.address());
            }
        }
    }
}
