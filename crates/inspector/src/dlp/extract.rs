//! Text out of bytes: encodings first, then markup.

use super::rtf::Rtf;
use crate::kinds::{self, Format, Kind};

/// How the text stands in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// Between tags: HTML, XML and what documents are made of.
    Markup,
    Rtf,
    /// The header of a message; its parts are objects of their own.
    Header,
}

/// Longest tag; what claims to be longer is text again.
const LONGEST_TAG: usize = 4096;
/// Longest name of a tag that is compared.
const LONGEST_NAME: usize = 24;
/// Longest entity or control word.
const LONGEST_WORD: usize = 34;
/// How much of the beginning tells the order of UTF-16 without a mark.
const SAMPLE: usize = 512;

/// How text is read out of an object of this kind; none when it has none that is read.
pub fn form(kind: &'static Kind, announced: Option<&'static Kind>) -> Option<Form> {
    if [&kinds::HTML, &kinds::XML, &kinds::SVG].contains(&kind) {
        return Some(Form::Markup);
    }
    match kind.format {
        Format::Mail => Some(Form::Header),
        Format::Rtf => Some(Form::Rtf),
        Format::Text => Some(Form::Plain),
        _ if announced == Some(&kinds::TEXT) => Some(Form::Plain),
        _ => None,
    }
}

/// Takes bytes in pieces and gives text; ASCII in it is ASCII, the rest whatever it was.
#[derive(Debug)]
pub struct Extract {
    decoder: Decoder,
    form: State,
    /// Decoded text before its markup is taken away.
    decoded: Vec<u8>,
}

#[derive(Debug)]
enum Decoder {
    /// UTF-8, or one byte a character.
    Bytes,
    Utf16 {
        unit: fn([u8; 2]) -> u16,
        /// The first half of a unit.
        half: Option<u8>,
    },
}

impl Decoder {
    fn of(head: &[u8]) -> Self {
        let order = |unit| Self::Utf16 { unit, half: None };
        let sample = &head[..head.len().min(SAMPLE)];
        let zeros = |odd: usize| {
            let bytes = sample.iter().skip(odd).step_by(2);
            bytes.filter(|byte| **byte == 0).count()
        };
        match sample {
            [0xff, 0xfe, ..] => order(u16::from_le_bytes),
            [0xfe, 0xff, ..] => order(u16::from_be_bytes),
            // Even of text in another script, blanks and digits are ASCII.
            _ if zeros(0) == 0 && zeros(1) * 16 > sample.len() => order(u16::from_le_bytes),
            _ if zeros(1) == 0 && zeros(0) * 16 > sample.len() => order(u16::from_be_bytes),
            _ => Self::Bytes,
        }
    }
}

#[derive(Debug)]
enum State {
    Plain,
    Markup(Markup),
    Rtf(Rtf),
    Header {
        /// Line ends seen behind one another; none when the header is over.
        ends: Option<u8>,
    },
}

#[derive(Debug, Default)]
struct Markup {
    within: Within,
    /// What was read of a tag's name or an entity.
    word: Vec<u8>,
    length: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Text,
    /// Behind `<`.
    Open,
    Tag,
    Entity,
}

impl Extract {
    pub(super) fn new(form: Form, head: &[u8]) -> Self {
        Self {
            decoder: Decoder::of(head),
            form: match form {
                Form::Plain => State::Plain,
                Form::Markup => State::Markup(Markup::default()),
                Form::Rtf => State::Rtf(Rtf::default()),
                Form::Header => State::Header { ends: Some(0) },
            },
            decoded: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let Decoder::Utf16 { unit, half } = &mut self.decoder else {
            return self.form.push(bytes, text);
        };
        self.decoded.clear();
        for byte in bytes {
            let Some(first) = half.take() else {
                *half = Some(*byte);
                continue;
            };
            let symbol = char::from_u32(u32::from(unit([first, *byte]))).unwrap_or('\u{fffd}');
            let mut buffer = [0; 4];
            let encoded = symbol.encode_utf8(&mut buffer);
            self.decoded.extend_from_slice(encoded.as_bytes());
        }
        self.form.push(&self.decoded, text);
    }
}

impl State {
    fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Plain => text.extend_from_slice(bytes),
            Self::Markup(markup) => markup.push(bytes, text),
            Self::Rtf(rtf) => bytes.iter().for_each(|byte| rtf.byte(*byte, text)),
            Self::Header { ends } => {
                for byte in bytes {
                    let Some(seen) = *ends else {
                        return;
                    };
                    text.push(*byte);
                    *ends = match byte {
                        b'\n' if seen == 1 => None,
                        b'\n' => Some(1),
                        b'\r' => Some(seen),
                        _ => Some(0),
                    };
                }
            }
        }
    }
}

impl Markup {
    fn push(&mut self, mut bytes: &[u8], text: &mut Vec<u8>) {
        while let Some(first) = bytes.first() {
            if self.within == Within::Text {
                let length = memchr::memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                text.extend_from_slice(&bytes[..length]);
                bytes = &bytes[length..];
                if let Some((mark, rest)) = bytes.split_first() {
                    self.enter(*mark);
                    bytes = rest;
                }
                continue;
            }
            let byte = *first;
            if self.step(byte, text) {
                bytes = &bytes[1..];
            }
        }
    }

    fn enter(&mut self, mark: u8) {
        self.word.clear();
        self.length = 0;
        self.within = if mark == b'<' {
            Within::Open
        } else {
            Within::Entity
        };
    }

    /// Takes one byte within a tag or an entity; false when it belongs to the text.
    fn step(&mut self, byte: u8, text: &mut Vec<u8>) -> bool {
        match self.within {
            Within::Text => false,
            // Comments and CDATA sections are text that people may have hidden there.
            Within::Open if byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'?') => {
                self.within = Within::Tag;
                false
            }
            Within::Open => {
                text.push(b'<');
                self.within = Within::Text;
                false
            }
            Within::Tag => {
                self.length += 1;
                if byte == b'>' {
                    text.extend_from_slice(between(&self.word));
                    self.within = Within::Text;
                } else if self.length > LONGEST_TAG {
                    text.push(b'\n');
                    self.within = Within::Text;
                } else if self.word.len() < LONGEST_NAME {
                    self.word.push(byte);
                }
                true
            }
            Within::Entity if byte == b';' => {
                entity(&self.word, text);
                self.within = Within::Text;
                true
            }
            Within::Entity if is_entity(byte) && self.word.len() < LONGEST_WORD => {
                self.word.push(byte);
                true
            }
            Within::Entity => {
                text.push(b'&');
                text.extend_from_slice(&self.word);
                self.within = Within::Text;
                false
            }
        }
    }
}

fn is_entity(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'#'
}

fn entity(word: &[u8], text: &mut Vec<u8>) {
    let name = std::str::from_utf8(word).unwrap_or_default();
    let code = name.strip_prefix('#').and_then(|code| {
        let hex = code.strip_prefix(['x', 'X']);
        hex.map_or_else(
            || code.parse().ok(),
            |hex| u32::from_str_radix(hex, 16).ok(),
        )
    });
    let symbol = match name {
        "nbsp" => Some(' '),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => code.and_then(char::from_u32),
    };
    let mut buffer = [0; 4];
    match symbol {
        Some(symbol) => text.extend_from_slice(symbol.encode_utf8(&mut buffer).as_bytes()),
        None => text.extend_from_slice(&[b"&", word, b";"].concat()),
    }
}

/// Tags that stand within a line: what is before and behind them belongs together.
static INLINE: &[&[u8]] = &[
    b"r",
    b"t",
    b"rPr",
    b"b",
    b"i",
    b"u",
    b"em",
    b"strong",
    b"font",
    b"span",
    b"a",
    b"s",
    b"sz",
    b"color",
    b"rFont",
    b"family",
    b"scheme",
    b"charset",
    b"small",
    b"big",
    b"wbr",
    b"sub",
    b"sup",
    b"mark",
    b"code",
    b"tt",
    b"text:span",
    b"text:a",
    b"text:bookmark",
];
/// Tags of Word and of drawings that end a line; their other tags stand within one.
static LINES: &[&[u8]] = &[
    b"p",
    b"tc",
    b"tr",
    b"tbl",
    b"br",
    b"cr",
    b"tab",
    b"txbxContent",
];

/// What stands in the text for a tag.
fn between(tag: &[u8]) -> &'static [u8] {
    let tag = tag.strip_prefix(b"/").unwrap_or(tag);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
    let name = &tag[..tag.iter().position(is_end).unwrap_or(tag.len())];
    if name == b"text:s" {
        return b" ";
    }
    let office = name.strip_prefix(b"w:").or(name.strip_prefix(b"a:"));
    let joins = match office {
        Some(local) => !LINES.contains(&local),
        None => INLINE.iter().any(|it| it.eq_ignore_ascii_case(name)),
    };
    if joins { b"" } else { b"\n" }
}
