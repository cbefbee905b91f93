//! Services and devices that seal a KEK, so that its file is worthless without them.
//!
//! One kind is one file here, one arm in [`SealOptions::open`] and one section of the server's configuration.

mod aws_kms;
mod http;
mod pkcs11;
mod vault_transit;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

pub use self::aws_kms::AwsKmsOptions;
pub use self::pkcs11::Pkcs11Options;
pub use self::vault_transit::{VaultLogin, VaultOptions};

/// A service or a device that seals a few bytes and opens them again. All calls block, from any thread.
///
/// It is asked when a process starts and when keys change, never to read a package.
pub trait Seal: fmt::Debug + Send + Sync + 'static {
    /// The kind, as configuration and files of sealed keys name it; never given a new meaning.
    fn kind(&self) -> &'static str;

    /// Seals `plain`, bound to `name`; returns a word of printable ASCII.
    fn seal(&self, name: &str, plain: &[u8]) -> Result<String, SealError>;

    /// Opens what [`Seal::seal`] returned for the same name.
    fn open(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError>;

    /// Looks at the key behind it, without using it.
    fn examine(&self) -> Result<SealView, SealError>;
}

/// What is behind a seal, in words for administrators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealView {
    /// Where it is.
    pub place: String,
    /// What could be better about it.
    pub doubts: Vec<String>,
}

/// Why something was not sealed or opened. No key and no secret is in the words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It does not answer, or says that it can't now. Asking again later may help.
    #[error("{place} can't be used now: {said}")]
    Away {
        /// Which service or device.
        place: String,
        /// What happened.
        said: String,
    },
    /// It says no: to who we are, to the key, or to what is sealed.
    #[error("{place} refuses: {said}")]
    Refused {
        /// Which service or device.
        place: String,
        /// Its words.
        said: String,
    },
    /// It says something that can't be right.
    #[error("the answer of {place} can't be understood: {said}")]
    Odd {
        /// Which service or device.
        place: String,
        /// What is odd.
        said: &'static str,
    },
    /// What it needs of us is missing or wrong.
    #[error("{0}")]
    Options(String),
    /// A file was sealed by a kind that is not configured.
    #[error("it is sealed by {0}, which is not configured")]
    Unknown(String),
}

impl SealError {
    /// Whether the same may work later, without anybody's doing anything here.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// What a seal needs to know.
#[derive(Clone, Debug)]
pub enum SealOptions {
    /// The Transit engine of HashiCorp Vault or OpenBao.
    Vault(VaultOptions),
    /// AWS KMS, or what speaks its protocol.
    AwsKms(AwsKmsOptions),
    /// A token behind a PKCS#11 library.
    Pkcs11(Pkcs11Options),
}

impl SealOptions {
    /// The kinds that there are.
    pub const KINDS: [&str; 3] = [vault_transit::KIND, aws_kms::KIND, pkcs11::KIND];

    /// Opens the way to it; nothing is asked of it yet.
    pub fn open(&self) -> Result<Arc<dyn Seal>, SealError> {
        Ok(match self {
            Self::Vault(options) => Arc::new(vault_transit::VaultTransit::open(options)?),
            Self::AwsKms(options) => Arc::new(aws_kms::AwsKms::open(options)?),
            Self::Pkcs11(options) => Arc::new(pkcs11::Pkcs11Token::new(options)),
        })
    }
}
