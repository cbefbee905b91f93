//! One file in an archive with a password, streamed: WinZip's AES-256 encryption, version AE-2.
//!
//! The format is public (<https://www.winzip.com/en/support/aes-encryption/>): the extra field 0x9901, a key by
//! PBKDF2 with HMAC-SHA-1 over 1 000 rounds, AES in counter mode with a little-endian counter from 1, and the
//! first ten bytes of an HMAC-SHA-1 of the ciphertext. It keeps programs from opening or scanning what is inside
//! by themselves; with a password that everybody knows it keeps no secret.

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_256, EncryptingKey, UnboundCipherKey},
    error::Unspecified,
    hmac, pbkdf2,
};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};

use super::{DosTime, records};
use crate::downloads::Chunk;

/// Length of the salt of a 256-bit key.
const SALT: usize = 16;
const VERIFIER: usize = 2;
const MAC: usize = 10;
/// What encryption adds to a file's length.
const OVERHEAD: u64 = (SALT + VERIFIER + MAC) as u64;
const ROUNDS: NonZeroU32 = NonZeroU32::new(1000).expect("it is not zero");
const BLOCK: usize = 16;

/// An archive of one encrypted file, before its content.
pub struct Locked {
    head: Bytes,
    sealer: Sealer,
    end: Vec<u8>,
    len: u64,
}

impl Locked {
    /// Lays the archive of a file of `size` bytes out; the salt must be used for it alone.
    pub fn new(
        name: &str,
        size: u64,
        at: DateTime<Utc>,
        password: &str,
        salt: [u8; SALT],
    ) -> Result<Self, Unspecified> {
        let entry = records::Entry {
            name,
            size,
            packed: size.saturating_add(OVERHEAD),
            // AE-2 has none: the code at the end says more.
            crc32: 0,
            locked: true,
        };
        let stamp = DosTime::from(at);
        let (sealer, verifier) = Sealer::new(password, &salt)?;
        let mut head = records::local_header(&entry, stamp);
        let start = head.len() as u64 + entry.packed;
        head.extend(salt);
        head.extend(verifier);
        let mut end = Vec::new();
        records::central_header(&mut end, &entry, 0, stamp);
        let directory = end.len() as u64;
        records::end(&mut end, 1, start, directory);
        Ok(Self {
            head: head.into(),
            sealer,
            len: start + end.len() as u64,
            end,
        })
    }

    /// Returns the length of the archive in bytes.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Encrypts the content as it comes; after a failure nothing follows.
    pub fn seal(
        self,
        content: impl Stream<Item = Chunk> + Send + 'static,
    ) -> impl Stream<Item = Chunk> + Send + 'static {
        let head = self.head;
        let sealing = Sealing {
            content: content.boxed(),
            left: Some((self.sealer, self.end)),
        };
        stream::once(async move { Ok(head) }).chain(stream::unfold(sealing, Sealing::next))
    }
}

impl std::fmt::Debug for Locked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Locked({})", self.len)
    }
}

struct Sealing {
    content: stream::BoxStream<'static, Chunk>,
    left: Option<(Sealer, Vec<u8>)>,
}

impl Sealing {
    async fn next(mut self) -> Option<(Chunk, Self)> {
        let (mut sealer, end) = self.left.take()?;
        let chunk = match self.content.next().await {
            Some(Ok(plain)) => match sealer.seal(&plain) {
                Ok(bytes) => {
                    self.left = Some((sealer, end));
                    Ok(bytes)
                }
                Err(Unspecified) => Err(sofie_vault::Error::Crypto),
            },
            Some(Err(error)) => Err(error),
            None => Ok([sealer.finish().as_slice(), &end].concat().into()),
        };
        Some((chunk, self))
    }
}

/// The cipher of one file.
struct Sealer {
    key: EncryptingKey,
    mac: hmac::Context,
    position: u64,
}

impl Sealer {
    /// Returns the cipher, and what tells an unpacker early that the password is wrong.
    fn new(password: &str, salt: &[u8]) -> Result<(Self, [u8; VERIFIER]), Unspecified> {
        let mut keys = [0; 32 + 32 + VERIFIER];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA1,
            ROUNDS,
            salt,
            password.as_bytes(),
            &mut keys,
        );
        let [cipher, mac] = [&keys[..32], &keys[32..64]];
        let mac = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac);
        let sealer = Self {
            key: EncryptingKey::ecb(UnboundCipherKey::new(&AES_256, cipher)?)?,
            mac: hmac::Context::with_key(&mac),
            position: 0,
        };
        Ok((sealer, [keys[64], keys[65]]))
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Bytes, Unspecified> {
        let skip = usize::try_from(self.position % BLOCK as u64).unwrap_or(0);
        let blocks = (skip + plain.len()).div_ceil(BLOCK);
        let mut stream = BytesMut::with_capacity(blocks * BLOCK);
        let first = self.position / BLOCK as u64 + 1;
        for counter in first..first + blocks as u64 {
            stream.extend_from_slice(&u128::from(counter).to_le_bytes());
        }
        self.key.encrypt(&mut stream)?;
        let mut sealed = stream.split_off(skip);
        sealed.truncate(plain.len());
        for (byte, plain) in sealed.iter_mut().zip(plain) {
            *byte ^= plain;
        }
        self.mac.update(&sealed);
        self.position += plain.len() as u64;
        Ok(sealed.freeze())
    }

    fn finish(self) -> [u8; MAC] {
        let mut mac = [0; MAC];
        mac.copy_from_slice(&self.mac.sign().as_ref()[..MAC]);
        mac
    }
}

#[cfg(test)]
mod tests;
