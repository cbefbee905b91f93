//! A key out of a password, for what is sealed by it and lies in a safe.

use argon2::{Algorithm, Argon2, Params, Version};

/// Derives a key by Argon2id, version 0x13; nothing if the cost is not possible or memory is short.
///
/// It takes as long as the cost says, in the calling thread.
#[must_use]
pub fn sealing_key(
    password: &[u8],
    salt: &[u8; 32],
    (memory_kib, passes, lanes): (u32, u32, u32),
) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let params = Params::new(memory_kib, passes, lanes, Some(key.len())).ok()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, salt, &mut key)
        .ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_salt_and_cost_make_the_key() {
        let key = |password: &[u8], salt, cost| sealing_key(password, &[salt; 32], cost);
        let first = key(b"a", 1, (64, 1, 1)).unwrap();
        assert_eq!(key(b"a", 1, (64, 1, 1)), Some(first));
        for other in [
            key(b"b", 1, (64, 1, 1)),
            key(b"a", 2, (64, 1, 1)),
            key(b"a", 1, (65, 1, 1)),
            key(b"a", 1, (64, 2, 1)),
            key(b"a", 1, (64, 1, 2)),
        ] {
            assert_ne!(other.unwrap(), first);
        }
        assert_eq!(
            key(b"a", 1, (1, 1, 1)),
            None,
            "less than the algorithm needs"
        );
    }
}
