use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

fn key() -> SigningKey {
    SigningKey::new("k1", [42; 32])
}

fn cookies_with(current: SigningKey, previous: Option<SigningKey>) -> SessionCookies {
    let previous = previous.into_iter().collect();
    let keys = SigningKeys { current, previous };
    SessionCookies::new(keys, "sofie", "0196f0c0-5a4c-7cc3-9a0d-2f6f2b6f4f10")
}

fn cookies() -> SessionCookies {
    cookies_with(key(), None)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn session() -> Session {
    Session {
        subject: Uuid::from_u128(7),
        kind: AccountKind::Administrator,
        token: PlainToken::generate(TokenKind::Session),
        issued_at: at(0),
        expires_at: at(1_000),
    }
}

/// Signs any header and claims with our own key, as far as the format lets one lie.
fn forge(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[42; 32]);
    let signature = aws_lc_rs::hmac::sign(&hmac, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "typ": TYPE, "alg": "HS256", "kid": "k1" })
}

fn claims() -> Value {
    json!({
        "iss": "sofie",
        "aud": "0196f0c0-5a4c-7cc3-9a0d-2f6f2b6f4f10",
        "sub": Uuid::from_u128(7),
        "sid": format!("sofie_ses_{}", "A".repeat(43)),
        "kind": "user",
        "iat": at(0).timestamp(),
        "exp": at(1_000).timestamp(),
    })
}

fn refused(token: &str) -> BadSession {
    cookies()
        .verify(token, at(10))
        .expect_err("must be refused")
}

fn with(mut value: Value, field: &str, new: Value) -> Value {
    value[field] = new;
    value
}

fn without(mut value: Value, field: &str) -> Value {
    value.as_object_mut().unwrap().remove(field);
    value
}

#[test]
fn reads_what_it_signed() {
    let session = session();
    let token = cookies().sign(&session);
    let read = cookies().verify(&token, at(10)).unwrap();
    assert_eq!(read.subject, session.subject);
    assert_eq!(read.kind, session.kind);
    assert_eq!(read.token.hash(), session.token.hash());
    assert_eq!((read.issued_at, read.expires_at), (at(0), at(1_000)));
    // The forger of the other tests is no straw man: its plain form is accepted.
    assert!(
        cookies()
            .verify(&forge(&header(), &claims()), at(10))
            .is_ok()
    );
}

#[test]
fn the_whole_cookie_is_below_512_bytes() {
    let cookies = cookies_with(SigningKey::generate(), None);
    let token = cookies.sign(&session());
    let cookie = format!("__Host-sofie-admin={token}");
    assert!(token.is_ascii() && cookie.len() < 512, "{}", cookie.len());
}

#[test]
fn time_is_the_argument_with_half_a_minute_of_leeway() {
    let token = cookies().sign(&session());
    let verify = |now| cookies().verify(&token, now).map(|_| ());
    assert_eq!(verify(at(1_030)), Ok(()));
    assert_eq!(verify(at(1_031)), Err(BadSession::Expired));
    assert_eq!(verify(at(-30)), Ok(()));
    assert_eq!(verify(at(-31)), Err(BadSession::NotYet));
}

#[test]
fn foreign_headers_are_refused() {
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([42; 32]) });
    let changes = [
        with(header(), "alg", json!("HS384")),
        with(header(), "alg", json!("RS256")),
        with(header(), "alg", json!("EdDSA")),
        with(header(), "typ", json!("JWT")),
        with(header(), "typ", json!("sofie-link+jwt")),
        with(header(), "typ", json!("application/sofie-session+jwt")),
        without(header(), "typ"),
        with(header(), "kid", json!("../../k1")),
        with(header(), "kid", json!("k1' or '1'='1")),
        with(header(), "kid", json!("")),
        without(header(), "kid"),
        with(header(), "jwk", jwk),
        with(header(), "jku", json!("https://evil.example/keys")),
        with(header(), "x5u", json!("https://evil.example/cert")),
        with(header(), "x5c", json!(["AAAA"])),
        with(header(), "crit", json!(["exp"])),
        with(header(), "cty", json!("JWT")),
        with(header(), "anything", json!(1)),
    ];
    for header in changes {
        assert_eq!(
            refused(&forge(&header, &claims())),
            BadSession::Header,
            "{header}"
        );
    }
    for alg in ["none", "None", "NONE", "hs256", ""] {
        let header = with(header(), "alg", json!(alg));
        assert_eq!(
            refused(&forge(&header, &claims())),
            BadSession::Malformed,
            "{alg}"
        );
        let signed = forge(&header, &claims());
        let unsigned = &signed[..=signed.rfind('.').unwrap()];
        assert_eq!(refused(unsigned), BadSession::Malformed);
    }
    let valid = forge(&header(), &claims());
    let unsigned = &valid[..=valid.rfind('.').unwrap()];
    assert_eq!(refused(unsigned), BadSession::Forged);
}

#[test]
fn foreign_claims_are_refused() {
    let aud = claims()["aud"].clone();
    let changes = [
        with(
            claims(),
            "aud",
            json!("0196f0c0-5a4c-7cc3-9a0d-2f6f2b6f4f11"),
        ),
        with(claims(), "aud", json!([aud, "other"])),
        without(claims(), "aud"),
        with(claims(), "iss", json!("somebody")),
        with(claims(), "iss", json!(["sofie"])),
        without(claims(), "iss"),
        with(claims(), "sub", json!("root")),
        without(claims(), "sub"),
        with(claims(), "sid", json!("sofie_pat_")),
        without(claims(), "sid"),
        with(claims(), "kind", json!("owner")),
        without(claims(), "kind"),
        with(claims(), "exp", json!("1900000000")),
        with(claims(), "exp", json!(1.9e9)),
        with(claims(), "exp", json!(i64::MAX)),
        with(claims(), "exp", json!(i64::MIN)),
        without(claims(), "exp"),
        without(claims(), "iat"),
        with(claims(), "nbf", json!(at(500).timestamp())),
        with(claims(), "role", json!("administrator")),
    ];
    for claims in changes {
        assert_eq!(
            refused(&forge(&header(), &claims)),
            BadSession::Forged,
            "{claims}"
        );
    }
}

#[test]
fn keys_change_without_ending_sessions() {
    let old = cookies().sign(&session());
    let new_key = SigningKey::generate();
    let changed = cookies_with(new_key.clone(), Some(key()));
    assert!(changed.verify(&old, at(10)).is_ok());
    assert!(changed.verify(&changed.sign(&session()), at(10)).is_ok());
    let settled = cookies_with(new_key, None);
    assert_eq!(
        settled.verify(&old, at(10)).unwrap_err(),
        BadSession::Header
    );
    let same_name = cookies_with(SigningKey::new("k1", [43; 32]), None);
    assert_eq!(
        same_name.verify(&old, at(10)).unwrap_err(),
        BadSession::Forged
    );
}

#[test]
fn a_thousand_changed_bytes_are_refused() {
    let token = cookies().sign(&session());
    let mut changed = 0;
    for place in 0..token.len() {
        for step in 1..=3_u8 {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = b'-' + (bytes[place] - b'-' + step * 23) % 77;
            let mutated = String::from_utf8(bytes).unwrap();
            assert_ne!(mutated, token);
            assert!(cookies().verify(&mutated, at(10)).is_err(), "{mutated}");
            changed += 1;
        }
    }
    assert!(changed >= 1_000, "{changed}");
}

#[test]
fn debug_shows_no_secret() {
    let text = format!("{:?} {:?} {:?}", cookies(), key(), session());
    assert!(
        !text.contains("42") && !text.contains("sofie_ses_"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "[ -~]{0,200}|([A-Za-z0-9_-]{0,60}\\.){2}[A-Za-z0-9_-]{0,60}") {
        prop_assert!(cookies().verify(&text, at(10)).is_err());
    }

    #[test]
    fn cuts_and_growths_are_refused(cut in 0_usize..400, tail in "[A-Za-z0-9_.-]{1,3}") {
        let token = cookies().sign(&session());
        prop_assert!(cookies().verify(&token[..cut.min(token.len() - 1)], at(10)).is_err());
        let grown = format!("{token}{tail}");
        prop_assert!(cookies().verify(&grown, at(10)).is_err());
    }
}
