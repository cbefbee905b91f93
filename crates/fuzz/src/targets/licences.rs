//! Licences: whatever is done to a signed text, it says what was signed or nothing.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta};
use sofie_app::licences::{self, CheckingKey, LICENCE, Paper, TextSigner};
use sofie_domain::Licence;

use crate::input::Input;

struct Signed {
    signer: TextSigner,
    key: CheckingKey,
    licence: Licence,
    text: String,
    other: String,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let signer = TextSigner::from_seed(&[1; 32]).expect("a seed");
    let licence = Licence {
        id: "L-1".to_owned(),
        holder: "Example".to_owned(),
        edition: "standard".to_owned(),
        users: Some(50),
        issued: DateTime::UNIX_EPOCH + TimeDelta::days(1),
        expires: DateTime::UNIX_EPOCH + TimeDelta::days(400),
        hosts: vec!["files.example.org".to_owned()],
        features: Vec::new(),
    };
    let more = Licence {
        users: None,
        ..licence.clone()
    };
    let strange = TextSigner::from_seed(&[2; 32]).expect("a seed");
    Signed {
        key: signer.checking_key().expect("a key"),
        text: licences::issue(&signer, &licence).expect("a text"),
        other: licences::issue(&strange, &more).expect("a text"),
        signer,
        licence,
    }
});

/// A licence that is cut, mixed with one that another key signed, and changed.
fn damaged(input: &mut Input<'_>) {
    let signed = &*SIGNED;
    let mut bytes = signed.text.clone().into_bytes();
    input.damage(&mut bytes, signed.other.as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    if let Ok(paper) = licences::open(&text, &[signed.key]) {
        assert_eq!(paper, Paper::Licence(signed.licence.clone()), "{text}");
    }
}

/// Whatever is signed is a licence with fields that can be, or none.
fn any_payload(payload: &[u8]) {
    let signed = &*SIGNED;
    let text = signed.signer.sign(LICENCE, payload).expect("a text");
    if let Ok(Paper::Licence(licence)) = licences::open(&text, &[signed.key]) {
        assert_eq!(licence.check(), Ok(()));
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 3 {
        0 => damaged(&mut input),
        1 => any_payload(input.rest_text().as_bytes()),
        _ => {
            let text = input.rest_text();
            assert!(licences::open(&text, &[]).is_err(), "{text} was accepted");
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let payload = r#"{"version":1,"id":"L","holder":"H","edition":"e","users":null,"issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","hosts":[],"features":[]}"#;
    let mut seeds = vec![vec![0; 40]];
    seeds.push([&[1], payload.as_bytes()].concat());
    seeds.push([&[2], SIGNED.text.as_bytes()].concat());
    seeds
}
