//! The two ciphers of ZIP: the traditional one (PKWARE APPNOTE 6.1) and WinZip's AES (AE-1, AE-2).

use std::num::NonZeroU32;

use aws_lc_rs::{hmac, pbkdf2};
use zeroize::Zeroizing;

use super::TRUNCATED;
use crate::crypt::Counter;
use crate::stream::{Fault, Feed, Stream, Window};

/// Length of what WinZip puts between the salt and the data, so that most wrong passwords are
/// known at once.
pub const CHECK: usize = 2;
/// Length of the code behind WinZip's data.
pub const CODE: usize = 10;
/// Length of what the traditional cipher puts before the data.
pub const HEADER: usize = 12;
/// Rounds of WinZip's key derivation.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// CRC-32 of each byte.
static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 0 {
                value >> 1
            } else {
                value >> 1 ^ 0xedb8_8320
            };
            bit += 1;
        }
        table[index as usize] = value;
        index += 1;
    }
    table
}

/// The traditional cipher's state.
#[derive(Clone)]
pub struct Traditional([u32; 3]);

impl Traditional {
    pub(crate) fn new(password: &[u8]) -> Self {
        let mut keys = Self([0x1234_5678, 0x2345_6789, 0x3456_7890]);
        for byte in password {
            keys.feed(*byte);
        }
        keys
    }

    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            let low = self.0[2] & 0xffff | 2;
            *byte ^= low.wrapping_mul(low ^ 1).to_le_bytes()[1];
            self.feed(*byte);
        }
    }

    fn feed(&mut self, byte: u8) {
        let [first, second, third] = &mut self.0;
        *first = crc(*first, byte);
        *second = second
            .wrapping_add(*first & 0xff)
            .wrapping_mul(134_775_813)
            .wrapping_add(1);
        *third = crc(*third, second.to_le_bytes()[3]);
    }
}

fn crc(value: u32, byte: u8) -> u32 {
    value >> 8 ^ TABLE[usize::from(value.to_le_bytes()[0] ^ byte)]
}

/// Keys for one member, whose check is right.
pub struct Aes {
    counter: Counter,
    code: hmac::Context,
}

impl Aes {
    /// Keys of `length` bytes from a password; none if it is wrong. One of 65536 wrong ones
    /// comes through.
    pub(crate) fn open(
        password: &[u8],
        salt: &[u8],
        check: &[u8],
        length: usize,
    ) -> Result<Option<Self>, Fault> {
        let mut keys = Zeroizing::new([0; 2 * 32 + CHECK]);
        let keys = &mut keys[..2 * length + CHECK];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, ROUNDS, salt, password, keys);
        let (own, stated) = keys.split_at(2 * length);
        if stated != check {
            return Ok(None);
        }
        let (cipher, code) = own.split_at(length);
        let code = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, code);
        Ok(Some(Self {
            counter: Counter::new(cipher)?,
            code: hmac::Context::with_key(&code),
        }))
    }
}

/// What decrypts a member.
pub enum Cipher {
    Traditional(Traditional),
    Aes(Box<Aes>),
}

impl Cipher {
    /// Reads the code that follows the data, if there is one; whether it is right for
    /// everything that was decrypted.
    pub(crate) fn verify(self, stream: &mut Stream<'_>) -> Result<bool, Fault> {
        let Self::Aes(aes) = self else {
            return Ok(true);
        };
        let stated = stream.array::<CODE>(TRUNCATED)?;
        Ok(aes.code.sign().as_ref().starts_with(&stated))
    }
}

/// The decrypted bytes of a window.
pub struct Decrypted<'p, 's> {
    pub source: Window<'p, 's>,
    pub cipher: Cipher,
}

impl Feed for Decrypted<'_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let count = self.source.pull(buffer)?;
        let bytes = &mut buffer[..count];
        match &mut self.cipher {
            Cipher::Traditional(keys) => keys.apply(bytes),
            Cipher::Aes(aes) => {
                aes.code.update(bytes);
                aes.counter.apply(bytes)?;
            }
        }
        Ok(count)
    }
}
