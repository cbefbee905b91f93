//! Sealed columns.

/// A sealed value could not be opened: wrong key, wrong row or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not open a sealed column")]
pub struct CipherError;

/// Encrypts columns. The context binds a value to its table, column and row: moved elsewhere it does not
/// open.
pub trait ColumnCipher: std::fmt::Debug + Send + Sync {
    /// Encrypts a value.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// Decrypts a value.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// Returns a keyed hash, for columns that are compared but never read.
    fn keyed_hash(&self, context: &str, value: &[u8]) -> [u8; 32];
}

/// Opens and seals nothing: for looking at a database before its key is at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCipher;

impl ColumnCipher for NoCipher {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, CipherError> {
        Err(CipherError)
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, CipherError> {
        Err(CipherError)
    }

    fn keyed_hash(&self, _: &str, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}
