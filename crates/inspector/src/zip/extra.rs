//! Extra fields of local headers and of the central directory.

use super::{quad, word};
use crate::crypt::KEY_LENGTHS;
use crate::stream::Fault;

const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;
const AES: u16 = 0x9901;
const STRONG_ENCRYPTION: u16 = 0x0017;
/// The 32-bit value that says that the real one is in the ZIP64 field.
const IN_ZIP64: u32 = u32::MAX;

/// The extra fields that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    zip64: Option<Vec<u8>>,
    pub encrypted: bool,
    pub aes: Option<AesField>,
    /// Another name for the member, which some programs prefer.
    pub unicode_path: Option<String>,
}

/// WinZip's field: how a member is encrypted, and how its data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AesField {
    /// 1, or 2 when headers leave out the checksum.
    pub version: u16,
    /// In bytes.
    pub key_length: usize,
    pub method: u16,
}

impl Extra {
    /// Reads the fields; they must fill the space exactly, but for a few zero bytes that
    /// alignment tools leave.
    pub(crate) fn parse(mut bytes: &[u8]) -> Result<Self, Fault> {
        let mut extra = Self::default();
        while bytes.len() >= 4 {
            let (id, length) = (word(bytes, 0), usize::from(word(bytes, 2)));
            if id == 0 && bytes.iter().all(|byte| *byte == 0) {
                return Ok(extra);
            }
            let data = bytes
                .get(4..4 + length)
                .ok_or(Fault::Ambiguous("zip-bad-extra"))?;
            match id {
                ZIP64 if extra.zip64.is_some() => return Err(Fault::Ambiguous("zip-bad-extra")),
                ZIP64 => extra.zip64 = Some(data.to_vec()),
                UNICODE_PATH => extra.unicode_path = unicode_path(data),
                AES if extra.encrypted => return Err(Fault::Ambiguous("zip-bad-extra")),
                AES => {
                    extra.encrypted = true;
                    extra.aes = aes_field(data);
                }
                STRONG_ENCRYPTION => extra.encrypted = true,
                _ => {}
            }
            bytes = &bytes[4 + length..];
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(Fault::Ambiguous("zip-bad-extra"));
        }
        Ok(extra)
    }

    /// The real values of 32-bit `fields`, in the order in which the ZIP64 field has them:
    /// unpacked size, packed size, offset. A value that is not marked may not be there too,
    /// but for local headers, which carry both sizes or none.
    pub(crate) fn widen<const N: usize>(&self, fields: [u32; N]) -> Result<[u64; N], Fault> {
        let mut wide = fields.map(u64::from);
        let Some(data) = &self.zip64 else {
            return Ok(wide);
        };
        let marked = fields.iter().filter(|field| **field == IN_ZIP64).count();
        let carried = data.len() / 8;
        let all = carried >= N && marked < N;
        let mut at = 0;
        for (field, wide) in fields.into_iter().zip(&mut wide) {
            if field != IN_ZIP64 && !all {
                continue;
            }
            if at + 8 > data.len() {
                return Err(Fault::Ambiguous("zip-bad-zip64"));
            }
            let value = quad(data, at);
            at += 8;
            if field != IN_ZIP64 && value != u64::from(field) && value != 0 {
                return Err(Fault::Ambiguous("zip-bad-zip64"));
            }
            if field == IN_ZIP64 {
                *wide = value;
            }
        }
        Ok(wide)
    }
}

fn aes_field(data: &[u8]) -> Option<AesField> {
    let [_, _, b'A', b'E', strength, _, _] = data else {
        return None;
    };
    Some(AesField {
        version: Some(word(data, 0)).filter(|version| matches!(version, 1 | 2))?,
        key_length: *KEY_LENGTHS.get(usize::from(strength.checked_sub(1)?))?,
        method: word(data, 5),
    })
}

/// Info-ZIP's field: a version, the checksum of the plain name, the name in UTF-8.
fn unicode_path(data: &[u8]) -> Option<String> {
    data.get(5..)
        .map(|name| String::from_utf8_lossy(name).into_owned())
}
