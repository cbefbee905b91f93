//! What proves who somebody is: tokens, links, codes, session cookies; and cursors.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use sofie_app::Cursor;
use sofie_client::fuzzing::link;
use sofie_identity::{
    AccountKind, Code, PlainToken, Session, SessionCookies, SigningKey, SigningKeys, TokenKind,
};
use uuid::Uuid;

use crate::input::{Input, Script};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

struct Signed {
    cookies: SessionCookies,
    cookie: String,
    other: String,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let keys = SigningKeys {
        current: SigningKey::new("k1", [1; 32]),
        previous: vec![SigningKey::new("k0", [2; 32])],
    };
    let cookies = SessionCookies::new(keys, "sofie", "here");
    let sign = |number| {
        let session = Session {
            subject: Uuid::from_u128(number),
            kind: AccountKind::User,
            token: PlainToken::generate(TokenKind::Session),
            issued_at: NOW,
            expires_at: NOW + TimeDelta::hours(1),
        };
        cookies.sign(&session)
    };
    let (cookie, other) = (sign(1), sign(2));
    Signed {
        cookies,
        cookie,
        other,
    }
});

fn tokens(text: &str) {
    let mut kinds = 0;
    for kind in TokenKind::ALL {
        if let Ok(token) = PlainToken::parse(kind, text) {
            kinds += 1;
            assert_eq!(token.expose(), text.trim(), "a token was changed");
            assert!(token.expose().is_ascii() && token.expose().starts_with(kind.prefix()));
            assert_eq!(token.expose().len(), kind.prefix().len() + 43);
        }
    }
    assert!(kinds <= 1, "{text} is of two kinds");
}

fn codes_and_cursors(text: &str) {
    if let Ok(code) = text.parse::<Code>() {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(code.expose().replace(' ', ""), digits);
    }
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
}

fn links(text: &str) {
    if let Some((server, secret)) = link(text) {
        assert!(!server.contains(['#', '?']), "{server}");
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        assert!(!secret.is_empty() && secret.bytes().all(plain), "{secret}");
        // A link that a mail program broke into lines is one (WHATWG URL, 4.4).
        let unbroken: String = text.chars().filter(|c| !"\r\n\t".contains(*c)).collect();
        assert!(unbroken.contains(&secret));
    }
}

/// Two signed cookies, cut and mixed: only the very text that was signed is accepted.
fn damaged_cookies(input: &mut Input<'_>) {
    let signed = &*SIGNED;
    let mut bytes = signed.cookie.clone().into_bytes();
    input.damage(&mut bytes, signed.other.as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    let accepted = signed.cookies.verify(&text, NOW).is_ok();
    assert_eq!(
        accepted,
        *text == signed.cookie || *text == signed.other,
        "{text} was accepted"
    );
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.byte().is_multiple_of(2) {
        damaged_cookies(&mut input);
        return;
    }
    let text = input.rest_text();
    tokens(&text);
    codes_and_cursors(&text);
    links(&text);
    assert!(
        SIGNED.cookies.verify(&text, NOW).is_err(),
        "{text} was accepted"
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let token = format!("sofie_lnk_{}", "A".repeat(43));
    let mut seeds: Vec<Vec<u8>> = [
        token.as_str(),
        "1234 5678",
        "-9223372036854775808",
        "https://files.example.org/p#sofie_abc-1",
        // {"alg":"none"}.{}.
        "eyJhbGciOiJub25lIn0.e30.",
    ]
    .iter()
    .map(|text| Script::default().byte(1).rest(text.as_bytes()))
    .collect();
    for act in 0..6 {
        let script = Script::default().byte(0).byte(act);
        seeds.push(script.below(90).below(40).below(7).rest(&[1]));
    }
    seeds
}
