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
    /// All texts that a parameter has, each put together and decoded in its own way of writing;
    /// programs choose differently among them.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        for (own, value) in &self.parameters {
            let Some(rest) = own.strip_prefix(name) else {
                continue;
            };
            match rest.strip_prefix('*') {
                None if rest.is_empty() => texts.push(decode_words(value)),
                None => {}
                Some("") => texts.push(join(&[(0, true, value)])),
                Some(number) => {
                    let coded = number.ends_with('*');
                    let number = number.trim_end_matches('*').parse().unwrap_or(0);
                    pieces.push((number, coded, value));
                }
            }
        }
        if !pieces.is_empty() {
            pieces.sort_by_key(|piece| piece.0);
            texts.push(join(&pieces));
        }
        texts
    }
}

/// The number of a piece, whether it is coded, and what it says (RFC 2231: `name*0*=…`).
type Piece<'a> = (u32, bool, &'a [u8]);

/// Puts a text together: `charset'language'%41` and what follows it.
fn join(pieces: &[Piece<'_>]) -> String {
    let mut bytes = Vec::new();
    let mut charset = String::new();
    for (index, (_, coded, value)) in pieces.iter().enumerate() {
        let mut value = *value;
        if *coded && index == 0 {
            let mut quoted = value.splitn(3, |byte| *byte == b'\'');
            if let (Some(set), Some(_), Some(rest)) = (quoted.next(), quoted.next(), quoted.next())
            {
                charset = String::from_utf8_lossy(set).to_ascii_lowercase();
                value = rest;
            }
        }
        if *coded {
            percent(value, &mut bytes);
        } else {
            bytes.extend_from_slice(value);
        }
    }
    in_charset(&charset, &bytes)
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
        let Some((charset, how, coded)) = word_head(&rest[start..]) else {
            plain.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        // Without an end here there is none for any later word: nothing is searched twice.
        let Some((data, behind)) = coded.split_once("?=") else {
            break;
        };
        // Blanks between two encoded words belong to neither.
        let between = &rest[..start];
        if plain.is_empty() || !between.trim().is_empty() {
            plain.push_str(between);
        }
        plain.push_str(&decode_word(charset, how, data));
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

/// Character set, encoding and what follows them, where `text` begins as an encoded word.
fn word_head(text: &str) -> Option<(&str, char, &str)> {
    let (charset, rest) = text.get(2..)?.split_once('?')?;
    let how = rest.chars().next().filter(|how| "BbQq".contains(*how))?;
    let coded = rest.get(1..)?.strip_prefix('?')?;
    Some((charset, how, coded))
}

fn decode_word(charset: &str, how: char, data: &str) -> String {
    let bytes = if how.eq_ignore_ascii_case(&'b') {
        transfer::base64_all(data.as_bytes())
    } else {
        let mut bytes = Vec::new();
        let escaped = data.replace('_', " ").replace('=', "%");
        percent(escaped.as_bytes(), &mut bytes);
        bytes
    };
    in_charset(&charset.to_ascii_lowercase(), &bytes)
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
