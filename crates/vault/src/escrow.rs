//! Keys sealed by a password, to be kept in a safe: text, so that it can be printed.
//!
//! ```text
//! sofie-escrow-v1
//! # Comments and what else is above the last line is authenticated, byte for byte.
//! instance = 0197…            which installation the keys are of
//! kdf = argon2id 19
//! memory = 262144             KiB
//! passes = 3
//! lanes = 1
//! salt = 32 bytes, hexadecimal
//! nonce = 12 bytes, hexadecimal
//! sealed = AES-256-GCM of the keys, 32 bytes each, one after another; tag of 16 bytes behind
//! ```
//!
//! The key is Argon2id of the password, 32 bytes; the associated data are all bytes before the line `sealed`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{Kek, crypto::random};

/// Derives a key of 32 bytes from a password and a salt by Argon2id, version 0x13; nothing if the cost can't be met.
/// The caller brings it: this crate knows no password hashing.
pub type Derive = fn(password: &[u8], salt: &[u8; 32], cost: EscrowCost) -> Option<[u8; 32]>;

const MAGIC: &str = "sofie-escrow-v1";
const KDF: &str = "argon2id 19";
const SEALED: &str = "sealed = ";
const KEY: usize = 32;
/// A file that asks for more than this is not ours, and would only wear the machine out.
const MOST_MEMORY: u32 = 4 << 20;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 64;

/// Why sealed keys can't be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EscrowError {
    /// The text is not one that [`Escrow::seal`] made.
    #[error("this is not a file of sealed keys, or it is damaged: {0}")]
    Malformed(&'static str),
    /// The password is another one, or the text was changed. The two can't be told apart.
    #[error("the password is wrong, or the file was changed")]
    Refused,
    /// A cryptographic primitive refused; memory may be short.
    #[error("could not derive a key from the password at the cost that the file names")]
    Derive,
    /// Any other cryptographic failure.
    #[error("could not seal or open the keys")]
    Crypto(#[source] crate::Error),
}

/// How hard guessing the password is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for EscrowCost {
    /// 256 MiB, three passes: a second or so, once in years.
    fn default() -> Self {
        Self {
            memory: 256 << 10,
            passes: 3,
            lanes: 1,
        }
    }
}

/// Keys in escrow.
#[derive(Debug)]
pub struct Escrow {
    /// The installation that the keys are of.
    pub instance: String,
    /// The keys.
    pub keks: Vec<Kek>,
}

impl Escrow {
    /// Seals the keys by a password.
    pub fn seal(
        &self,
        password: &[u8],
        cost: EscrowCost,
        derive: Derive,
    ) -> Result<String, EscrowError> {
        let remarks = [
            "The keys of a SOFiE installation, sealed by a password; `sofie keys import` opens them.",
            &format!("Keys: {}", self.names()),
        ];
        let keys: Vec<&[u8; KEY]> = self.keks.iter().map(Kek::key).collect();
        seal_secrets((&self.instance, &remarks), &keys, (password, cost, derive))
    }

    /// Opens what [`Escrow::seal`] made.
    pub fn open(text: &str, password: &[u8], derive: Derive) -> Result<Self, EscrowError> {
        let OpenedSecrets {
            owner: instance,
            secrets,
        } = open_secrets(text, password, derive)?;
        let keks = secrets.into_iter().map(Kek::from_key);
        let keks = keks.collect::<Result<_, _>>();
        Ok(Self {
            instance,
            keks: keks.map_err(EscrowError::Crypto)?,
        })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.keks.iter().map(|kek| kek.id().as_str()).collect();
        names.join(", ")
    }
}

/// Makes a secret of 32 random bytes.
pub fn random_secret() -> Result<Zeroizing<[u8; KEY]>, EscrowError> {
    let secret = random().map_err(EscrowError::Crypto)?;
    Ok(Zeroizing::new(secret))
}

/// Seals secrets of 32 bytes each by a password. Whose they are and the remarks, a line each, can be read.
pub fn seal_secrets(
    (owner, remarks): (&str, &[&str]),
    secrets: &[&[u8; KEY]],
    (password, cost, derive): (&[u8], EscrowCost, Derive),
) -> Result<String, EscrowError> {
    let salt: [u8; 32] = random().map_err(EscrowError::Crypto)?;
    let nonce: [u8; 12] = random().map_err(EscrowError::Crypto)?;
    let remarks: String = remarks.iter().flat_map(|line| ["# ", line, "\n"]).collect();
    let head = format!(
        "{MAGIC}\n{remarks}instance = {owner}\nkdf = {KDF}\nmemory = {}\npasses = {}\nlanes = {}\nsalt = {}\nnonce = {}\n",
        cost.memory,
        cost.passes,
        cost.lanes,
        hex::encode(salt),
        hex::encode(nonce),
    );
    let mut bytes = Zeroizing::new(Vec::with_capacity(secrets.len() * KEY + 16));
    for secret in secrets {
        bytes.extend_from_slice(*secret);
    }
    let key = key(derive(password, &salt, cost))?;
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(head.as_bytes()),
            &mut bytes,
        )
        .map_err(|_| EscrowError::Crypto(crate::Error::Crypto))?;
    bytes.extend_from_slice(tag.as_ref());
    Ok(format!("{head}{SEALED}{}\n", hex::encode(&*bytes)))
}

/// What [`open_secrets`] brings.
pub struct OpenedSecrets {
    /// Whose they are.
    pub owner: String,
    /// The secrets.
    pub secrets: Vec<Zeroizing<[u8; KEY]>>,
}

/// Whose they are only.
impl std::fmt::Debug for OpenedSecrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("OpenedSecrets")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// Opens what [`seal_secrets`] made.
pub fn open_secrets(
    text: &str,
    password: &[u8],
    derive: Derive,
) -> Result<OpenedSecrets, EscrowError> {
    if text.lines().next() != Some(MAGIC) {
        return Err(EscrowError::Malformed("its first line"));
    }
    let at = text
        .find(&format!("\n{SEALED}"))
        .ok_or(EscrowError::Malformed("nothing is sealed in it"))?;
    let (head, sealed) = text.split_at(at + 1);
    if field(head, "kdf")? != KDF {
        return Err(EscrowError::Malformed("its key derivation"));
    }
    let cost = EscrowCost {
        memory: number(head, "memory", MOST_MEMORY)?,
        passes: number(head, "passes", MOST_PASSES)?,
        lanes: number(head, "lanes", MOST_LANES)?,
    };
    let salt = bytes::<32>(head, "salt")?;
    let nonce = bytes::<12>(head, "nonce")?;
    let sealed = sealed.strip_prefix(SEALED).unwrap_or_default().trim();
    let mut plain = hex::decode(sealed)
        .map(Zeroizing::new)
        .map_err(|_| EscrowError::Malformed("its last line"))?;
    let key = key(derive(password, &salt, cost))?;
    let len = key
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(head.as_bytes()),
            &mut plain,
        )
        .map_err(|_| EscrowError::Refused)?
        .len();
    let (pieces, rest) = plain[..len].as_chunks::<KEY>();
    if !rest.is_empty() || pieces.is_empty() {
        return Err(EscrowError::Malformed("the keys in it"));
    }
    let secrets = pieces.iter().map(|piece| Zeroizing::new(*piece));
    let owner = field(head, "instance")?.to_owned();
    Ok(OpenedSecrets {
        owner,
        secrets: secrets.collect(),
    })
}

fn key(derived: Option<[u8; KEY]>) -> Result<LessSafeKey, EscrowError> {
    let derived = Zeroizing::new(derived.ok_or(EscrowError::Derive)?);
    let key = UnboundKey::new(&AES_256_GCM, &*derived).map_err(|_| EscrowError::Derive)?;
    Ok(LessSafeKey::new(key))
}

fn field<'a>(head: &'a str, name: &'static str) -> Result<&'a str, EscrowError> {
    let mut values = head
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(EscrowError::Malformed(name)),
    }
}

fn number(head: &str, name: &'static str, most: u32) -> Result<u32, EscrowError> {
    let value = field(head, name)?.parse().ok();
    value
        .filter(|value| (1..=most).contains(value))
        .ok_or(EscrowError::Malformed(name))
}

fn bytes<const N: usize>(head: &str, name: &'static str) -> Result<[u8; N], EscrowError> {
    let mut out = [0; N];
    hex::decode_to_slice(field(head, name)?, &mut out).map_err(|_| EscrowError::Malformed(name))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHEAP: EscrowCost = EscrowCost {
        memory: 64,
        passes: 1,
        lanes: 1,
    };

    /// Not Argon2id: what matters here is that everything goes into the key.
    fn toy(password: &[u8], salt: &[u8; 32], cost: EscrowCost) -> Option<[u8; 32]> {
        let cost = [cost.memory, cost.passes, cost.lanes].map(u32::to_be_bytes);
        crate::crypto::mac(salt, b"toy", &[password, &cost.concat()]).ok()
    }

    fn sealed() -> (Escrow, String) {
        let keks = vec![Kek::generate().unwrap(), Kek::generate().unwrap()];
        let escrow = Escrow {
            instance: "0197".to_owned(),
            keks,
        };
        let text = escrow.seal(b"a long pass phrase", CHEAP, toy).unwrap();
        (escrow, text)
    }

    #[test]
    fn the_password_opens_the_keys() {
        let (escrow, text) = sealed();
        let opened = Escrow::open(&text, b"a long pass phrase", toy).unwrap();
        assert_eq!(opened.instance, "0197");
        let keys = |escrow: &Escrow| -> Vec<[u8; 32]> {
            escrow.keks.iter().map(|kek| *kek.key()).collect()
        };
        assert_eq!(keys(&opened), keys(&escrow));
        for kek in &escrow.keks {
            assert!(text.contains(kek.id().as_str()), "it says what is in it");
            assert!(!text.contains(&hex::encode(kek.key())));
        }
        let wrong = Escrow::open(&text, b"a long pass phrasf", toy).unwrap_err();
        assert!(matches!(wrong, EscrowError::Refused));
    }

    #[test]
    fn every_character_counts() {
        let (_, text) = sealed();
        for at in 0..text.len() - 1 {
            let mut bad = text.clone().into_bytes();
            bad[at] = if bad[at] == b'1' { b'2' } else { b'1' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(
                Escrow::open(&bad, b"a long pass phrase", toy).is_err(),
                "{at}"
            );
        }
    }

    #[test]
    fn a_file_can_t_ask_for_all_memory() {
        let (_, text) = sealed();
        let greedy = text.replace("memory = 64", "memory = 4194305");
        let error = Escrow::open(&greedy, b"x", toy).unwrap_err();
        assert!(matches!(error, EscrowError::Malformed("memory")));
    }

    proptest! {
        #[test]
        fn never_panics_on_text(text in "(sofie-escrow-v1\n)?(kdf = argon2id 19\n|(salt|nonce|memory|lanes) = [0-9a-f]{1,64}\n|sealed = |.|\n)*") {
            prop_assert!(Escrow::open(&text, b"x", toy).is_err());
        }
    }
}
