//! The header fields that say what a part is.

use super::lines::Lines;
use super::words;
use crate::names;
use crate::stream::Fault;

/// Longest header of a message or part.
const LONGEST: usize = 512 << 10;

/// What a header says of its part.
#[derive(Debug, Default)]
pub struct Fields {
    /// `type/subtype`, lowercase; empty when nothing is said.
    pub media: String,
    pub boundary: Option<Vec<u8>>,
    pub encoding: Encoding,
    pub name: Option<String>,
    /// `smime-type`, lowercase.
    pub smime: String,
    /// Why programs may read this header differently.
    pub odd: Option<&'static str>,
    /// Fields that only mail has.
    pub known: usize,
}

/// How the content of a part is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    #[default]
    Plain,
    Base64,
    Quoted,
    Uuencode,
    /// Nobody knows.
    Unknown,
}

/// Fields of which a message has several anyway, and which count as mail's own.
static KNOWN: &[&str] = &[
    "received",
    "return-path",
    "delivered-to",
    "from",
    "to",
    "cc",
    "date",
    "message-id",
    "mime-version",
    "subject",
    "reply-to",
    "sender",
    "dkim-signature",
    "content-type",
    "x-mailer",
    "newsgroups",
    "path",
];

pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Reads a header up to the empty line behind it; `ends` says where it ends without one.
pub fn read(lines: &mut Lines<'_, '_>, ends: impl Fn(&[u8]) -> bool) -> Result<Fields, Fault> {
    let mut fields = Fields::default();
    let mut field: Vec<u8> = Vec::new();
    let mut seen = Seen::default();
    let mut total = 0;
    while lines.advance()? {
        let content = lines.content();
        total += lines.line().len();
        if total > LONGEST {
            return Err(Fault::Damaged("mail-long-header"));
        }
        if lines.begins() && (content.is_empty() || ends(content)) {
            if !content.is_empty() {
                lines.hold();
            }
            break;
        }
        if lines.begins() && !content.starts_with(b" ") && !content.starts_with(b"\t") {
            fields.field(&field, &mut seen);
            field.clear();
            if !content.contains(&b':') && !content.starts_with(b"From ") {
                // Some programs skip such a line, for others the body begins.
                let hides = content.trim_ascii().is_empty();
                fields.odd = fields.odd.or(hides.then_some("mail-blank-header-line"));
                if !hides {
                    lines.hold();
                    break;
                }
            }
        }
        field.extend_from_slice(content);
    }
    fields.field(&field, &mut seen);
    Ok(fields)
}

#[derive(Default)]
struct Seen {
    media: Option<Vec<u8>>,
    encoding: Option<Vec<u8>>,
    disposition: Option<Vec<u8>>,
}

impl Fields {
    fn field(&mut self, field: &[u8], seen: &mut Seen) {
        let Some(colon) = field.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = (&field[..colon], &field[colon + 1..]);
        let plain = name.trim_ascii_end();
        let name = String::from_utf8_lossy(plain).to_ascii_lowercase();
        self.known += usize::from(is_known(&name));
        let slot = match name.as_str() {
            "content-type" => &mut seen.media,
            "content-transfer-encoding" => &mut seen.encoding,
            "content-disposition" => &mut seen.disposition,
            _ => return,
        };
        if plain.len() != colon || value.iter().any(|byte| matches!(byte, 0 | b'\r')) {
            self.odd = Some("mail-odd-field");
        }
        match slot {
            Some(first) if first == value => return,
            // The first or the last? Programs do either.
            Some(_) => {
                self.odd = Some("mail-duplicate-field");
                return;
            }
            None => *slot = Some(value.to_vec()),
        }
        match name.as_str() {
            "content-type" => self.content_type(value),
            "content-disposition" => self.disposition(value),
            _ => self.encoding = encoding(value),
        }
    }

    fn content_type(&mut self, value: &[u8]) {
        let parsed = words::parameters(value);
        self.media.clone_from(&parsed.value);
        for (name, value) in &parsed.parameters {
            match name.as_str() {
                "boundary" if self.boundary.is_some() => self.odd = Some("mail-duplicate-boundary"),
                "boundary" => self.boundary = Some(value.clone()),
                "smime-type" => self.smime = String::from_utf8_lossy(value).to_ascii_lowercase(),
                name if name.starts_with("boundary*") => self.odd = Some("mail-odd-boundary"),
                _ => {}
            }
        }
        self.called(parsed.texts("name"));
        self.odd = self.odd.or(parsed.odd);
    }

    fn disposition(&mut self, value: &[u8]) {
        let parsed = words::parameters(value);
        self.called(parsed.texts("filename"));
        self.odd = self.odd.or(parsed.odd);
    }

    /// Two names with different endings: what looks harmless here is a program there.
    fn called(&mut self, names: Vec<String>) {
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            match &self.name {
                Some(first) if names::ending(first) != names::ending(&name) => {
                    self.odd = Some("mail-two-names");
                }
                _ => self.name = Some(name),
            }
        }
    }
}

fn encoding(value: &[u8]) -> Encoding {
    match words::parameters(value).value.as_str() {
        "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" => Encoding::Plain,
        "base64" => Encoding::Base64,
        "quoted-printable" => Encoding::Quoted,
        "x-uuencode" | "uuencode" | "x-uue" => Encoding::Uuencode,
        _ => Encoding::Unknown,
    }
}
