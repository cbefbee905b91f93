//! A message and its parts.

use super::fields::{self, Encoding, Fields};
use super::lines::Lines;
use super::text;
use super::transfer::Decoder;
use crate::kinds::{self, Format};
use crate::report::{Category, Engine, Limit, Outcome};
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// Multiparts within multiparts.
const DEEPEST: usize = 32;
/// How headers of parts begin, which outside of all parts are none.
const TELLTALE: &[&[u8]] = &[
    b"content-type:",
    b"content-transfer-encoding:",
    b"content-disposition:",
];

/// Walks one message.
pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    walk.check_depth(&place.member("part"))?;
    let mut message = Message {
        walk,
        place,
        lines: Lines::new(stream),
        boundaries: Vec::new(),
        parts: 0,
        outside: 0,
    };
    let header = fields::read(&mut message.lines, |_| false)?;
    message.entity(&header)?;
    // What stands behind the last boundary.
    message.outside()?;
    Ok(())
}

struct Message<'w, 'b, 'p, 's> {
    walk: &'w mut Walk<'b>,
    place: &'w Place,
    lines: Lines<'p, 's>,
    boundaries: Vec<Vec<u8>>,
    parts: u32,
    /// Texts outside of all parts.
    outside: u32,
}

/// A line that ends parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Delimiter {
    /// Which boundary, from the outermost on.
    level: usize,
    closes: bool,
}

impl Message<'_, '_, '_, '_> {
    fn entity(&mut self, header: &Fields) -> Result<(), Fault> {
        if let Some(code) = header.odd {
            self.walk.find_ambiguous(code, self.place, "");
        }
        if header.media.starts_with("multipart/") {
            if header.media == "multipart/encrypted" {
                self.encrypted("encrypted-mail");
            }
            let Some(boundary) = header.boundary.clone().filter(|bytes| !bytes.is_empty()) else {
                self.walk
                    .find_ambiguous("mail-missing-boundary", self.place, "");
                return self.leaf(header);
            };
            if header.encoding != Encoding::Plain {
                self.walk
                    .find_ambiguous("mail-encoded-multipart", self.place, "");
            }
            return self.multipart(boundary);
        }
        self.leaf(header)
    }

    fn multipart(&mut self, boundary: Vec<u8>) -> Result<(), Fault> {
        if self.boundaries.len() >= DEEPEST {
            return Err(Fault::Limit(Limit::Recursion));
        }
        if self.boundaries.contains(&boundary) {
            self.walk
                .find_ambiguous("mail-repeated-boundary", self.place, "");
        }
        let level = self.boundaries.len();
        self.boundaries.push(boundary);
        let mut parts = 0;
        while let Some(delimiter) = self.outside()? {
            if delimiter.level != level || delimiter.closes {
                if delimiter.level < level {
                    self.lines.hold();
                }
                break;
            }
            parts += 1;
            let boundaries = &self.boundaries;
            let header =
                fields::read(&mut self.lines, |line| delimits(boundaries, line).is_some())?;
            self.entity(&header)?;
        }
        self.boundaries.truncate(level);
        if parts == 0 {
            // Some programs show all of it as text, or look for another boundary.
            self.walk
                .find_ambiguous("mail-missing-parts", self.place, "");
        }
        Ok(())
    }

    /// Reads up to the next boundary what belongs to no part: what is before the first one and
    /// behind the last. It is a text that some programs show.
    fn outside(&mut self) -> Result<Option<Delimiter>, Fault> {
        while self.lines.advance()? {
            let content = self.lines.content();
            let delimiter = delimits(&self.boundaries, content).filter(|_| self.lines.begins());
            if delimiter.is_some() {
                return Ok(delimiter);
            }
            if content.trim_ascii().is_empty() {
                continue;
            }
            self.lines.hold();
            self.outside += 1;
            let shown = format!("outside-{}.txt", self.outside);
            let mut member = self.place.unnamed(&shown);
            self.walk.check_depth(&member)?;
            member.announced = Some(&kinds::TEXT);
            let mut text = Body::new(&mut self.lines, &self.boundaries, Encoding::Plain);
            self.walk
                .object(&member, &mut Stream::new(&mut text, Watch::new()))?;
            if text.lines_seen.header {
                self.walk.find_ambiguous("mail-hidden-part", self.place, "");
            }
        }
        self.walk.budget().check_time()?;
        Ok(None)
    }

    fn leaf(&mut self, header: &Fields) -> Result<(), Fault> {
        self.parts += 1;
        let is_message = matches!(
            header.media.as_str(),
            "message/rfc822" | "message/global" | "message/news"
        );
        let shown = || format!("part-{}{}", self.parts, ending(header));
        let mut member = match &header.name {
            Some(name) => self.place.member(name),
            // The type promises what the name would.
            None if is_message => self.place.member(&shown()),
            None => self.place.unnamed(&shown()),
        };
        self.walk.check_depth(&member)?;
        self.judge(header);
        let is_text = header.media.is_empty() || header.media.starts_with("text/");
        member.announced = if is_message {
            Some(&kinds::MAIL)
        } else {
            is_text.then_some(&kinds::TEXT)
        };
        let mut body = Body::new(&mut self.lines, &self.boundaries, header.encoding);
        let kind = self
            .walk
            .object(&member, &mut Stream::new(&mut body, Watch::new()))?;
        let (odd, seen) = (body.decoder.odd, body.lines_seen);
        let searched = matches!(
            kind.format,
            Format::Text
                | Format::Mail
                | Format::Mailbox
                | Format::Opaque
                | Format::Closed
                | Format::Sealed
        );
        if is_text && seen.file && !searched {
            // Content of another kind, and a file for programs that take it for text.
            self.walk.find_ambiguous("mail-hidden-part", &member, "");
        }
        if let Some(code) = odd {
            self.walk.find_ambiguous(code, &member, "");
        }
        if seen.near_boundary {
            self.walk.find_ambiguous("mail-odd-boundary", &member, "");
        }
        Ok(())
    }

    /// What the header alone says against a part.
    fn judge(&mut self, header: &Fields) {
        let unsupported = Outcome::Unsupported;
        let (engine, outcome, code) = match header.media.as_str() {
            "message/partial" => (Engine::Container, unsupported, "mail-partial"),
            "message/external-body" => {
                let category = Category::ActiveContent;
                let outcome = Outcome::PolicyHit { category };
                (Engine::Content, outcome, "mail-external-body")
            }
            // Whether there are only certificates, their own kind tells.
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
                if header.smime != "certs-only" =>
            {
                if header.smime.starts_with("signed") || header.smime.starts_with("compressed") {
                    (Engine::Container, unsupported, "mail-not-opened")
                } else {
                    return self.encrypted("encrypted-mail");
                }
            }
            _ if header.encoding == Encoding::Unknown => {
                (Engine::Container, unsupported, "mail-unknown-encoding")
            }
            _ => return,
        };
        self.walk.find(engine, outcome, code, self.place, "");
    }

    fn encrypted(&mut self, code: &'static str) {
        self.walk
            .find(Engine::Encrypted, Outcome::Encrypted, code, self.place, "");
    }
}

/// Whether a line is one of these boundaries; the innermost comes first.
fn delimits(boundaries: &[Vec<u8>], line: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?;
    let level = boundaries.iter().rposition(|boundary| {
        let tail = rest.strip_prefix(boundary.as_slice());
        tail.is_some_and(|tail| matches!(tail.trim_ascii_end(), b"" | b"--"))
    })?;
    let closes = rest[boundaries[level].len()..].starts_with(b"--");
    Some(Delimiter { level, closes })
}

/// Whether a careless program would take a line for one of these boundaries.
fn nearly_delimits(boundaries: &[Vec<u8>], line: &[u8]) -> bool {
    line.strip_prefix(b"--").is_some_and(|rest| {
        boundaries
            .iter()
            .any(|boundary| rest.starts_with(boundary.as_slice()))
    })
}

/// A name ending for a part without a name.
fn ending(header: &Fields) -> &'static str {
    match header.media.as_str() {
        "" | "text/plain" => ".txt",
        "text/html" => ".html",
        "message/rfc822" | "message/global" => ".eml",
        _ => "",
    }
}

/// The decoded content of one part, up to the next boundary.
struct Body<'l, 'p, 's> {
    lines: &'l mut Lines<'p, 's>,
    boundaries: &'l [Vec<u8>],
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
    lines_seen: LinesSeen,
}

/// Lines that were in a part.
#[derive(Debug, Default, Clone, Copy)]
struct LinesSeen {
    /// One that some programs take for a boundary.
    near_boundary: bool,
    /// One behind which a file is written into text.
    file: bool,
    /// One that headers of parts have.
    header: bool,
}

impl<'l, 'p, 's> Body<'l, 'p, 's> {
    fn new(lines: &'l mut Lines<'p, 's>, boundaries: &'l [Vec<u8>], encoding: Encoding) -> Self {
        Self {
            lines,
            boundaries,
            decoder: Decoder::new(encoding),
            ready: Vec::new(),
            given: 0,
            ended: false,
            lines_seen: LinesSeen::default(),
        }
    }

    fn fill(&mut self) -> Result<(), Fault> {
        self.ready.clear();
        self.given = 0;
        if !self.lines.advance()? {
            self.ended = true;
            self.decoder.finish(true, &mut self.ready);
            return Ok(());
        }
        if self.lines.begins() {
            let content = self.lines.content();
            if delimits(self.boundaries, content).is_some() {
                self.lines.hold();
                self.ended = true;
                self.decoder.finish(false, &mut self.ready);
                return Ok(());
            }
            let seen = &mut self.lines_seen;
            seen.near_boundary = seen.near_boundary || nearly_delimits(self.boundaries, content);
            let lower = content[..content.len().min(40)].to_ascii_lowercase();
            seen.header = seen.header || TELLTALE.iter().any(|mark| lower.starts_with(mark));
        }
        self.decoder.line(self.lines.line(), &mut self.ready);
        let seen = &mut self.lines_seen;
        seen.file = seen.file || text::announces(self.ready.trim_ascii());
        Ok(())
    }
}

impl Feed for Body<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while self.given == self.ready.len() && !self.ended {
            self.fill()?;
        }
        let some = &self.ready[self.given..];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.given += count;
        Ok(count)
    }
}
