//! Codes that are mailed and typed: eight digits, good for a few tries within minutes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;

use crate::random;

const DIGITS: usize = 8;

/// A code in the clear. The caller limits tries (5) and life (10 minutes); a code has only 26 bits.
#[derive(Clone)]
pub struct Code([u8; DIGITS]);

/// The text is not a code of eight digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("text is not a code of {DIGITS} digits")]
pub struct BadCode;

impl Code {
    /// Draws a new code.
    pub fn generate() -> Self {
        Self(std::array::from_fn(|_| {
            b'0' + u8::try_from(random::below(10)).unwrap_or(0)
        }))
    }

    /// Returns the code in two groups, as it is mailed: `1234 5678`.
    pub fn expose(&self) -> String {
        let digit = |index: usize| char::from(self.0[index]);
        let (first, second) = (0..DIGITS / 2, DIGITS / 2..DIGITS);
        first
            .map(digit)
            .chain([' '])
            .chain(second.map(digit))
            .collect()
    }

    /// Returns what is stored in place of the code.
    ///
    /// Keyed, because all codes can be tried in a second by who holds the hashes; and bound to `context` (the id of
    /// the challenge, the address), so that a code proves nothing elsewhere.
    pub fn hash(&self, key: &CodeKey, context: &[u8]) -> CodeHash {
        let mut mac = hmac::Context::with_key(&key.0);
        mac.update(&self.0);
        mac.update(context);
        let mut hash = [0; 32];
        hash.copy_from_slice(mac.sign().as_ref());
        CodeHash(hash)
    }
}

/// Reads what somebody typed: ASCII digits, with spaces, dashes and dots anywhere between them.
impl FromStr for Code {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, BadCode> {
        let mut digits = [0; DIGITS];
        let mut count = 0;
        for character in text.chars() {
            match character {
                '0'..='9' => {
                    *digits.get_mut(count).ok_or(BadCode)? = character as u8;
                    count += 1;
                }
                '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{feff}' => {}
                space if space.is_whitespace() => {}
                _ => return Err(BadCode),
            }
        }
        if count == DIGITS {
            Ok(Self(digits))
        } else {
            Err(BadCode)
        }
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

/// The key of the code hashes; kept outside the database that holds them.
#[derive(Clone)]
pub struct CodeKey(hmac::Key);

impl CodeKey {
    /// Takes a key of 256 random bits.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey")
    }
}

/// The HMAC-SHA-256 of a code in its context.
#[derive(Clone, Copy, Eq)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Takes a stored hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for CodeHash {
    type Error = BadCode;

    fn try_from(bytes: &[u8]) -> Result<Self, BadCode> {
        bytes.try_into().map(Self).map_err(|_| BadCode)
    }
}

/// Takes equally long wherever the hashes differ.
impl PartialEq for CodeHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn key() -> CodeKey {
        CodeKey::new(&[7; 32])
    }

    #[test]
    fn codes_are_eight_digits_in_two_groups() {
        let code = Code::generate();
        let text = code.expose();
        let (first, second) = text.split_once(' ').unwrap();
        for group in [first, second] {
            assert!(
                group.len() == 4 && group.bytes().all(|b| b.is_ascii_digit()),
                "{text}"
            );
        }
        let read: Code = text.parse().unwrap();
        assert_eq!(read.hash(&key(), b"a"), code.hash(&key(), b"a"));
        let many: HashSet<String> = (0..1_000).map(|_| Code::generate().expose()).collect();
        assert!(many.len() > 990);
    }

    #[test]
    fn reads_what_people_type() {
        for text in [
            "12345678",
            " 1234 5678\n",
            "1234-5678",
            "12\u{a0}34\u{2013}56.78",
        ] {
            assert_eq!(
                text.parse::<Code>().unwrap().expose(),
                "1234 5678",
                "{text:?}"
            );
        }
        for text in [
            "",
            "1234567",
            "123456789",
            "1234567a",
            "１２３４５６７８",
            "1234 567O",
        ] {
            assert_eq!(text.parse::<Code>().unwrap_err(), BadCode, "{text:?}");
        }
    }

    #[test]
    fn a_hash_depends_on_code_key_and_context() {
        let code: Code = "12345678".parse().unwrap();
        let hash = code.hash(&key(), b"challenge 1");
        assert_eq!(code.hash(&key(), b"challenge 1"), hash);
        assert_ne!(code.hash(&key(), b"challenge 2"), hash);
        assert_ne!(code.hash(&CodeKey::new(&[8; 32]), b"challenge 1"), hash);
        let other: Code = "12345679".parse().unwrap();
        assert_ne!(other.hash(&key(), b"challenge 1"), hash);
        assert_eq!(CodeHash::try_from(&hash.as_bytes()[..]), Ok(hash));
        assert_eq!(
            format!("{code:?} {hash:?} {:?}", key()),
            "Code CodeHash CodeKey"
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,40}") {
            if let Ok(code) = text.parse::<Code>() {
                let typed: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(code.expose().replace(' ', ""), typed);
            }
        }
    }
}
