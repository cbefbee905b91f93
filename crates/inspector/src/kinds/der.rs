//! Certificates, signatures and encrypted content in ASN.1 (X.690, RFC 5652), and OpenPGP's
//! binary packets (RFC 9580).

use super::{Kind, table as k};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const CONTENT: u8 = 0xa0;
/// 1.2.840.113549.1.7
const PKCS7: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07";
/// 1.2.840.113549.1.9.16.1
const SMIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01";
/// Values within values that are followed.
const DEEPEST: u32 = 16;

/// What begins as a value of ASN.1.
pub fn detect(head: &[u8]) -> Option<&'static Kind> {
    let outer = value(head).filter(|outer| outer.tag == SEQUENCE)?;
    if let Some(kind) = message(outer.rest) {
        return Some(kind);
    }
    let long = head.get(1).is_some_and(|length| *length >= 0x80);
    (long && matches!(outer.rest.first(), Some(&(SEQUENCE | INTEGER)))).then_some(&k::DER)
}

/// A `ContentInfo` by its type.
fn message(content: &[u8]) -> Option<&'static Kind> {
    let id = value(content).filter(|id| id.tag == OBJECT_ID)?;
    let (name, rest) = id.rest.split_at_checked(id.length?)?;
    if let Some(number) = name.strip_prefix(PKCS7) {
        return match number {
            [2] if is_detached(rest).unwrap_or(false) => Some(&k::DER),
            [3 | 4 | 6] => Some(&k::CMS_SEALED),
            [1..=5] => Some(&k::CMS),
            _ => None,
        };
    }
    match name.strip_prefix(SMIME)? {
        [23] => Some(&k::CMS_SEALED),
        [2 | 9] => Some(&k::CMS),
        _ => None,
    }
}

/// Whether a `SignedData` holds certificates and signatures only, not what is signed; none
/// when it can't be told.
fn is_detached(content: &[u8]) -> Option<bool> {
    let content = value(content).filter(|it| it.tag == CONTENT)?.rest;
    let signed = value(content).filter(|it| it.tag == SEQUENCE)?.rest;
    let version = value(signed).filter(|it| it.tag == INTEGER)?;
    let digests = version.rest.get(version.length?..)?;
    value(digests).filter(|it| it.tag == SET)?;
    let inner = value(skip(digests, DEEPEST)?).filter(|it| it.tag == SEQUENCE)?;
    let id = value(inner.rest).filter(|it| it.tag == OBJECT_ID)?;
    let behind = id.rest.get(id.length?..)?;
    Some(match inner.length {
        Some(length) => inner.rest.len() - behind.len() == length,
        None => behind.starts_with(&[0, 0]),
    })
}

/// Tag and length of a value, and what follows them.
struct Value<'a> {
    tag: u8,
    /// None: up to an end mark.
    length: Option<usize>,
    rest: &'a [u8],
}

fn value(bytes: &[u8]) -> Option<Value<'_>> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x80 => (None, rest),
        0..0x80 => (Some(usize::from(*first)), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().try_fold(0_usize, |length, digit| {
                length.checked_mul(256)?.checked_add(usize::from(*digit))
            })?;
            (Some(length), rest)
        }
    };
    let tag = *tag;
    Some(Value { tag, length, rest })
}

/// What follows a whole value.
fn skip(bytes: &[u8], deepest: u32) -> Option<&[u8]> {
    let outer = value(bytes)?;
    if let Some(length) = outer.length {
        return outer.rest.get(length..);
    }
    let mut rest = outer.rest;
    while !rest.starts_with(&[0, 0]) {
        rest = skip(rest, deepest.checked_sub(1)?)?;
    }
    rest.get(2..)
}

/// Whether an OpenPGP message begins with the packet that holds its encrypted key.
pub fn is_openpgp(head: &[u8]) -> bool {
    let (Some(first), Some(second)) = (head.first(), head.get(1)) else {
        return false;
    };
    // The old form of a packet says how long its length is, in the new one the length does.
    let (tag, length) = match first {
        0x80..0xc0 => (first >> 2 & 15, [1, 2, 4, 0][usize::from(first & 3)]),
        0xc0.. => (first & 0x3f, if *second < 192 { 1 } else { 2 }),
        _ => return false,
    };
    let body = head.get(1 + length..).unwrap_or_default();
    match (tag, body) {
        (1, [3, _, _, _, _, _, _, _, _, algorithm, ..]) => {
            matches!(algorithm, 1 | 2 | 16 | 18 | 25)
        }
        (3, [4 | 5, cipher, how, ..]) => matches!(cipher, 1..=13) && matches!(how, 0 | 1 | 3 | 4),
        _ => false,
    }
}
