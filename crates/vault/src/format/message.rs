//! One chunked-encryption message: salt, commitment, chunks; the last chunk is always short.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{
    Error,
    crypto::{equal, expand, random},
};

/// Plain bytes of a chunk that is not the last.
pub(crate) const CHUNK: usize = 16 * 1024;
/// Bytes of a tag.
pub(crate) const TAG: usize = 16;
/// Sealed bytes of a full chunk.
pub(crate) const SEALED: usize = CHUNK + TAG;
/// Bytes before the first chunk: salt and commitment. They name the message.
pub(crate) const ID: usize = SALT + COMMITMENT;
const SALT: usize = 24;
const COMMITMENT: usize = 32;
const LABEL: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// Salt and commitment of a message.
pub(crate) type MessageId = [u8; ID];

/// Sealed length of a message of `plain` bytes.
pub(crate) const fn sealed_len(plain: u64) -> u64 {
    ID as u64 + plain + TAG as u64 * (plain / CHUNK as u64 + 1)
}

struct Keys {
    key: LessSafeKey,
    base: [u8; NONCE_LEN],
    commitment: [u8; COMMITMENT],
}

fn derive(dek: &[u8; 32], salt: &[u8], context: &[&[u8]]) -> Result<Keys, Error> {
    let mut info = Vec::with_capacity(context.len() + 2);
    info.extend_from_slice(&[LABEL, salt]);
    info.extend_from_slice(context);
    let okm: Zeroizing<[u8; 32 + NONCE_LEN + COMMITMENT]> = expand(dek, &info)?;
    let (key, rest) = okm.split_at(32);
    let (base, commitment) = rest.split_at(NONCE_LEN);
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Crypto)?;
    let mut keys = Keys {
        key: LessSafeKey::new(key),
        base: [0; NONCE_LEN],
        commitment: [0; COMMITMENT],
    };
    keys.base.copy_from_slice(base);
    keys.commitment.copy_from_slice(commitment);
    Ok(keys)
}

impl Keys {
    /// Base nonce XOR chunk number, as TLS 1.3 does (RFC 8446, 5.3).
    fn nonce(&self, chunk: u64) -> Nonce {
        let mut nonce = self.base;
        for (byte, counter) in nonce[4..].iter_mut().zip(chunk.to_be_bytes()) {
            *byte ^= counter;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Seals one message, chunk after chunk.
///
/// It draws its own salt and counts its own chunks and can't be cloned or rewound, so no
/// (key, nonce) pair can be used twice.
pub(crate) struct Sealer {
    keys: Keys,
    id: MessageId,
    next: u64,
}

impl Sealer {
    pub(crate) fn new(dek: &[u8; 32], context: &[&[u8]]) -> Result<Self, Error> {
        let salt: [u8; SALT] = random()?;
        let keys = derive(dek, &salt, context)?;
        let mut id = [0; ID];
        id[..SALT].copy_from_slice(&salt);
        id[SALT..].copy_from_slice(&keys.commitment);
        Ok(Self { keys, id, next: 0 })
    }

    pub(crate) fn id(&self) -> &MessageId {
        &self.id
    }

    /// Seals the next chunk from `plain` into `out`, which is [`TAG`] bytes longer.
    pub(crate) fn seal(&mut self, plain: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let nonce = self.take_nonce();
        let (cipher, tag) = out.split_at_mut(plain.len());
        self.keys
            .key
            .seal_out_of_place_scatter(nonce, Aad::empty(), plain, cipher, &[], tag)
            .map_err(|_| Error::Crypto)
    }

    /// Seals the next chunk in place: all of `in_out` but the last [`TAG`] bytes is plain.
    pub(crate) fn seal_in_place(&mut self, in_out: &mut [u8]) -> Result<(), Error> {
        let nonce = self.take_nonce();
        let (plain, tag) = in_out.split_at_mut(in_out.len() - TAG);
        self.keys
            .key
            .seal_in_place_scatter(nonce, Aad::empty(), plain, &[], tag)
            .map_err(|_| Error::Crypto)
    }

    fn take_nonce(&mut self) -> Nonce {
        let nonce = self.keys.nonce(self.next);
        self.next += 1;
        nonce
    }
}

/// Opens the chunks of one message in any order.
pub(crate) struct Opener {
    keys: Keys,
}

impl Opener {
    /// Fails unless `id` commits to this key and context.
    pub(crate) fn new(dek: &[u8; 32], id: &MessageId, context: &[&[u8]]) -> Result<Self, Error> {
        let keys = derive(dek, &id[..SALT], context)?;
        if !equal(&keys.commitment, &id[SALT..]) {
            return Err(Error::Corrupt("commitment"));
        }
        Ok(Self { keys })
    }

    /// Opens chunk number `chunk` into `out`, which is [`TAG`] bytes shorter than `sealed`.
    pub(crate) fn open(&self, chunk: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let (cipher, tag) = sealed.split_at(out.len());
        self.keys
            .key
            .open_separate_gather(self.keys.nonce(chunk), Aad::empty(), cipher, tag, out)
            .map_err(|_| Error::Corrupt("chunk"))
    }
}
