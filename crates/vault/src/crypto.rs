//! The few primitives everything here is made of: HKDF-Expand-SHA-512 (RFC 5869), HMAC-SHA-512
//! truncated to 32 bytes, length prefixes, randomness.

use aws_lc_rs::{constant_time, hkdf, hmac, rand};
use zeroize::Zeroizing;

use crate::Error;

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-SHA-512 of a uniformly random 32-byte key.
pub(crate) fn expand<const N: usize>(
    key: &[u8; 32],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, Error> {
    let mut out = Zeroizing::new([0; N]);
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, key)
        .expand(info, Length(N))
        .and_then(|okm| okm.fill(out.as_mut()))
        .map_err(|_| Error::Crypto)?;
    Ok(out)
}

/// HMAC-SHA-512 cut to 32 bytes, under a key expanded for `label`.
pub(crate) fn mac(key: &[u8; 32], label: &[u8], data: &[&[u8]]) -> Result<[u8; 32], Error> {
    let subkey = expand::<32>(key, &[label])?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, &*subkey));
    for piece in data {
        context.update(piece);
    }
    let tag = context.sign();
    let mut out = [0; 32];
    out.copy_from_slice(&tag.as_ref()[..32]);
    Ok(out)
}

/// Compares in constant time.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Fills an array from the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = [0; N];
    rand::fill(&mut out).map_err(|_| Error::Crypto)?;
    Ok(out)
}

/// Joins fields so that no two different lists give the same bytes.
pub(crate) fn length_prefixed(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fields.iter().map(|f| f.len() + 4).sum());
    for field in fields {
        let len = u32::try_from(field.len()).expect("context fields are far below 4 GiB");
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(field);
    }
    out
}
