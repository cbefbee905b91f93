//! Short texts that their reader can check without asking anybody: signed by Ed25519, in an armour of plain lines
//! that survives mail and clipboards.
//!
//! ```text
//! What is above is for people, and not signed.
//! -----BEGIN SOFIE LICENCE-----
//! base64 of the payload, lines of 64 characters
//! -----SIGNATURE 0123456789abcdef-----
//! base64 of 64 bytes
//! -----END SOFIE LICENCE-----
//! ```
//!
//! The label (`SOFIE LICENCE`) says what the payload is. Signed are the label, one line feed and the payload, so
//! that no text passes for one of another kind. Behind `SIGNATURE` is the key's name: the first eight bytes of the
//! SHA-256 of the public key, hexadecimal; it only helps to find the key.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    digest,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The longest text that is looked at.
const LONGEST: usize = 64 << 10;
const KEY: usize = 32;
const PREFIX: &str = "ed25519:";
const LINE: usize = 64;

/// Why a signed text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignedText {
    /// It has not the form.
    #[error("this is not a signed text, or it is incomplete")]
    Malformed,
    /// It is signed by a key that is not known here.
    #[error("it is signed by a key that is not known here")]
    UnknownKey,
    /// It was changed, or never signed by the key that it names.
    #[error("the signature is wrong")]
    WrongSignature,
}

/// The text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key such as ed25519:… with 44 characters behind the colon")]
pub struct BadKey;

/// A key that checks signatures; written `ed25519:` and base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckingKey([u8; KEY]);

impl CheckingKey {
    /// Returns its name, as signed texts mention it.
    #[must_use]
    pub fn name(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.0);
        hex::encode(&hash.as_ref()[..8])
    }
}

impl fmt::Display for CheckingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for CheckingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for CheckingKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(BadKey)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadKey)?;
        bytes.try_into().map(Self).map_err(|_| BadKey)
    }
}

/// A key that signs.
pub struct TextSigner(Ed25519KeyPair);

impl fmt::Debug for TextSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TextSigner")
    }
}

impl TextSigner {
    /// Returns the key of a seed of 32 random bytes.
    pub fn from_seed(seed: &[u8; KEY]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|_| BadKey)
    }

    /// Returns the key that checks what this one signs.
    pub fn checking_key(&self) -> Result<CheckingKey, BadKey> {
        let bytes = self.0.public_key().as_ref().try_into();
        bytes.map(CheckingKey).map_err(|_| BadKey)
    }

    /// Signs a payload under a label, which is one line of capital letters and spaces.
    pub fn sign(&self, label: &str, payload: &[u8]) -> Result<String, BadKey> {
        let signature = self.0.sign(&signed(label, payload));
        let name = self.checking_key()?.name();
        let mut text = format!("-----BEGIN {label}-----\n");
        let encoded = STANDARD.encode(payload);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, next) = rest.split_at(rest.len().min(LINE));
            text.push_str(line);
            text.push('\n');
            rest = next;
        }
        let signature = STANDARD.encode(signature);
        let end = format!("-----SIGNATURE {name}-----\n{signature}\n-----END {label}-----\n");
        Ok(text + &end)
    }
}

/// A text whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText {
    /// What the payload is.
    pub label: String,
    /// What was signed.
    pub payload: Vec<u8>,
}

impl SignedText {
    /// Opens the first signed text in `text`, if one of `keys` signed it.
    pub fn open(text: &str, keys: &[CheckingKey]) -> Result<Self, BadSignedText> {
        let armour = Armour::find(text).ok_or(BadSignedText::Malformed)?;
        let key = keys.iter().find(|key| key.name() == armour.key);
        let key = key.ok_or(BadSignedText::UnknownKey)?;
        UnparsedPublicKey::new(&ED25519, &key.0)
            .verify(&signed(armour.label, &armour.payload), &armour.signature)
            .map_err(|_| BadSignedText::WrongSignature)?;
        Ok(Self {
            label: armour.label.to_owned(),
            payload: armour.payload,
        })
    }
}

fn signed(label: &str, payload: &[u8]) -> Vec<u8> {
    [label.as_bytes(), b"\n", payload].concat()
}

/// A signed text that nobody has checked yet.
struct Armour<'a> {
    label: &'a str,
    key: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Armour<'a> {
    fn find(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut lines = text.lines().map(str::trim);
        let label = lines.find_map(|line| between(line, "BEGIN "))?;
        let mut encoded = String::new();
        let key = loop {
            let line = lines.next()?;
            match between(line, "SIGNATURE ") {
                Some(key) => break key,
                None => encoded.push_str(line),
            }
        };
        let signature = lines.next()?;
        if lines.next().and_then(|line| between(line, "END ")) != Some(label) {
            return None;
        }
        Some(Self {
            label,
            key,
            payload: STANDARD.decode(encoded).ok()?,
            signature: STANDARD.decode(signature).ok()?,
        })
    }
}

fn between<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let inner = line.strip_prefix("-----")?.strip_suffix("-----")?;
    inner.strip_prefix(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LABEL: &str = "SOFIE LICENCE";

    fn signer(byte: u8) -> TextSigner {
        TextSigner::from_seed(&[byte; KEY]).unwrap()
    }

    fn text(payload: &[u8]) -> (String, CheckingKey) {
        let signer = signer(1);
        let text = signer.sign(LABEL, payload).unwrap();
        (text, signer.checking_key().unwrap())
    }

    /// RFC 8032, 7.1, test 1: the key of this seed is this one.
    #[test]
    fn the_keys_are_those_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        let signer = TextSigner::from_seed(&bytes(seed).try_into().unwrap()).unwrap();
        let key = signer.checking_key().unwrap();
        assert_eq!(key.0.as_slice(), bytes(public));
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA"] {
            assert_eq!(bad.parse::<CheckingKey>(), Err(BadKey), "{bad}");
        }
    }

    #[test]
    fn only_the_key_that_signed_it_opens_it() {
        let (text, key) = text(b"{}");
        let other = signer(2).checking_key().unwrap();
        let opened = SignedText::open(&text, &[other, key]).unwrap();
        assert_eq!(
            (opened.label.as_str(), opened.payload.as_slice()),
            (LABEL, &b"{}"[..])
        );
        assert_eq!(
            SignedText::open(&text, &[other]),
            Err(BadSignedText::UnknownKey)
        );
        assert_eq!(SignedText::open(&text, &[]), Err(BadSignedText::UnknownKey));
        // The name of a key is no key.
        let forged = signer(2)
            .sign(LABEL, b"{}")
            .unwrap()
            .replace(&other.name(), &key.name());
        assert_eq!(
            SignedText::open(&forged, &[key]),
            Err(BadSignedText::WrongSignature)
        );
    }

    #[test]
    fn the_label_is_signed_too() {
        let (text, key) = text(b"{}");
        let other = text.replace(LABEL, "SOFIE REVOCATION");
        assert_eq!(
            SignedText::open(&other, &[key]),
            Err(BadSignedText::WrongSignature)
        );
    }

    #[test]
    fn mail_and_clipboard_do_no_harm() {
        let payload = vec![b'x'; 1000];
        let (text, key) = text(&payload);
        assert!(text.lines().all(|line| line.len() <= 100));
        let mailed = format!("Dear all,\r\n{}\r\n-- \r\nEva", text.replace('\n', " \r\n"));
        assert_eq!(SignedText::open(&mailed, &[key]).unwrap().payload, payload);
    }

    proptest! {
        #[test]
        fn whatever_is_changed_opens_nothing_else(at in 0_usize..400, to in 32_u8..127) {
            let (text, key) = text(b"{\"id\":\"L-1\",\"users\":3}");
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] = to;
            let changed = String::from_utf8(bytes).unwrap();
            if let Ok(opened) = SignedText::open(&changed, &[key]) {
                prop_assert_eq!(opened.payload.as_slice(), &b"{\"id\":\"L-1\",\"users\":3}"[..]);
            }
        }
    }
}
