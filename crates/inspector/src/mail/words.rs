//! Words in header fields: parameters (RFC 2045, RFC 2231) and encoded words (RFC 2047).

use super::transfer;

/// A field value with its parameters.
#[derive(Debug, Default)]
pub struct Parsed {
    /// What stands before the first semicolon, lowercase, without comments.
    pub value: String,
    /// Names in lowercase.
    pub parameters: Vec<(String, Vec<u8>)>,
    pub odd: Option<&'static str>,
}

pub fn parameters(field: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut pieces = split(field).into_iter();
    let value = pieces.next().unwrap_or_default();
    parsed.value = String::from_utf8_lossy(value.trim_ascii()).to_ascii_lowercase();
    for piece in pieces {
        let Some(equals) = piece.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let name = String::from_utf8_lossy(piece[..equals].trim_ascii()).to_ascii_lowercase();
        parsed
            .parameters
            .push((name, unquote(piece[equals + 1..].trim_ascii())));
    }
    parsed
}

impl Parsed {
    /// A parameter as text, put together and decoded in whichever way it is written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let direct = self.parameters.iter().find(|(own, _)| own == name);
        let extended = self.extended(name);
        match (direct, extended) {
            (_, Some(text)) => Some(text),
            (Some((_, value)), None) => Some(decode_words(value)),
            (None, None) => None,
        }
    }

    /// RFC 2231: `name*=charset'language'%41` and `name*0*=…; name*1=…`.
    fn extended(&self, name: &str) -> Option<String> {
        let mut pieces: Vec<(u32, bool, &[u8])> = Vec::new();
        for (own, value) in &self.parameters {
            let Some(rest) = own.strip_prefix(name).and_then(|r| r.strip_prefix('*')) else {
                continue;
            };
            let coded = rest.is_empty() || rest.ends_with('*');
            let number = rest.trim_end_matches('*').parse().unwrap_or(0);
            pieces.push((number, coded, value));
        }
        if pieces.is_empty() {
            return None;
        }
        pieces.sort_by_key(|piece| piece.0);
        let mut bytes = Vec::new();
        let mut charset = String::new();
        for (index, (_, coded, value)) in pieces.into_iter().enumerate() {
            let mut value = value;
            if coded && index == 0 {
                let mut quoted = value.splitn(3, |byte| *byte == b'\'');
                if let (Some(set), Some(_), Some(rest)) =
                    (quoted.next(), quoted.next(), quoted.next())
                {
                    charset = String::from_utf8_lossy(set).to_ascii_lowercase();
                    value = rest;
                }
            }
            if coded {
                percent(value, &mut bytes);
            } else {
                bytes.extend_from_slice(value);
            }
        }
        Some(in_charset(&charset, &bytes))
    }
}

/// Splits at semicolons outside of quotes; comments are left out.
fn split(field: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let (mut quoted, mut escaped, mut comment) = (false, false, 0_u32);
    for byte in field {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' if !was_escaped && (quoted || comment > 0) => escaped = true,
            b'"' if comment == 0 && !was_escaped => quoted = !quoted,
            b'(' if !quoted && !was_escaped => {
                comment += 1;
                continue;
            }
            b')' if comment > 0 && !quoted && !was_escaped => {
                comment -= 1;
                continue;
            }
            b';' if !quoted && comment == 0 => {
                pieces.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if comment == 0
            && let Some(piece) = pieces.last_mut()
        {
            piece.push(*byte);
        }
    }
    pieces
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.to_vec();
    };
    let mut plain = Vec::new();
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => plain.extend(bytes.next()),
            _ => plain.push(*byte),
        }
    }
    plain
}

fn percent(value: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        let hex = value.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(decoded) = hex.and_then(hex_byte) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
}

pub fn hex_byte(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok()?;
    let hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(text, 16).ok().filter(|_| hex)
}

/// `=?charset?B?…?=` and `=?charset?Q?…?=` within other text.
pub fn decode_words(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut plain = String::new();
    let mut rest = text.as_ref();
    while let Some(start) = rest.find("=?") {
        let Some((decoded, length)) = encoded_word(&rest[start..]) else {
            plain.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        // Blanks between two encoded words belong to neither.
        let between = &rest[..start];
        if plain.is_empty() || !between.trim().is_empty() {
            plain.push_str(between);
        }
        plain.push_str(&decoded);
        rest = &rest[start + length..];
    }
    plain.push_str(rest);
    plain
}

/// The encoded word that `text` begins with, decoded, and its length.
fn encoded_word(text: &str) -> Option<(String, usize)> {
    let mut parts = text.get(2..)?.splitn(3, '?');
    let (charset, how, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (data, _) = rest.split_once("?=")?;
    let bytes = match how {
        "B" | "b" => transfer::base64_all(data.as_bytes()),
        "Q" | "q" => {
            let mut bytes = Vec::new();
            percent(
                data.replace('_', " ").replace('=', "%").as_bytes(),
                &mut bytes,
            );
            bytes
        }
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + how.len() + 1 + data.len() + 2;
    Some((in_charset(&charset.to_ascii_lowercase(), &bytes), length))
}

/// Bytes as text: UTF-8 if they are that, otherwise byte by byte, which keeps all ASCII.
fn in_charset(charset: &str, bytes: &[u8]) -> String {
    if charset.starts_with("utf-16") {
        let units = bytes.as_chunks::<2>().0.iter();
        let units: Vec<u16> = units.map(|pair| u16::from_be_bytes(*pair)).collect();
        return String::from_utf16_lossy(&units);
    }
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}
