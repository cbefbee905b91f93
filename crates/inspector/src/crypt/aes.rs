//! AES in the modes that file formats have.

use aws_lc_rs::cipher::{
    self, AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey,
    EncryptionContext, UnboundCipherKey,
};

use super::FAILED;
use crate::stream::Fault;

/// Length of a block in bytes.
pub const BLOCK: usize = 16;
/// Lengths of keys in bytes.
pub const KEY_LENGTHS: [usize; 3] = [16, 24, 32];
/// How much key stream is made at once.
const PAD: usize = 256 * BLOCK;

fn algorithm(key: &[u8]) -> Option<&'static cipher::Algorithm> {
    match key.len() {
        16 => Some(&AES_128),
        24 => Some(&AES_192),
        32 => Some(&AES_256),
        _ => None,
    }
}

fn key(bytes: &[u8]) -> Result<UnboundCipherKey, Fault> {
    let algorithm = algorithm(bytes).ok_or(FAILED)?;
    UnboundCipherKey::new(algorithm, bytes).map_err(|_| FAILED)
}

/// Decrypts whole blocks.
pub struct Blocks {
    chained: DecryptingKey,
    single: DecryptingKey,
}

impl Blocks {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Fault> {
        Ok(Self {
            chained: DecryptingKey::cbc(key(bytes)?).map_err(|_| FAILED)?,
            single: DecryptingKey::ecb(key(bytes)?).map_err(|_| FAILED)?,
        })
    }

    /// Decrypts blocks, each of which is chained to the one before.
    pub(crate) fn chained(&self, start: [u8; BLOCK], bytes: &mut [u8]) -> Result<(), Fault> {
        let start = DecryptionContext::Iv128(start.into());
        let plain = self.chained.decrypt(bytes, start);
        plain.map(drop).map_err(|_| FAILED)
    }

    /// Decrypts blocks, each by itself.
    pub(crate) fn single(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        let plain = self.single.decrypt(bytes, DecryptionContext::None);
        plain.map(drop).map_err(|_| FAILED)
    }
}

/// Encrypts blocks, each of which is chained to the one before: some key derivations want it.
pub fn encrypt_chained(bytes: &[u8], start: [u8; BLOCK], blocks: &mut [u8]) -> Result<(), Fault> {
    let key = EncryptingKey::cbc(key(bytes)?).map_err(|_| FAILED)?;
    let start = EncryptionContext::Iv128(start.into());
    let sealed = key.less_safe_encrypt(blocks, start);
    sealed.map(drop).map_err(|_| FAILED)
}

/// Counter mode whose counter begins at 1 and has its lowest byte first, as WinZip counts.
pub struct Counter {
    key: EncryptingKey,
    count: u128,
    pad: Box<[u8; PAD]>,
    used: usize,
}

impl Counter {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Fault> {
        Ok(Self {
            key: EncryptingKey::ecb(key(bytes)?).map_err(|_| FAILED)?,
            count: 1,
            pad: Box::new([0; PAD]),
            used: PAD,
        })
    }

    /// Decrypts the next bytes.
    pub(crate) fn apply(&mut self, mut bytes: &mut [u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            if self.used == PAD {
                self.refill()?;
            }
            let count = bytes.len().min(PAD - self.used);
            let (now, later) = bytes.split_at_mut(count);
            for (byte, pad) in now.iter_mut().zip(&self.pad[self.used..]) {
                *byte ^= pad;
            }
            self.used += count;
            bytes = later;
        }
        Ok(())
    }

    fn refill(&mut self) -> Result<(), Fault> {
        for block in self.pad.as_chunks_mut::<BLOCK>().0 {
            *block = self.count.to_le_bytes();
            self.count += 1;
        }
        self.key.encrypt(&mut self.pad[..]).map_err(|_| FAILED)?;
        self.used = 0;
        Ok(())
    }
}
