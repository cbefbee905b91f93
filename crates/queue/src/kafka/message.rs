//! What a message says: that a row of a queue is due, and that it was us who said so.
//!
//! The layout is `version (1) | id (16) | queue (1 to 64) | tag (32)`; the tag is over everything before it.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 16;
const TAG: usize = 32;
/// The longest name of a queue in a message.
const LONGEST_QUEUE: usize = 64;
/// How much of a keyed hash is enough to keep kin together.
const KEY: usize = 8;

/// A hash by a key that only processes of one installation have.
type KeyedHash = dyn Fn(&[u8]) -> [u8; TAG] + Send + Sync;

/// Writes and reads messages.
#[derive(Clone)]
pub struct Seal(Arc<KeyedHash>);

/// Why a message is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is too short or too long.
    #[error("it does not have the length of a message")]
    Length,
    /// It is of another version.
    #[error("its version is not known")]
    Version,
    /// Who wrote it did not have the key, or it was changed since.
    #[error("its tag is wrong")]
    Tag,
    /// It came by the topic of another queue.
    #[error("it speaks of another queue")]
    Queue,
}

impl Refused {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Version => "version",
            Self::Tag => "tag",
            Self::Queue => "queue",
        }
    }
}

impl Seal {
    /// Takes the keyed hash.
    pub fn new(hash: impl Fn(&[u8]) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Arc::new(hash))
    }

    /// Returns the message that says that a row is due. `queue` has 1 to 64 bytes.
    pub fn write(&self, queue: &str, id: Uuid) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEAD + queue.len() + TAG);
        message.push(VERSION);
        message.extend_from_slice(id.as_bytes());
        message.extend_from_slice(queue.as_bytes());
        let tag = (self.0)(&message);
        message.extend_from_slice(&tag);
        message
    }

    /// Returns which row of `queue` a message speaks of.
    pub fn read(&self, queue: &str, message: &[u8]) -> Result<Uuid, Refused> {
        let (said, tag) = message
            .split_last_chunk::<TAG>()
            .filter(|(said, _)| (HEAD + 1..=HEAD + LONGEST_QUEUE).contains(&said.len()))
            .ok_or(Refused::Length)?;
        let (id, of) = said[1..].split_first_chunk::<16>().ok_or(Refused::Length)?;
        if said[0] != VERSION {
            return Err(Refused::Version);
        }
        if !bool::from((self.0)(said).ct_eq(tag)) {
            return Err(Refused::Tag);
        }
        if of != queue.as_bytes() {
            return Err(Refused::Queue);
        }
        Ok(Uuid::from_bytes(*id))
    }

    /// Returns a key that kin have in common and that tells nothing else about them.
    pub(super) fn key(&self, kin: &str) -> [u8; KEY] {
        // The first byte keeps it apart from the tags of messages.
        let hash = (self.0)(&[&[0], kin.as_bytes()].concat());
        let mut key = [0; KEY];
        key.copy_from_slice(&hash[..KEY]);
        key
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use proptest::prelude::*;

    use super::*;

    /// Not a good hash, but a different one for each key.
    fn seal(secret: u8) -> Seal {
        Seal::new(move |bytes| {
            let mut hasher = DefaultHasher::new();
            (secret, bytes).hash(&mut hasher);
            let hash = hasher.finish().to_le_bytes();
            std::array::from_fn(|at| hash[at % 8])
        })
    }

    const ID: Uuid = Uuid::from_u128(0x1234);

    #[test]
    fn what_was_written_is_read() {
        let message = seal(1).write("checks", ID);
        assert_eq!(message.len(), 1 + 16 + 6 + 32);
        assert_eq!(seal(1).read("checks", &message), Ok(ID));
        assert_eq!(seal(2).read("checks", &message), Err(Refused::Tag));
        assert_eq!(seal(1).read("mail", &message), Err(Refused::Queue));
        let mut newer = message.clone();
        newer[0] = 2;
        assert_eq!(seal(1).read("checks", &newer), Err(Refused::Version));
        assert_eq!(seal(1).read("checks", &message[..48]), Err(Refused::Length));
    }

    proptest! {
        #[test]
        fn a_changed_message_is_refused(at in 0usize..55, change in 1u8..) {
            let mut message = seal(1).write("checks", ID);
            message[at] ^= change;
            prop_assert!(seal(1).read("checks", &message).is_err());
        }

        #[test]
        fn anything_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(seal(1).read("checks", &bytes).is_err());
        }
    }
}
