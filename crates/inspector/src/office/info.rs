//! The stream `EncryptionInfo`: how the document and its key are encrypted.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::xml::{self, Tag};
use crate::crypt::KEY_LENGTHS;

/// Longest value in bytes.
const LONGEST: usize = 256;

/// How a document is encrypted.
pub enum Info {
    Standard(Standard),
    Agile(Box<Agile>),
}

/// [MS-OFFCRYPTO] 2.3.4.5: AES, SHA-1, a fixed number of rounds.
pub struct Standard {
    pub key_length: usize,
    pub salt: [u8; 16],
    pub verifier: [u8; 16],
    pub verifier_hash: [u8; 32],
}

/// [MS-OFFCRYPTO] 2.3.4.10: everything is said in XML.
pub struct Agile {
    pub data: Method,
    pub password: Method,
    pub rounds: u32,
    pub verifier: Vec<u8>,
    pub verifier_hash: Vec<u8>,
    pub key: Vec<u8>,
    /// Key and value of the code over the whole stream, encrypted.
    pub code: Option<(Vec<u8>, Vec<u8>)>,
}

/// How one thing is encrypted: AES in CBC mode.
pub struct Method {
    pub salt: Vec<u8>,
    pub key_length: usize,
    pub hash: &'static digest::Algorithm,
}

impl Info {
    /// None for what no method of ours reads.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk::<8>()?;
        let word = |at: usize| u16::from_le_bytes([version[at], version[at + 1]]);
        match (word(0), word(2)) {
            (4, 4) => agile(rest).map(|agile| Self::Agile(Box::new(agile))),
            (2..=4, 2) => standard(rest).map(Self::Standard),
            _ => None,
        }
    }
}

fn standard(bytes: &[u8]) -> Option<Standard> {
    const AES: [u32; 3] = [0x660e, 0x660f, 0x6610];
    const SHA1: u32 = 0x8004;
    let double = |bytes: &[u8], at: usize| {
        let field = bytes.get(at..at + 4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*field))
    };
    let length = usize::try_from(double(bytes, 0)?).ok()?;
    let (header, verifier) = bytes.get(4..)?.split_at_checked(length)?;
    let (cipher, hash, bits) = (double(header, 8)?, double(header, 12)?, double(header, 16)?);
    let key_length = usize::try_from(bits / 8).ok()?;
    let method = match cipher {
        // Left to the flags, which say AES.
        0 if double(header, 0)? & 0x20 != 0 => 0,
        _ => AES.iter().position(|known| *known == cipher)?,
    };
    if KEY_LENGTHS[method] != key_length || !matches!(hash, 0 | SHA1) {
        return None;
    }
    let whole = double(verifier, 0)? == 16 && double(verifier, 36)? == 20;
    whole.then_some(Standard {
        key_length,
        salt: *verifier.get(4..20)?.first_chunk()?,
        verifier: *verifier.get(20..36)?.first_chunk()?,
        verifier_hash: *verifier.get(40..72)?.first_chunk()?,
    })
}

fn agile(bytes: &[u8]) -> Option<Agile> {
    let tags = xml::tags(std::str::from_utf8(bytes).ok()?)?;
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
    // Programs could choose either of two.
    let one = |name: &str| {
        let found = tags.iter().find(|tag| tag.name == name);
        found.filter(|_| count(name) == 1)
    };
    let (data, password) = (one("keyData")?, one("encryptedKey")?);
    let code = if count("dataIntegrity") == 0 {
        None
    } else {
        let tag = one("dataIntegrity")?;
        let (key, code) = ("encryptedHmacKey", "encryptedHmacValue");
        Some((value(tag, key)?, value(tag, code)?))
    };
    Some(Agile {
        data: method(data)?,
        password: method(password)?,
        rounds: password.get("spinCount")?.parse().ok()?,
        verifier: value(password, "encryptedVerifierHashInput")?,
        verifier_hash: value(password, "encryptedVerifierHashValue")?,
        key: value(password, "encryptedKeyValue")?,
        code,
    })
}

fn method(tag: &Tag<'_>) -> Option<Method> {
    let known = tag.get("cipherAlgorithm")? == "AES"
        && tag.get("cipherChaining")? == "ChainingModeCBC"
        && tag.get("blockSize")? == "16";
    let bits: usize = tag.get("keyBits")?.parse().ok()?;
    let key_length = KEY_LENGTHS.into_iter().find(|known| known * 8 == bits)?;
    let hash = match tag.get("hashAlgorithm")? {
        "SHA1" | "SHA-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "SHA256" | "SHA-256" => &digest::SHA256,
        "SHA384" | "SHA-384" => &digest::SHA384,
        "SHA512" | "SHA-512" => &digest::SHA512,
        _ => return None,
    };
    let salt = STANDARD.decode(tag.get("saltValue")?).ok()?;
    let fits = known && (1..=LONGEST).contains(&salt.len());
    fits.then_some(Method {
        salt,
        key_length,
        hash,
    })
}

/// An encrypted value: whole blocks.
fn value(tag: &Tag<'_>, name: &str) -> Option<Vec<u8>> {
    let value = STANDARD.decode(tag.get(name)?).ok()?;
    let fits = (1..=LONGEST).contains(&value.len()) && value.len().is_multiple_of(16);
    fits.then_some(value)
}
