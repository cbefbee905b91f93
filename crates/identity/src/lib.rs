//! Proving who somebody is: passwords, tokens, mailed codes and session cookies.
//!
//! Nothing here reads a clock, a database or a network; what is stored and when it ends is the caller's.
//! All secrets come from the operating system's generator ([`random`]), and their `Debug` shows only their type.

mod codes;
mod passwords;
pub mod random;
mod session_jwt;
mod signed_texts;
mod tokens;

pub use codes::{BadCode, Code, CodeHash, CodeKey};
pub use passwords::{
    HashError, Params, ParamsError, PasswordPolicy, PasswordProblem, Passwords, Verified,
    sealing_key,
};
pub use session_jwt::{AccountKind, BadSession, Session, SessionCookies, SigningKey, SigningKeys};
pub use signed_texts::{BadKey, BadSignedText, CheckingKey, SignedText, TextSigner};
pub use tokens::{BadToken, PlainToken, TokenHash, TokenKind};
