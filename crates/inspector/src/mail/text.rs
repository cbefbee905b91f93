//! Files written into plain text: uuencode (POSIX.1-2017), yEnc 1.3, and what stands between
//! armour (RFC 7468, RFC 9580).

use memchr::memmem;

use super::fields::Encoding;
use super::lines::Lines;
use super::transfer::{Decoder, uu_line};
use crate::kinds;
use crate::report::{Engine, Outcome};
use crate::stream::{Fault, Feed, LOOK_AHEAD, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

static MARKS: &[&[u8]] = &[
    b"begin ",
    b"begin-base64 ",
    b"=ybegin ",
    PGP,
    b"-----BEGIN PKCS",
    b"-----BEGIN CMS-",
];
const PGP: &[u8] = b"-----BEGIN PGP MESSAGE";
/// Labels of messages that may hold a file; those of certificates alone are among them.
const ARMOUR: &[&[u8]] = &[
    b"-----BEGIN PKCS7-----",
    b"-----BEGIN PKCS #7 SIGNED DATA-----",
    b"-----BEGIN CMS-----",
];
/// Longer than any mark and the line end before it.
const OVERLAP: usize = 32;
/// Longest first line, which ends with the file's name.
const LONGEST_FIRST_LINE: usize = 4096;
const LONGEST_UU_LINE: usize = 128;

/// How a file is written into text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Uu,
    Base64,
    Yenc,
    Armour,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut begins = true;
    loop {
        let window = stream.peek(LOOK_AHEAD)?;
        if window.is_empty() {
            return Ok(());
        }
        if let Some(at) = mark(window, begins) {
            stream.consume(at);
            lines(walk, place, stream)?;
            walk.budget().check_time()?;
            begins = true;
            continue;
        }
        let whole = window.len() < LOOK_AHEAD;
        let step = if whole {
            window.len()
        } else {
            window.len() - OVERLAP
        };
        begins = window[step - 1] == b'\n';
        stream.consume(step);
        walk.budget().check_time()?;
    }
}

/// Whether a line says that a file begins behind it.
pub fn announces(line: &[u8]) -> bool {
    MARKS.iter().any(|mark| line.starts_with(mark))
        && (line.starts_with(PGP) || announced(line).is_some())
}

/// Where a line begins with a mark.
fn mark(window: &[u8], begins: bool) -> Option<usize> {
    let at_line = |at: usize| match at.checked_sub(1) {
        None => begins,
        Some(before) => matches!(window[before], b'\n' | b'\r'),
    };
    // Prose and programs have many lines that begin so: they are told here, without a new look
    // at the whole window after each of them.
    let meant = |at: usize| {
        let Some((first, rest)) = line(&window[at..], LONGEST_FIRST_LINE) else {
            return true;
        };
        let uu = matches!(announced(first), Some((Form::Uu, _)));
        announces(first) && (!uu || line(rest, LONGEST_UU_LINE).is_none_or(|(it, _)| is_uu(it)))
    };
    MARKS
        .iter()
        .filter_map(|mark| memmem::find_iter(window, mark).find(|at| at_line(*at) && meant(*at)))
        .min()
}

/// The first line and what follows it; none when it goes on behind what is there.
fn line(text: &[u8], longest: usize) -> Option<(&[u8], &[u8])> {
    let start = &text[..text.len().min(longest)];
    match memchr::memchr(b'\n', start) {
        Some(end) => Some((text[..end].trim_ascii_end(), &text[end + 1..])),
        None if start.len() < text.len() => Some((start, &text[start.len()..])),
        None => None,
    }
}

fn is_uu(line: &[u8]) -> bool {
    uu_line(line, &mut Vec::new())
}

/// Reads the file that a mark announces, if the lines behind it are of its form.
fn lines(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut first = Lines::new(stream);
    first.advance()?;
    if first.content().starts_with(PGP) {
        let (engine, outcome) = (Engine::Encrypted, Outcome::Encrypted);
        walk.find(engine, outcome, "encrypted-message", place, "");
        return Ok(());
    }
    let Some((form, name)) = announced(first.content()) else {
        return Ok(());
    };
    let next = stream.peek(LONGEST_UU_LINE)?;
    let next = next.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let next = next.strip_suffix(b"\r").unwrap_or(next);
    if form == Form::Uu && !is_uu(next) {
        // Prose that begins so.
        return Ok(());
    }
    let mut lines = Lines::new(stream);
    let member = place.member(&name);
    walk.check_depth(&member)?;
    let mut file = File {
        lines: &mut lines,
        form,
        base64: Decoder::new(Encoding::Base64),
        ready: Vec::new(),
        given: 0,
        state: Ok(false),
    };
    let kind = walk.object(&member, &mut Stream::new(&mut file, Watch::new()))?;
    if form == Form::Armour && ![&kinds::CMS, &kinds::CMS_SEALED, &kinds::DER].contains(&kind) {
        let (engine, outcome) = (Engine::Container, Outcome::Unsupported);
        walk.find(engine, outcome, "armour-damaged", &member, "");
    }
    Ok(())
}

/// The form and the name that a first line announces.
fn announced(line: &[u8]) -> Option<(Form, String)> {
    if ARMOUR.iter().any(|label| line.trim_ascii_end() == *label) {
        return Some((Form::Armour, "message.p7m".to_owned()));
    }
    let text = String::from_utf8_lossy(line);
    if let Some(rest) = text.strip_prefix("=ybegin ") {
        let name = rest.split_once("name=").map_or("content", |(_, name)| name);
        return Some((Form::Yenc, name.trim().to_owned()));
    }
    let (form, rest) = match text.strip_prefix("begin-base64 ") {
        Some(rest) => (Form::Base64, rest),
        None => (Form::Uu, text.strip_prefix("begin ")?),
    };
    let (mode, name) = rest.trim_start().split_once(' ')?;
    let octal = (3..=5).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
    octal.then(|| (form, name.trim().to_owned()))
}

/// The decoded file.
struct File<'l, 'p, 's> {
    lines: &'l mut Lines<'p, 's>,
    form: Form,
    base64: Decoder,
    ready: Vec<u8>,
    given: usize,
    /// Whether it ended, or the damage that it ended with.
    state: Result<bool, &'static str>,
}

impl File<'_, '_, '_> {
    fn fill(&mut self) -> Result<(), Fault> {
        self.ready.clear();
        self.given = 0;
        if !self.lines.advance()? {
            self.state = Err("text-encoded-file-truncated");
            return Ok(());
        }
        let content = self.lines.content();
        match self.form {
            Form::Uu if content == b"end" => self.state = Ok(true),
            Form::Uu if !uu_line(content, &mut self.ready) => {
                self.state = Err("text-encoded-file-damaged");
            }
            Form::Uu => {}
            Form::Base64 if content == b"====" => self.end(),
            Form::Armour if content.starts_with(b"-----END ") => self.end(),
            Form::Base64 | Form::Armour => self.base64.line(content, &mut self.ready),
            Form::Yenc if content.starts_with(b"=yend") => self.state = Ok(true),
            Form::Yenc if content.starts_with(b"=ypart ") => {}
            Form::Yenc => yenc(content, &mut self.ready),
        }
        Ok(())
    }

    fn end(&mut self) {
        self.state = Ok(true);
        self.base64.finish(true, &mut self.ready);
    }
}

fn yenc(line: &[u8], out: &mut Vec<u8>) {
    let mut escaped = false;
    // A dot that mail doubled at the start of a line.
    let line = line
        .strip_prefix(b".")
        .filter(|rest| rest.starts_with(b"."))
        .unwrap_or(line);
    for byte in line {
        if *byte == b'=' && !escaped {
            escaped = true;
            continue;
        }
        let shift = if escaped { 42 + 64 } else { 42 };
        out.push(byte.wrapping_sub(shift));
        escaped = false;
    }
}

impl Feed for File<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        // The last bytes may have come with the end.
        while self.given == self.ready.len() {
            match self.state {
                Ok(false) => self.fill()?,
                Ok(true) => return Ok(0),
                Err(code) => return Err(Fault::Damaged(code)),
            }
        }
        let some = &self.ready[self.given..];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.given += count;
        Ok(count)
    }
}
