//! Transfer encodings: base64, quoted-printable, uuencode.

use super::fields::Encoding;
use super::words::hex_byte;

/// Decodes lines of a part.
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    group: u32,
    digits: u32,
    padded: bool,
    /// The first line of a uuencoded file was there.
    begun: bool,
    /// Within the lines of a uuencoded file.
    within: bool,
    /// The end of the line before, which belongs to a boundary if one follows.
    line_end: Vec<u8>,
    /// The beginning of an escape whose rest did not come yet.
    carry: Vec<u8>,
    /// Why programs may decode this differently.
    pub odd: Option<&'static str>,
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            group: 0,
            digits: 0,
            padded: false,
            begun: false,
            within: false,
            line_end: Vec::new(),
            carry: Vec::new(),
            odd: None,
        }
    }

    /// Decodes a line with its end, or a piece of one.
    pub(super) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Plain | Encoding::Unknown => self.plain(line, out),
            Encoding::Base64 => self.base64(line, out),
            Encoding::Quoted => self.quoted(line, out),
            Encoding::Uuencode => self.uuencoded(line, out),
        }
    }

    /// What is left when no line follows.
    pub(super) fn finish(&mut self, last: bool, out: &mut Vec<u8>) {
        if last {
            out.append(&mut self.line_end);
        }
        out.append(&mut self.carry);
        self.flush(out);
    }

    fn plain(&mut self, line: &[u8], out: &mut Vec<u8>) {
        out.append(&mut self.line_end);
        let (content, end) = split_end(line);
        out.extend_from_slice(content);
        self.line_end.extend_from_slice(end);
    }

    fn quoted(&mut self, line: &[u8], out: &mut Vec<u8>) {
        out.append(&mut self.line_end);
        let mut whole = std::mem::take(&mut self.carry);
        whole.extend_from_slice(line);
        let (content, end) = split_end(&whole);
        let content = if end.is_empty() {
            // A piece of a long line: what may go on in the next piece waits for it.
            let tail = content.len().saturating_sub(2);
            let open = content[tail..].iter().position(|byte| *byte == b'=');
            let (now, later) = content.split_at(open.map_or(content.len(), |at| tail + at));
            self.carry = later.to_vec();
            now
        } else {
            content.trim_ascii_end()
        };
        let soft = content.strip_suffix(b"=");
        let mut rest = soft.unwrap_or(content);
        while let Some(at) = memchr::memchr(b'=', rest) {
            out.extend_from_slice(&rest[..at]);
            if let Some(byte) = rest.get(at + 1..at + 3).and_then(hex_byte) {
                out.push(byte);
                rest = &rest[at + 3..];
            } else {
                out.push(b'=');
                rest = &rest[at + 1..];
            }
        }
        out.extend_from_slice(rest);
        if soft.is_none() {
            self.line_end.extend_from_slice(end);
        }
    }

    fn base64(&mut self, line: &[u8], out: &mut Vec<u8>) {
        for byte in line {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    self.flush(out);
                    self.padded = true;
                    continue;
                }
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                _ => {
                    self.odd = Some("mail-base64-ambiguous");
                    continue;
                }
            };
            if self.padded {
                // Some programs stop at the padding, others go on.
                self.odd = Some("mail-base64-ambiguous");
                self.padded = false;
            }
            self.group = self.group << 6 | u32::from(digit);
            self.digits += 1;
            if self.digits == 4 {
                out.extend_from_slice(&self.group.to_be_bytes()[1..]);
                (self.group, self.digits) = (0, 0);
            }
        }
    }

    /// Gives the bytes of an incomplete group.
    fn flush(&mut self, out: &mut Vec<u8>) {
        if self.digits >= 2 {
            let bytes = (self.group << (6 * (4 - self.digits))).to_be_bytes();
            let whole = usize::try_from(self.digits - 1).unwrap_or(0);
            out.extend_from_slice(&bytes[1..=whole]);
        }
        (self.group, self.digits) = (0, 0);
    }

    fn uuencoded(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let (content, _) = split_end(line);
        if content.starts_with(b"begin ") {
            // Of two files in one part, or of one within another, programs save either.
            if self.begun {
                self.odd = Some("mail-uuencode-ambiguous");
            }
            (self.begun, self.within) = (true, true);
        } else if self.within && content == b"end" {
            self.within = false;
        } else if self.within && !uu_line(content, out) {
            self.odd = Some("mail-uuencode-damaged");
        } else if !self.within && !content.trim_ascii().is_empty() {
            // Text beside the file, which some programs show.
            self.odd = Some("mail-uuencode-ambiguous");
        }
    }
}

/// All that base64 text stands for.
pub fn base64_all(text: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::new(Encoding::Base64);
    let mut out = Vec::new();
    decoder.line(text, &mut out);
    decoder.finish(true, &mut out);
    out
}

/// Decodes one line of a uuencoded file; false when it isn't one.
pub fn uu_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((first, digits)) = line.split_first() else {
        return true;
    };
    let value = |byte: u8| u32::from(byte.wrapping_sub(b' ') & 0x3f);
    let length = usize::try_from(value(*first)).unwrap_or(0);
    let fits = digits.len() <= length.div_ceil(3) * 4 + 1
        && line.iter().all(|byte| (b' '..=b'`').contains(byte));
    if !fits {
        return false;
    }
    let start = out.len();
    for group in 0..length.div_ceil(3) {
        // Blanks at the end of a line may have been lost on the way.
        let digit = |index| digits.get(group * 4 + index).copied().unwrap_or(b' ');
        let bits = (0..4).fold(0, |bits, index| bits << 6 | value(digit(index)));
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    out.truncate(start + length);
    true
}

/// A line, and its end.
fn split_end(line: &[u8]) -> (&[u8], &[u8]) {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let content = if content.len() < line.len() {
        content.strip_suffix(b"\r").unwrap_or(content)
    } else {
        content
    };
    line.split_at(content.len())
}
