//! Argon2id, off the threads that serve requests, and never more at once than there are cores.

use std::sync::Arc;

use argon2::password_hash::{
    PasswordHash, PasswordHasher as _, PasswordVerifier as _, Salt, SaltString,
};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Version};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::normalised;
use crate::random;

/// The cost of one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The cost is below the floor or not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("argon2id parameters must be at least m=19456 KiB, t=2, p=1, and m at least 8 p")]
pub struct ParamsError;

impl Params {
    const FLOOR: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// Takes memory in KiB, passes and lanes; at least 19456, 2 and 1 (OWASP Password Storage Cheat Sheet).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, ParamsError> {
        let params = Self {
            memory_kib,
            passes,
            lanes,
        };
        let floor = Self::FLOOR;
        let enough =
            memory_kib >= floor.memory_kib && passes >= floor.passes && lanes >= floor.lanes;
        if !enough || params.argon2().is_none() {
            return Err(ParamsError);
        }
        Ok(params)
    }

    /// Returns the cheapest cost there is, so that tests are quick.
    #[cfg(any(test, feature = "test-util"))]
    pub const fn weak() -> Self {
        Self {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        }
    }

    fn argon2(self) -> Option<Argon2<'static>> {
        let params = argon2::Params::new(self.memory_kib, self.passes, self.lanes, None).ok()?;
        Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// 64 MiB, 3 passes, 1 lane.
impl Default for Params {
    fn default() -> Self {
        Self {
            memory_kib: 65_536,
            passes: 3,
            lanes: 1,
        }
    }
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the password.
    pub ok: bool,
    /// Whether it is, and should be hashed anew because the cost has risen since.
    pub rehash_needed: bool,
}

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored text is not an Argon2id hash.
    #[error("stored password hash can't be read")]
    Stored,
    /// Argon2 refused.
    #[error("hashing a password: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The thread that hashed ended early.
    #[error("hashing a password was interrupted")]
    Interrupted,
}

/// Hashes and compares passwords. Clones share the limit.
#[derive(Debug, Clone)]
pub struct Passwords {
    params: Params,
    argon2: Argon2<'static>,
    slots: Arc<Semaphore>,
    nobody: Arc<str>,
}

impl Passwords {
    /// Takes the cost of new hashes. At most as many run at once as there are cores: others wait, so memory stays
    /// below cores × cost.
    ///
    /// # Panics
    /// Never: `Params` holds only costs that Argon2 takes.
    pub fn new(params: Params) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            params,
            argon2: params.argon2().expect("parameters were checked when made"),
            slots: Arc::new(Semaphore::new(cores)),
            nobody: hash_of_nothing(params).into(),
        }
    }

    /// Hashes a password with a fresh salt; returns a PHC string.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashError> {
        let password = normalised(password);
        let argon2 = self.argon2.clone();
        self.aside(move || {
            let salt = random::bytes::<{ Salt::RECOMMENDED_LENGTH }>();
            let salt = SaltString::encode_b64(&salt).map_err(HashError::Argon2)?;
            let hash = argon2.hash_password(password.as_bytes(), &salt);
            Ok(hash.map_err(HashError::Argon2)?.to_string())
        })
        .await
    }

    /// Compares a password with a stored PHC string. Only Argon2id is taken; the cost is the stored one.
    pub async fn verify(
        &self,
        password: &SecretString,
        stored: &str,
    ) -> Result<Verified, HashError> {
        let password = normalised(password);
        let (argon2, wanted, stored) = (self.argon2.clone(), self.params, stored.to_owned());
        self.aside(move || {
            let hash = PasswordHash::new(&stored).map_err(|_| HashError::Stored)?;
            let cost = argon2::Params::try_from(&hash).map_err(|_| HashError::Stored)?;
            if hash.algorithm != ARGON2ID_IDENT || hash.hash.is_none() {
                return Err(HashError::Stored);
            }
            let ok = argon2.verify_password(password.as_bytes(), &hash).is_ok();
            let cheap = cost.m_cost() < wanted.memory_kib || cost.t_cost() < wanted.passes;
            let rehash_needed = ok && cheap;
            Ok(Verified { ok, rehash_needed })
        })
        .await
    }

    /// Takes as long as comparing with a real hash, for accounts that don't exist or have no password.
    pub async fn verify_dummy(&self, password: &SecretString) {
        let verified = self.verify(password, &self.nobody).await;
        debug_assert!(verified.is_ok_and(|verified| !verified.ok));
    }

    /// Runs work on a thread of its own under the limit. The slot is held until the work ends, even when nobody
    /// waits for it any more.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|_| HashError::Interrupted)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(slot);
            result
        })
        .await
        .map_err(|_| HashError::Interrupted)?
    }
}

/// Returns a hash of these costs that no password has: its output is chance.
fn hash_of_nothing(params: Params) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let Params {
        memory_kib,
        passes,
        lanes,
    } = params;
    let salt = STANDARD_NO_PAD.encode(random::bytes::<16>());
    let output = STANDARD_NO_PAD.encode(random::bytes::<32>());
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn passwords() -> Passwords {
        Passwords::new(Params::weak())
    }

    #[tokio::test]
    async fn knows_its_password_and_no_other() {
        let passwords = passwords();
        let stored = passwords.hash(&secret("Pass phrase, long ")).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
            "{stored}"
        );
        let ok = |ok| Verified {
            ok,
            rehash_needed: false,
        };
        let right = passwords
            .verify(&secret("Pass phrase, long "), &stored)
            .await;
        assert_eq!(right.unwrap(), ok(true));
        for wrong in [
            "Pass phrase, long",
            "pass phrase, long ",
            "",
            "Pass phrase, long  ",
        ] {
            let verified = passwords.verify(&secret(wrong), &stored).await.unwrap();
            assert_eq!(verified, ok(false), "{wrong:?}");
        }
        assert_ne!(
            passwords.hash(&secret("Pass phrase, long ")).await.unwrap(),
            stored
        );
    }

    #[tokio::test]
    async fn does_not_cut_long_passwords() {
        let passwords = passwords();
        let long = "a".repeat(255);
        let stored = passwords.hash(&secret(&format!("{long}x"))).await.unwrap();
        let verified = passwords
            .verify(&secret(&format!("{long}y")), &stored)
            .await;
        assert!(!verified.unwrap().ok);
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_one() {
        let passwords = passwords();
        let stored = passwords
            .hash(&secret("p\u{159}\u{ed}li\u{161}"))
            .await
            .unwrap();
        let decomposed = secret("pr\u{30c}i\u{301}lis\u{30c}");
        assert!(passwords.verify(&decomposed, &stored).await.unwrap().ok);
    }

    #[tokio::test]
    async fn asks_for_a_new_hash_when_the_cost_has_risen() {
        let stored = passwords().hash(&secret("moonlight sonata")).await.unwrap();
        let dearer = Passwords::new(Params {
            memory_kib: 16,
            ..Params::weak()
        });
        let verified = dearer
            .verify(&secret("moonlight sonata"), &stored)
            .await
            .unwrap();
        assert!(verified.ok && verified.rehash_needed);
        let wrong = dearer
            .verify(&secret("moonlight sonat"), &stored)
            .await
            .unwrap();
        assert!(!wrong.ok && !wrong.rehash_needed);
        let renewed = dearer.hash(&secret("moonlight sonata")).await.unwrap();
        let verified = dearer
            .verify(&secret("moonlight sonata"), &renewed)
            .await
            .unwrap();
        assert!(!verified.rehash_needed);
    }

    #[tokio::test]
    async fn refuses_what_is_not_an_argon2id_hash() {
        let passwords = passwords();
        let good = passwords.hash(&secret("moonlight sonata")).await.unwrap();
        let bad = [
            String::new(),
            "moonlight sonata".to_owned(),
            good.replace("argon2id", "argon2i"),
            good.replace("m=8", "m=x"),
            good.rsplit_once('$').unwrap().0.to_owned(),
            "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        ];
        for stored in bad {
            let verified = passwords.verify(&secret("moonlight sonata"), &stored).await;
            assert!(matches!(verified, Err(HashError::Stored)), "{stored}");
        }
    }

    #[tokio::test]
    async fn a_missing_account_costs_as_much_as_a_real_one() {
        let passwords = Passwords::new(Params {
            memory_kib: 4_096,
            passes: 3,
            lanes: 1,
        });
        let stored = passwords.hash(&secret("moonlight sonata")).await.unwrap();
        passwords.verify_dummy(&secret("something else")).await;
        // The same work by construction: the parameters in both hashes are equal.
        let cost = |stored: &str| stored.split('$').nth(3).map(str::to_owned);
        assert_eq!(cost(&passwords.nobody), cost(&stored));
    }

    #[test]
    fn costs_have_a_floor() {
        assert!(Params::new(19_456, 2, 1).is_ok());
        for (memory, passes, lanes) in [
            (19_455, 2, 1),
            (19_456, 1, 1),
            (19_456, 2, 0),
            (20_000, 2, 9_000),
        ] {
            assert_eq!(Params::new(memory, passes, lanes), Err(ParamsError));
        }
        let default = Params::default();
        assert_eq!(
            (default.memory_kib, default.passes, default.lanes),
            (65_536, 3, 1)
        );
    }
}
