//! Encryption of single database columns.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

use crate::{
    Error,
    crypto::{expand, length_prefixed, random},
};

const VERSION: u8 = 1;
const SALT: usize = 24;
const TAG: usize = 16;

/// Seals values for database columns and hashes those that must be searchable.
///
/// Each sealed value has a key of its own (HKDF with a random 24-byte salt and the context), so no
/// count of values wears the key out; 41 bytes longer than the plain value.
pub struct FieldCipher {
    seal: Zeroizing<[u8; 32]>,
    hash: Zeroizing<[u8; 32]>,
}

impl FieldCipher {
    pub(crate) fn new(seal: Zeroizing<[u8; 32]>, hash: Zeroizing<[u8; 32]>) -> Self {
        Self { seal, hash }
    }

    /// Encrypts `plain`, bound to `context`: table, column and row id, so that a value moved to
    /// another row does not open.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let salt: [u8; SALT] = random()?;
        let (key, nonce) = self.derive(&salt, context)?;
        let mut out = Vec::with_capacity(1 + SALT + plain.len() + TAG);
        out.push(VERSION);
        out.extend_from_slice(&salt);
        out.extend_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from([VERSION]), &mut out[1 + SALT..])
            .map_err(|_| Error::Crypto)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Decrypts what [`FieldCipher::seal`] made with the same context; otherwise [`Error::Corrupt`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let body = sealed
            .strip_prefix(&[VERSION])
            .ok_or(Error::Corrupt("field version"))?;
        let (salt, body) = body
            .split_first_chunk::<SALT>()
            .ok_or(Error::Corrupt("field length"))?;
        let (key, nonce) = self.derive(salt, context)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let len = key
            .open_in_place(nonce, Aad::from([VERSION]), &mut plain)
            .map_err(|_| Error::Corrupt("field"))?
            .len();
        plain.truncate(len);
        Ok(plain)
    }

    /// A keyed hash for equality search; `label` separates columns. Deterministic: equal values
    /// have equal hashes, so use it only where search is needed.
    pub fn keyed_hash(&self, label: &[u8], data: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA512, &*self.hash);
        let tag = hmac::sign(&key, &length_prefixed(&[label, data]));
        let mut out = [0; 32];
        out.copy_from_slice(&tag.as_ref()[..32]);
        out
    }

    fn derive(&self, salt: &[u8; SALT], context: &[u8]) -> Result<(LessSafeKey, Nonce), Error> {
        let okm = expand::<44>(&self.seal, &[b"sofie field v1", salt, context])?;
        let key = UnboundKey::new(&AES_256_GCM, &okm[..32]).map_err(|_| Error::Crypto)?;
        let nonce = Nonce::try_assume_unique_for_key(&okm[32..]).map_err(|_| Error::Crypto)?;
        Ok((LessSafeKey::new(key), nonce))
    }
}

impl fmt::Debug for FieldCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldCipher")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cipher() -> FieldCipher {
        FieldCipher::new(Zeroizing::new([1; 32]), Zeroizing::new([2; 32]))
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed(context: Vec<u8>, plain: Vec<u8>) {
            let sealed = cipher().seal(&context, &plain).unwrap();
            prop_assert_eq!(&*cipher().open(&context, &sealed).unwrap(), &plain);
            prop_assert!(cipher().open(b"elsewhere", &sealed).is_err());
        }

        #[test]
        fn never_opens_noise(noise: Vec<u8>) {
            prop_assert!(cipher().open(b"c", &noise).is_err());
        }
    }

    #[test]
    fn every_bit_counts_and_equal_values_differ() {
        let sealed = cipher().seal(b"c", b"marker").unwrap();
        assert_ne!(sealed, cipher().seal(b"c", b"marker").unwrap());
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(cipher().open(b"c", &bad).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(cipher().open(b"c", &sealed[..len]).is_err());
        }
    }

    #[test]
    fn hashes_are_stable_and_separated_by_label() {
        let c = cipher();
        assert_eq!(c.keyed_hash(b"mail", b"a"), c.keyed_hash(b"mail", b"a"));
        assert_ne!(c.keyed_hash(b"mail", b"a"), c.keyed_hash(b"name", b"a"));
        assert_ne!(c.keyed_hash(b"mail", b"a"), c.keyed_hash(b"mai", b"la"));
    }
}
