//! The signed half of a session cookie.
//!
//! The token says which session a browser claims; whether the session lives is decided by its row. One algorithm
//! (HS256, RFC 7518 §3.2), one type, one issuer, one audience; the header must be, field for field, the one this
//! process would have written, so that no `alg`, `kid`, `jwk` or `crit` of somebody else's making is ever looked at.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::random;
use crate::tokens::{PlainToken, TokenKind};

const TYPE: &str = "sofie-session+jwt";
const ALGORITHM: Algorithm = Algorithm::HS256;
/// How far clocks of several servers may disagree.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// Longer than any token of ours; what is longer is not worth a parser's time.
const MAX_BYTES: usize = 1024;

/// Which kind of account a session is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Somebody who sends and receives.
    User,
    /// Somebody who runs the installation.
    Administrator,
}

/// What a session cookie says.
#[derive(Debug, Clone)]
pub struct Session {
    /// The account.
    pub subject: Uuid,
    /// The kind of account.
    pub kind: AccountKind,
    /// The session's own token; its hash finds the row.
    pub token: PlainToken,
    /// When the session began, in whole seconds.
    pub issued_at: DateTime<Utc>,
    /// When the session ends whatever happens, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// Why a session cookie is refused. For logs and tests: a client learns only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSession {
    /// It can't be read as a token at all.
    #[error("session token is malformed")]
    Malformed,
    /// Its header is not one that we write with any of our keys.
    #[error("session token has a foreign header")]
    Header,
    /// Its signature is wrong, or its claims are not exactly ours.
    #[error("session token is not ours")]
    Forged,
    /// It is over.
    #[error("session token is expired")]
    Expired,
    /// It comes from the future.
    #[error("session token is not valid yet")]
    NotYet,
}

/// A key with its name.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    secret: Zeroizing<[u8; 32]>,
}

impl SigningKey {
    /// Takes a stored key of 256 random bits and its name.
    pub fn new(id: impl Into<String>, secret: [u8; 32]) -> Self {
        let (id, secret) = (id.into(), Zeroizing::new(secret));
        Self { id, secret }
    }

    /// Draws a new key with a new name.
    pub fn generate() -> Self {
        let id = format!("{:08x}", u32::from_le_bytes(random::bytes()));
        Self::new(id, random::bytes())
    }

    /// Returns the name, which is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the secret, to be stored encrypted.
    pub fn expose(&self) -> &[u8; 32] {
        &self.secret
    }

    fn header(&self) -> Header {
        Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.id.clone()),
            ..Header::new(ALGORITHM)
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The keys in use: one signs, all verify, so that a change of keys ends no session.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    /// Signs and verifies.
    pub current: SigningKey,
    /// Verify what was signed before the last changes.
    pub previous: Vec<SigningKey>,
}

/// Writes and reads the session cookies of one installation.
#[derive(Clone)]
pub struct SessionCookies {
    keys: SigningKeys,
    issuer: String,
    audience: String,
    validation: Validation,
}

/// The claims on the wire; a token with any other field is not ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: String,
    kind: AccountKind,
    iat: i64,
    exp: i64,
}

impl SessionCookies {
    /// Takes the keys, the issuer's name and the audience: the id of this installation.
    pub fn new(keys: SigningKeys, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        // The library would ask the system's clock; `verify` compares with its own argument.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            keys,
            issuer,
            audience,
            validation,
        }
    }

    /// Signs a session with the current key. The result is ASCII and shorter than 480 bytes as long as issuer and
    /// audience have no more than 42 bytes together.
    ///
    /// # Panics
    /// Never: the claims have no value that JSON can't hold.
    pub fn sign(&self, session: &Session) -> String {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: session.subject,
            sid: session.token.expose().to_owned(),
            kind: session.kind,
            iat: session.issued_at.timestamp(),
            exp: session.expires_at.timestamp(),
        };
        let key = &self.keys.current;
        let signing = EncodingKey::from_secret(key.secret.as_slice());
        jsonwebtoken::encode(&key.header(), &claims, &signing)
            .expect("plain strings and numbers are always written")
    }

    /// Reads a cookie's value at the time `now`; clocks may disagree by 30 s.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Session, BadSession> {
        if token.len() > MAX_BYTES {
            return Err(BadSession::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| BadSession::Malformed)?;
        let key = self.key_of(&header).ok_or(BadSession::Header)?;
        let verifying = DecodingKey::from_secret(key.secret.as_slice());
        let claims = jsonwebtoken::decode::<Claims>(token, &verifying, &self.validation)
            .map_err(|_| BadSession::Forged)?
            .claims;
        let session = Session::try_from(claims)?;
        if now - LEEWAY > session.expires_at {
            return Err(BadSession::Expired);
        }
        if now + LEEWAY < session.issued_at {
            return Err(BadSession::NotYet);
        }
        Ok(session)
    }

    /// Finds the key under which we would have written exactly this header.
    fn key_of(&self, header: &Header) -> Option<&SigningKey> {
        std::iter::once(&self.keys.current)
            .chain(&self.keys.previous)
            .find(|key| key.header() == *header)
    }
}

impl fmt::Debug for SessionCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCookies")
            .field("keys", &self.keys)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl TryFrom<Claims> for Session {
    type Error = BadSession;

    fn try_from(claims: Claims) -> Result<Self, BadSession> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(BadSession::Forged);
        Ok(Self {
            subject: claims.sub,
            kind: claims.kind,
            token: PlainToken::parse(TokenKind::Session, &claims.sid)
                .map_err(|_| BadSession::Forged)?,
            issued_at: time(claims.iat)?,
            expires_at: time(claims.exp)?,
        })
    }
}

#[cfg(test)]
mod tests;
