//! Passwords that people gave for encrypted content (DET-7).

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::report::How;

/// The most passwords for one file.
const MOST: usize = 32;
/// The longest password in bytes.
const LONGEST: usize = 256;

/// What may open encrypted content, in the order in which it is tried. Wiped when it is dropped
/// and never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Passwords(Vec<Zeroizing<String>>);

/// Why a list of passwords is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordsError {
    /// More than 32.
    #[error("more than {MOST} passwords")]
    TooMany,
    /// One has more than 256 bytes.
    #[error("a password of more than {LONGEST} bytes")]
    TooLong,
}

impl Passwords {
    /// Takes passwords; those that are refused are wiped as well.
    pub fn new(list: Vec<String>) -> Result<Self, PasswordsError> {
        let list = Self(list.into_iter().map(Zeroizing::new).collect());
        if list.0.len() > MOST {
            return Err(PasswordsError::TooMany);
        }
        if list.0.iter().any(|password| password.len() > LONGEST) {
            return Err(PasswordsError::TooLong);
        }
        Ok(list)
    }

    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What to try on content that programs open by themselves with one of `known`.
    pub(crate) fn beside<'a>(
        &'a self,
        known: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a str, How)> {
        let known = known.iter().map(|known| (*known, How::DefaultPassword));
        let given = self.0.iter().map(|given| (given.as_str(), How::Password));
        known.chain(given)
    }
}

impl TryFrom<Vec<String>> for Passwords {
    type Error = PasswordsError;

    fn try_from(list: Vec<String>) -> Result<Self, PasswordsError> {
        Self::new(list)
    }
}

impl Serialize for Passwords {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|password| password.as_str()))
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passwords({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST, Passwords, PasswordsError};

    #[test]
    fn lists_are_bounded_and_never_shown() {
        let list = |count| vec!["hunter2".to_owned(); count];
        let most = Passwords::new(list(MOST)).unwrap();
        assert_eq!(format!("{most:?}"), "Passwords(32)");
        assert_eq!(Passwords::new(list(MOST + 1)), Err(PasswordsError::TooMany));
        let long = vec!["x".repeat(LONGEST + 1)];
        assert_eq!(Passwords::new(long), Err(PasswordsError::TooLong));
        let json = serde_json::to_string(&list(MOST + 1)).unwrap();
        assert!(serde_json::from_str::<Passwords>(&json).is_err());
    }
}
