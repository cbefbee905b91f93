//! The standard security handler (ISO 32000-2, 7.6): from a password to the keys of strings and
//! streams.

use aws_lc_rs::digest;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::dictionary::Dictionary;
use super::lexer::Token;
use super::objects::Id;
use crate::crypt::{BLOCK, Blocks, Rc4, encrypt_chained};
use crate::limits::Budget;
use crate::stream::Fault;

/// What short passwords are filled up with.
const PAD: [u8; 32] = *b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
    \x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";
/// The longest password of the newest revisions.
const LONGEST: usize = 127;
/// More rounds than revision 6 can reach by chance.
const MOST_ROUNDS: u32 = 4096;

/// How strings or streams are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    None,
    Rc4,
    Aes128,
    Aes256,
}

/// What the dictionary `Encrypt` says.
pub struct Encrypt {
    revision: u64,
    key_length: usize,
    owner: Vec<u8>,
    user: Vec<u8>,
    owner_key: Vec<u8>,
    user_key: Vec<u8>,
    permissions: [u8; 4],
    id: Vec<u8>,
    pub metadata: bool,
    pub streams: Method,
    pub strings: Method,
}

/// An opened document's key.
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
}

impl Encrypt {
    /// None for what isn't read: other handlers, other methods.
    pub(crate) fn parse(dictionary: &Dictionary, id: &[u8]) -> Option<Self> {
        let (version, revision) = (dictionary.number("V")?, dictionary.number("R")?);
        let bits = dictionary.number("Length");
        let text = |key: &str| dictionary.text(key).unwrap_or_default().to_vec();
        let same = |method| (method, method);
        let (key_length, (streams, strings)) = match (version, revision) {
            (1, 2 | 3) => (5, same(Method::Rc4)),
            (2, 3) => (length(bits.unwrap_or(40))?, same(Method::Rc4)),
            (4, 4) => (16, filters(dictionary)?),
            (5, 5 | 6) => (32, filters(dictionary)?),
            _ => return None,
        };
        let fits = |method| match method {
            Method::None => true,
            Method::Rc4 | Method::Aes128 => version < 5,
            Method::Aes256 => version == 5,
        };
        let (owner, user) = (text("O"), text("U"));
        let long_enough = if version == 5 { 48 } else { 32 };
        let known = dictionary.name("Filter")? == b"Standard"
            && owner.len() >= long_enough
            && user.len() >= long_enough
            && fits(streams)
            && fits(strings);
        known.then_some(Self {
            revision,
            key_length,
            owner,
            user,
            owner_key: text("OE"),
            user_key: text("UE"),
            permissions: permissions(dictionary.get("P")?)?,
            id: id.to_vec(),
            metadata: dictionary.get("EncryptMetadata") != Some(&[Token::Word(b"false".to_vec())]),
            streams,
            strings,
        })
    }

    /// The key, if the password is the user's or the owner's.
    pub(crate) fn open(&self, password: &str, budget: &Budget) -> Result<Option<Key>, Fault> {
        budget.check_time()?;
        if self.revision >= 5 {
            let password = &password.as_bytes()[..password.len().min(LONGEST)];
            return self.open_new(password, budget);
        }
        let password = padded(password);
        if let Some(key) = self.open_old(&password) {
            return Ok(Some(key));
        }
        Ok(self.open_old(&self.user_of(&password)))
    }

    /// Revisions 2 to 4: algorithms 2, 4 and 5.
    fn open_old(&self, password: &[u8; 32]) -> Option<Key> {
        let mut hash = Md5::new();
        hash.update(password);
        hash.update(&self.owner[..32]);
        hash.update(self.permissions);
        hash.update(&self.id);
        if self.revision >= 4 && !self.metadata {
            hash.update([0xff; 4]);
        }
        let mut key = hash.finalize().to_vec();
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Md5::digest(&key[..self.key_length]).to_vec();
            }
        }
        key.truncate(self.key_length);
        let mut check = PAD.to_vec();
        if self.revision >= 3 {
            let mut hash = Md5::new();
            hash.update(PAD);
            hash.update(&self.id);
            check = hash.finalize().to_vec();
        }
        for round in 0..self.rounds() {
            Rc4::new(&turned(&key, round)).apply(&mut check);
        }
        let bytes = Zeroizing::new(key);
        self.user.starts_with(&check).then_some(Key { bytes })
    }

    /// What algorithm 7 makes of the owner's password: the user's, padded.
    fn user_of(&self, owner: &[u8; 32]) -> [u8; 32] {
        let mut key = Md5::digest(owner).to_vec();
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Md5::digest(&key).to_vec();
            }
        }
        key.truncate(self.key_length);
        let mut user = [0; 32];
        user.copy_from_slice(&self.owner[..32]);
        for round in (0..self.rounds()).rev() {
            Rc4::new(&turned(&key, round)).apply(&mut user);
        }
        user
    }

    fn rounds(&self) -> u8 {
        if self.revision >= 3 { 20 } else { 1 }
    }

    /// Revisions 5 and 6: algorithm 2.A.
    fn open_new(&self, password: &[u8], budget: &Budget) -> Result<Option<Key>, Fault> {
        let user = &self.user[..48];
        for (stated, sealed, more) in [
            (user, &self.user_key, &[][..]),
            (&self.owner[..48], &self.owner_key, user),
        ] {
            let (hash, salts) = stated.split_at(32);
            let (check, salt) = salts.split_at(8);
            if self.hash(password, check, more, budget)?.as_slice() != hash {
                continue;
            }
            let Some(mut key) = sealed.first_chunk::<32>().copied() else {
                return Ok(None);
            };
            let outer = self.hash(password, salt, more, budget)?;
            Blocks::new(&outer)?.chained([0; BLOCK], &mut key)?;
            let bytes = Zeroizing::new(key.to_vec());
            return Ok(Some(Key { bytes }));
        }
        Ok(None)
    }

    /// Algorithm 2.B, or its simple forerunner.
    fn hash(
        &self,
        password: &[u8],
        salt: &[u8],
        more: &[u8],
        budget: &Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let first = [password, salt, more].concat();
        let mut hash = digest::digest(&digest::SHA256, &first).as_ref().to_vec();
        let mut round = 0;
        while self.revision >= 6 && round < MOST_ROUNDS {
            budget.check_time()?;
            let mut blocks = [password, &hash, more].concat().repeat(64);
            let (key, start) = hash[..32].split_at(16);
            let start = start.first_chunk().copied().unwrap_or_default();
            encrypt_chained(key, start, &mut blocks)?;
            let sum: u32 = blocks[..16].iter().copied().map(u32::from).sum();
            let algorithm = match sum % 3 {
                0 => &digest::SHA256,
                1 => &digest::SHA384,
                _ => &digest::SHA512,
            };
            hash = digest::digest(algorithm, &blocks).as_ref().to_vec();
            round += 1;
            let last = blocks.last().copied().map_or(0, u32::from);
            if round >= 64 && last + 32 <= round {
                break;
            }
        }
        hash.truncate(32);
        Ok(Zeroizing::new(hash))
    }
}

impl Key {
    /// The key of an object's strings or streams.
    pub(crate) fn of(&self, method: Method, (number, generation): Id) -> Zeroizing<Vec<u8>> {
        if method == Method::Aes256 {
            return self.bytes.clone();
        }
        let mut hash = Md5::new();
        hash.update(self.bytes.as_slice());
        hash.update(&number.to_le_bytes()[..3]);
        hash.update(generation.to_le_bytes());
        if method == Method::Aes128 {
            hash.update(b"sAlT");
        }
        let mut key = hash.finalize().to_vec();
        key.truncate(self.bytes.len() + 5);
        Zeroizing::new(key)
    }
}

/// The methods of streams and strings; none for what differs for embedded files.
fn filters(dictionary: &Dictionary) -> Option<(Method, Method)> {
    let all = dictionary.inner("CF")?;
    let method = |key: &str| {
        if !dictionary.has(key) {
            return Some(Method::None);
        }
        let name = dictionary.name(key)?;
        if name == b"Identity" {
            return Some(Method::None);
        }
        let filter = all.inner(std::str::from_utf8(name).ok()?)?;
        match filter.name("CFM")? {
            b"V2" => Some(Method::Rc4),
            b"AESV2" => Some(Method::Aes128),
            b"AESV3" => Some(Method::Aes256),
            b"None" => Some(Method::None),
            _ => None,
        }
    };
    let streams = method("StmF")?;
    if dictionary.has("EFF") && method("EFF")? != streams {
        return None;
    }
    Some((streams, method("StrF")?))
}

/// A length in bits as bytes.
fn length(bits: u64) -> Option<usize> {
    let whole = bits.is_multiple_of(8) && (40..=128).contains(&bits);
    usize::try_from(bits / 8).ok().filter(|_| whole)
}

/// A number of 32 bits with or without a sign.
fn permissions(value: &[Token]) -> Option<[u8; 4]> {
    match value {
        [Token::Number(number)] => u32::try_from(*number).ok().map(u32::to_le_bytes),
        [Token::Word(word)] => {
            let word = std::str::from_utf8(word).ok()?;
            word.parse().ok().map(i32::to_le_bytes)
        }
        _ => None,
    }
}

fn padded(password: &str) -> [u8; 32] {
    let narrow: Option<Vec<u8>> = password.chars().map(|c| u8::try_from(c).ok()).collect();
    let bytes = Zeroizing::new(narrow.unwrap_or_else(|| password.as_bytes().to_vec()));
    let mut padded = PAD;
    let length = bytes.len().min(32);
    padded[..length].copy_from_slice(&bytes[..length]);
    padded[length..].copy_from_slice(&PAD[..32 - length]);
    padded
}

fn turned(key: &[u8], round: u8) -> Vec<u8> {
    key.iter().map(|byte| byte ^ round).collect()
}
