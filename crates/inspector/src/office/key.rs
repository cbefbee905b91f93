//! From a password to the key of a document.

use aws_lc_rs::digest::{self, Digest};
use zeroize::Zeroizing;

use super::info::{Agile, Info, Method, Standard};
use crate::crypt::{BLOCK, Blocks};
use crate::limits::Budget;
use crate::report::Limit;
use crate::stream::Fault;

/// Rounds of the standard method.
const ROUNDS: u32 = 50_000;
/// More rounds than any program asks for.
const MOST_ROUNDS: u32 = 10_000_000;
/// Rounds between two looks at the time.
const STEP: u32 = 4096;

/// What follows the hash of the password, for each purpose ([MS-OFFCRYPTO] 2.3.4.11 to 14).
mod purpose {
    pub const VERIFIER: &[u8] = &[0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79];
    pub const VERIFIER_HASH: &[u8] = &[0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e];
    pub const KEY: &[u8] = &[0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6];
    pub const CODE_KEY: &[u8] = &[0x5f, 0xb2, 0xad, 0x01, 0x0c, 0xb9, 0xe1, 0xf6];
    pub const CODE: &[u8] = &[0xa0, 0x67, 0x7f, 0x02, 0xb2, 0x2c, 0x84, 0x33];
}

/// What opens a document.
pub struct Key {
    pub blocks: Blocks,
    pub chain: Option<Chain>,
}

/// What only the agile method has: pieces with starts of their own, and a code.
pub struct Chain {
    salt: Vec<u8>,
    pub hash: &'static digest::Algorithm,
    /// Key and value of the code.
    pub code: Option<(Vec<u8>, Vec<u8>)>,
}

impl Chain {
    /// From what the first block of piece `number` is chained.
    pub(crate) fn start(&self, number: u32) -> [u8; BLOCK] {
        start(self.hash, &[&self.salt, &number.to_le_bytes()])
    }
}

impl Key {
    /// The key, if the password is right.
    pub(crate) fn open(
        info: &Info,
        password: &str,
        budget: &Budget,
    ) -> Result<Option<Self>, Fault> {
        match info {
            Info::Standard(info) => standard(info, password, budget),
            Info::Agile(info) => agile(info, password, budget),
        }
    }
}

/// The hash of parts behind one another.
fn hash(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

fn start(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> [u8; BLOCK] {
    let mut start = [0x36; BLOCK];
    let hash = hash(algorithm, parts);
    let length = hash.as_ref().len().min(BLOCK);
    start[..length].copy_from_slice(&hash.as_ref()[..length]);
    start
}

/// The hash of a password after many rounds.
fn spun(
    algorithm: &'static digest::Algorithm,
    salt: &[u8],
    password: &str,
    rounds: u32,
    budget: &Budget,
) -> Result<Digest, Fault> {
    if rounds > MOST_ROUNDS {
        return Err(Fault::Limit(Limit::Time));
    }
    let units = password.encode_utf16().flat_map(u16::to_le_bytes);
    let password = Zeroizing::new(units.collect::<Vec<u8>>());
    let mut spun = hash(algorithm, &[salt, &password]);
    let mut round = Vec::with_capacity(4 + digest::MAX_OUTPUT_LEN);
    for number in 0..rounds {
        if number % STEP == 0 {
            budget.check_time()?;
        }
        round.clear();
        round.extend_from_slice(&number.to_le_bytes());
        round.extend_from_slice(spun.as_ref());
        spun = digest::digest(algorithm, &round);
    }
    Ok(spun)
}

fn standard(info: &Standard, password: &str, budget: &Budget) -> Result<Option<Key>, Fault> {
    let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
    let spun = spun(sha1, &info.salt, password, ROUNDS, budget)?;
    let last = hash(sha1, &[spun.as_ref(), &[0; 4]]);
    let mut key = Vec::new();
    for pad in [0x36_u8, 0x5c] {
        let mut block = [pad; 64];
        for (byte, own) in block.iter_mut().zip(last.as_ref()) {
            *byte ^= own;
        }
        key.extend_from_slice(digest::digest(sha1, &block).as_ref());
    }
    key.truncate(info.key_length);
    let blocks = Blocks::new(&key)?;
    let (mut verifier, mut stated) = (info.verifier, info.verifier_hash);
    blocks.single(&mut verifier)?;
    blocks.single(&mut stated)?;
    let right = stated.starts_with(digest::digest(sha1, &verifier).as_ref());
    let chain = None;
    Ok(right.then_some(Key { blocks, chain }))
}

fn agile(info: &Agile, password: &str, budget: &Budget) -> Result<Option<Key>, Fault> {
    let method = &info.password;
    let spun = spun(method.hash, &method.salt, password, info.rounds, budget)?;
    let open = |purpose: &[u8], sealed: &[u8]| {
        let key = hash(method.hash, &[spun.as_ref(), purpose]);
        let key = fitted(key.as_ref(), method.key_length);
        let mut start = [0x36; BLOCK];
        let length = method.salt.len().min(BLOCK);
        start[..length].copy_from_slice(&method.salt[..length]);
        decrypted(&Blocks::new(&key)?, start, sealed)
    };
    let verifier = open(purpose::VERIFIER, &info.verifier)?;
    let verifier = &verifier[..verifier.len().min(method.salt.len())];
    let stated = open(purpose::VERIFIER_HASH, &info.verifier_hash)?;
    if !stated.starts_with(hash(method.hash, &[verifier]).as_ref()) {
        return Ok(None);
    }
    let key = open(purpose::KEY, &info.key)?;
    let blocks = Blocks::new(&fitted(&key, info.data.key_length))?;
    let code = match &info.code {
        Some(code) => Some(self::code(&blocks, &info.data, code)?),
        None => None,
    };
    let chain = Some(Chain {
        salt: info.data.salt.clone(),
        hash: info.data.hash,
        code,
    });
    Ok(Some(Key { blocks, chain }))
}

/// Key and value of the code over the document.
fn code(
    blocks: &Blocks,
    method: &Method,
    (key, value): &(Vec<u8>, Vec<u8>),
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let open = |purpose: &[u8], sealed: &[u8]| {
        let start = start(method.hash, &[&method.salt, purpose]);
        let mut plain = decrypted(blocks, start, sealed)?;
        plain.truncate(method.hash.output_len());
        Ok(plain)
    };
    Ok((open(purpose::CODE_KEY, key)?, open(purpose::CODE, value)?))
}

fn decrypted(blocks: &Blocks, start: [u8; BLOCK], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut plain = sealed.to_vec();
    blocks.chained(start, &mut plain)?;
    Ok(plain)
}

/// A key of this length out of more or fewer bytes.
fn fitted(bytes: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(bytes[..bytes.len().min(length)].to_vec());
    key.resize(length, 0x36);
    key
}
