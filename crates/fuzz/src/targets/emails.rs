//! Addresses: what is accepted is canonical, harmless in a header, and can be mailed to.

use sofie_domain::EmailAddress;
use sofie_mail::{Mailbox, MessageId};

use crate::input::{Input, Script};

fn addresses(text: &str) {
    let Ok(address) = text.parse::<EmailAddress>() else {
        return;
    };
    let canonical = address.as_str();
    assert!(canonical.len() <= EmailAddress::MAX_BYTES, "{canonical}");
    assert_eq!(canonical.matches('@').count(), 1, "{canonical}");
    let harmful = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"".contains(c);
    assert!(!canonical.contains(harmful), "{canonical:?}");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    assert!(
        !address.domain().is_empty() && address.domain().chars().all(plain),
        "{canonical}"
    );
    assert_eq!(
        canonical.parse().as_ref(),
        Ok(&address),
        "an address was changed"
    );
    let shouted = canonical.to_ascii_uppercase().parse();
    assert_eq!(shouted.as_ref(), Ok(&address), "case made another address");
    let mailbox = Mailbox::new(None, canonical);
    let mailbox = mailbox.map(|mailbox| mailbox.address().to_owned());
    assert_eq!(
        mailbox.as_deref(),
        Ok(canonical),
        "it is accepted and can't be mailed to"
    );
    assert!(!address.masked().contains(canonical));
}

fn mailboxes(name: &str, text: &str) {
    if let Ok(mailbox) = Mailbox::new(Some(name), text) {
        let harmful = |c: char| c.is_control() || matches!(c, '<' | '>' | ' ');
        assert!(
            !mailbox.address().contains(harmful),
            "{:?}",
            mailbox.address()
        );
        assert!(
            !mailbox
                .name()
                .unwrap_or_default()
                .contains(char::is_control)
        );
    }
    if let Ok(id) = MessageId::new(name, text) {
        let id = id.to_string();
        assert!(id.is_ascii() && !id.contains(|c: char| c.is_ascii_control() || c == ' '));
        assert_eq!((id.matches('<').count(), id.matches('@').count()), (1, 1));
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let name = input.text();
    let text = input.rest_text();
    addresses(&text);
    mailboxes(&name, &text);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    [
        "eva.novak@firma-žluť.cz",
        "A+b@C.example",
        "jörg@müller.example",
        "\"a b\"@c.cz",
        "a@[10.0.0.1]",
        "a@b.cz\r\nBcc: x@y.cz",
        "i\u{307}@b.cz",
        "a@xn--pklad-zsa96e.example",
        "a@b",
    ]
    .map(|address| {
        Script::default()
            .text("Jana\r\nBcc: x")
            .rest(address.as_bytes())
    })
    .to_vec()
}
