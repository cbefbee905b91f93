//! Checksums that a caller sends along.

use std::str::FromStr;

use aws_lc_rs::digest;

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1, which every tus server must know; it finds accidents, not attackers.
    Sha1,
    /// SHA-256.
    Sha256,
    /// CRC-32 as in IEEE 802.3, big endian.
    Crc32,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &[Self] = &[Self::Sha256, Self::Crc32, Self::Sha1];

    /// Returns the word used in HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Crc32 => "crc32",
        }
    }
}

impl FromStr for Algorithm {
    type Err = sofie_domain::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|a| a.as_str() == word);
        found.ok_or(sofie_domain::UnknownWord)
    }
}

/// What the bytes of one body should come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it is computed.
    pub algorithm: Algorithm,
    /// The expected value.
    pub value: Vec<u8>,
}

enum Running {
    Digest(digest::Context),
    Crc32(crc32fast::Hasher),
}

/// Computes a checksum as the bytes pass.
pub(super) struct Checking {
    running: Running,
    expected: Vec<u8>,
}

impl Checking {
    pub(super) fn new(checksum: Checksum) -> Self {
        let running = match checksum.algorithm {
            Algorithm::Sha1 => {
                Running::Digest(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
            }
            Algorithm::Sha256 => Running::Digest(digest::Context::new(&digest::SHA256)),
            Algorithm::Crc32 => Running::Crc32(crc32fast::Hasher::new()),
        };
        Self {
            running,
            expected: checksum.value,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Digest(context) => context.update(bytes),
            Running::Crc32(hasher) => hasher.update(bytes),
        }
    }

    /// Tells whether the bytes came to what was expected.
    pub(super) fn agrees(self) -> bool {
        match self.running {
            Running::Digest(context) => context.finish().as_ref() == self.expected,
            Running::Crc32(hasher) => hasher.finalize().to_be_bytes().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_of_123456789_are_found() {
        let known = [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (
                Algorithm::Sha256,
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            ),
        ];
        for (algorithm, value) in known {
            let value = hex::decode(value).unwrap();
            for (bytes, agrees) in [("123456789", true), ("123456788", false)] {
                let value = value.clone();
                let mut checking = Checking::new(Checksum { algorithm, value });
                let (head, tail) = bytes.split_at(4);
                checking.update(head.as_bytes());
                checking.update(tail.as_bytes());
                assert_eq!(checking.agrees(), agrees, "{algorithm:?} {bytes}");
            }
        }
    }
}
