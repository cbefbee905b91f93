//! Tokens that are the whole proof: 256 random bits, shown once, stored as a hash.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::random;

const SECRET_BYTES: usize = 32;

/// What a token is for. Its prefix is part of the token, so that one kind never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Calls the API for an account.
    Api,
    /// Opens a mailed link; travels in the fragment of its URL.
    Link,
    /// Names a session.
    Session,
    /// Recognises the browser of a visitor without an account.
    Visitor,
    /// Sets a new password once.
    Reset,
    /// Accepts the invitation to an account once.
    Invite,
    /// Makes the first administrator once.
    Setup,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Api,
        Self::Link,
        Self::Session,
        Self::Visitor,
        Self::Reset,
        Self::Invite,
        Self::Setup,
    ];

    /// Returns what tokens of this kind begin with; made to be found by secret scanners.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Api => "sofie_pat_",
            Self::Link => "sofie_lnk_",
            Self::Session => "sofie_ses_",
            Self::Visitor => "sofie_vis_",
            Self::Reset => "sofie_rst_",
            Self::Invite => "sofie_inv_",
            Self::Setup => "sofie_set_",
        }
    }
}

/// A token in the clear: given to its holder once and never stored.
#[derive(Clone)]
pub struct PlainToken(Zeroizing<String>);

/// The text is not a token of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("text is not a token of this kind")]
pub struct BadToken;

impl PlainToken {
    /// Draws a new token: the prefix of its kind and 43 characters of base64url.
    pub fn generate(kind: TokenKind) -> Self {
        let secret = Zeroizing::new(random::bytes::<SECRET_BYTES>());
        let mut text = String::with_capacity(64);
        text.push_str(kind.prefix());
        URL_SAFE_NO_PAD.encode_string(secret.as_slice(), &mut text);
        Self(Zeroizing::new(text))
    }

    /// Reads what a client sent; spaces around it, as left by copying, are forgiven.
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, BadToken> {
        let text = text.trim();
        let secret = text.strip_prefix(kind.prefix()).ok_or(BadToken)?;
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()) {
            Ok(SECRET_BYTES) => Ok(Self(Zeroizing::new(text.to_owned()))),
            _ => Err(BadToken),
        }
    }

    /// Returns the text to hand to the holder.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns what is stored and looked up in place of the token.
    ///
    /// A plain hash is enough, and fast, because nobody can try 2²⁵⁶ tokens.
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        TokenHash(hash)
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken")
    }
}

/// The SHA-256 of a token, its prefix included.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Takes a stored hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for TokenHash {
    type Error = BadToken;

    fn try_from(bytes: &[u8]) -> Result<Self, BadToken> {
        bytes.try_into().map(Self).map_err(|_| BadToken)
    }
}

/// Takes equally long wherever the hashes differ.
impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_read_back_by_its_own_kind_only() {
        for kind in TokenKind::ALL {
            let token = PlainToken::generate(kind);
            assert!(token.expose().starts_with(kind.prefix()));
            assert_eq!(token.expose().len(), kind.prefix().len() + 43);
            for other in TokenKind::ALL {
                let read = PlainToken::parse(other, token.expose());
                assert_eq!(read.is_ok(), other == kind, "{kind:?} read as {other:?}");
            }
            let padded = format!(" {}\n", token.expose());
            let read = PlainToken::parse(kind, &padded).unwrap();
            assert_eq!(read.hash(), token.hash());
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        let text = format!("sofie_lnk_{}", "A".repeat(43));
        let hash = PlainToken::parse(TokenKind::Link, &text).unwrap().hash();
        let expected = digest(&SHA256, text.as_bytes());
        assert_eq!(hash.as_bytes().as_slice(), expected.as_ref());
        assert_eq!(TokenHash::try_from(expected.as_ref()), Ok(hash));
        assert_eq!(TokenHash::try_from(&[0_u8; 31][..]), Err(BadToken));
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = PlainToken::generate(TokenKind::Api);
        assert_eq!(
            format!("{token:?} {:?}", token.hash()),
            "PlainToken TokenHash"
        );
    }

    proptest! {
        #[test]
        fn nothing_else_is_read(text in "(sofie_pat_)?[A-Za-z0-9_=+/ -]{0,60}") {
            if let Ok(token) = PlainToken::parse(TokenKind::Api, &text) {
                prop_assert_eq!(token.expose(), text.trim());
                prop_assert_eq!(token.expose().len(), 53);
            }
        }

        #[test]
        fn any_change_changes_the_hash(at in 10_usize..53, to in "[A-Za-z0-9_-]") {
            let token = PlainToken::generate(TokenKind::Api);
            let mut changed = token.expose().to_owned();
            changed.replace_range(at..=at, &to);
            if let Ok(other) = PlainToken::parse(TokenKind::Api, &changed) {
                prop_assert_eq!(other.hash() == token.hash(), changed == token.expose());
            }
        }
    }
}
