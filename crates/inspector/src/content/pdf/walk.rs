//! The way through a PDF file, from stream to stream.

use memchr::memmem;

use super::dictionary::{Dictionary, Value};
use super::filters::Chain;
use super::marks::Marks;
use super::raw::Raw;
use crate::bridge::Unpacked;
use crate::kinds::{self, Format, Kind, Pack, Risk};
use crate::report::{Engine, Outcome};
use crate::sealed_pdf;
use crate::seek::{Seekable, Spool};
use crate::stream::{Fault, Feed, LOOK_AHEAD, Rest, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const WORD: &[u8] = b"stream";
/// Longest dictionary of a stream, with what is before it.
const LONGEST_DICTIONARY: usize = 64 << 10;
const DAMAGED: &str = "pdf-damaged-stream";

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut file = File {
        marks: Marks::default(),
        before: Vec::new(),
        number: 0,
        trouble: None,
    };
    let mut kept = Kept {
        stream,
        spool: Spool::new(walk.budget()).ok(),
    };
    let mut copied = Stream::new(&mut kept, Watch::new());
    let walked = file.walk(walk, place, &mut copied);
    file.marks.pause();
    let encrypted = file.marks.encrypted();
    let whole = kept.spool.filter(|_| encrypted && walked.is_ok());
    let is_open = match whole {
        Some(whole) => sealed_pdf::walk(walk, place, &mut Seekable::from(whole))?,
        None => false,
    };
    file.marks.tell(walk, place, is_open);
    // What is encrypted can't be unpacked: it was said once.
    if let Some((code, object)) = file.trouble.filter(|_| !encrypted) {
        let (engine, outcome) = (Engine::Container, Outcome::Unsupported);
        walk.find(engine, outcome, code, &object, "");
    }
    walked
}

/// A stream of which a copy is kept, so that it can be opened once it is known to be encrypted.
struct Kept<'b, 'p, 's> {
    stream: &'p mut Stream<'s>,
    /// Nothing if it is too large: then it can't be opened.
    spool: Option<Spool<'b>>,
}

impl Feed for Kept<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let count = Rest(&mut *self.stream).pull(buffer)?;
        let spool = self.spool.take();
        self.spool = spool.and_then(|mut spool| spool.push(&buffer[..count]).ok().map(|()| spool));
        Ok(count)
    }
}

struct File {
    marks: Marks,
    /// The text before the place reached, back to the last stream.
    before: Vec<u8>,
    number: u64,
    /// The first stream that could not be read, and why.
    trouble: Option<(&'static str, Place)>,
}

impl File {
    fn walk(
        &mut self,
        walk: &mut Walk<'_>,
        place: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<(), Fault> {
        loop {
            let window = stream.peek(LOOK_AHEAD)?;
            if window.is_empty() {
                return Ok(());
            }
            if let Some(at) = self.begins(window) {
                self.text(&window[..at]);
                let line = line_end(&window[at + WORD.len()..]);
                stream.consume(at + WORD.len() + line);
                self.stream(walk, place, stream)?;
                self.before.clear();
                self.marks.pause();
            } else {
                // The word may begin at the end of the window.
                let whole = window.len() < LOOK_AHEAD;
                let step = window.len() - if whole { 0 } else { WORD.len() + 2 };
                self.text(&window[..step]);
                stream.consume(step);
            }
            walk.budget().check_time()?;
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.marks.see(text);
        self.before.extend_from_slice(text);
        let surplus = self.before.len().saturating_sub(LONGEST_DICTIONARY);
        self.before.drain(..surplus);
    }

    /// Where a stream begins: at the word behind a dictionary.
    fn begins(&self, window: &[u8]) -> Option<usize> {
        memmem::find_iter(window, WORD).find(|at| {
            let behind = window.get(at + WORD.len());
            let ends = behind.is_none_or(u8::is_ascii_whitespace);
            ends && !window[..*at].ends_with(b"end") && self.follows_dictionary(&window[..*at])
        })
    }

    /// Whether a dictionary ends here, with nothing but blanks or a comment behind it.
    fn follows_dictionary(&self, window: &[u8]) -> bool {
        let mut text = window.trim_ascii_end();
        if text.is_empty() {
            text = self.before.trim_ascii_end();
        }
        let line = text.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        let start = line.map_or(0, |at| at + 1);
        let code = match memchr::memchr(b'%', &text[start..]) {
            Some(comment) => text[..start + comment].trim_ascii_end(),
            None => text,
        };
        code.ends_with(b">>")
    }

    /// Looks at the stream that begins here, up to its end.
    fn stream(
        &mut self,
        walk: &mut Walk<'_>,
        place: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<(), Fault> {
        self.number += 1;
        let member = place.unnamed(&format!("stream-{}", self.number));
        let Some(dictionary) = dictionary(&self.before) else {
            return self.unread(DAMAGED, member, Raw::new(stream, None)?);
        };
        let length = match dictionary.get("Length") {
            Ok(Some(Value::Number(length))) => Some(*length),
            _ => None,
        };
        let mut raw = Raw::new(stream, length)?;
        let Some(chain) = Chain::of(&dictionary) else {
            return self.unread("pdf-filter-not-supported", member, raw);
        };
        let role = Role::of(&dictionary);
        if chain.picture && role != Role::Picture {
            return self.unread("pdf-filter-not-supported", member, raw);
        }
        let budget = walk.budget();
        let reader = chain.open(Box::new(&mut raw), budget);
        let mut unpacked = Unpacked::new(reader, budget, DAMAGED);
        let mut content = Stream::new(&mut unpacked, Watch::new());
        let looked = self.content(walk, &member, &mut content, role);
        let failed = unpacked.failed();
        drop(unpacked);
        match looked {
            Err(Fault::Damaged(_) | Fault::Ambiguous(_)) => {}
            other => other?,
        }
        if failed {
            return self.unread(DAMAGED, member, raw);
        }
        self.end(member, raw)
    }

    /// Looks at what a stream unpacks to: as a file if it may be one.
    fn content(
        &mut self,
        walk: &mut Walk<'_>,
        member: &Place,
        content: &mut Stream<'_>,
        role: Role,
    ) -> Result<(), Fault> {
        let kind = kinds::detect(content.peek(LOOK_AHEAD)?);
        if role == Role::File || is_file(kind, role) {
            walk.check_depth(member)?;
            return walk.object(member, content).map(drop);
        }
        walk.show(member, content);
        let mut marks = Marks::default();
        loop {
            let chunk = content.chunk()?;
            let count = chunk.len();
            if count == 0 {
                break;
            }
            if role != Role::Picture {
                marks.see(chunk);
            }
            content.consume(count);
        }
        self.marks.see_packed(marks);
        if content.watch().eicar() {
            walk.find_eicar(member);
        }
        if role != Role::Picture {
            walk.judge_formats(kind, member, content.watch());
        }
        Ok(())
    }

    fn unread(&mut self, code: &'static str, member: Place, raw: Raw<'_, '_>) -> Result<(), Fault> {
        self.trouble.get_or_insert((code, member));
        raw.finish().map(drop)
    }

    fn end(&mut self, member: Place, raw: Raw<'_, '_>) -> Result<(), Fault> {
        if !raw.finish()? {
            self.trouble.get_or_insert((DAMAGED, member));
        }
        Ok(())
    }
}

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// An attached file.
    File,
    Picture,
    Other,
}

impl Role {
    fn of(dictionary: &Dictionary) -> Self {
        if dictionary.says("Type", "EmbeddedFile") || dictionary.says("Type", "F") {
            Self::File
        } else if dictionary.says("Subtype", "Image") {
            Self::Picture
        } else {
            Self::Other
        }
    }
}

/// Whether this may be a file that somebody attached, and not a part of the document. What samples
/// of a picture look like by chance is none.
fn is_file(kind: &Kind, role: Role) -> bool {
    // Samples of functions and shades look like OpenPGP as easily as anything else.
    let plain = matches!(kind.format, Format::Opaque | Format::Text) || kind == &kinds::PGP;
    if role != Role::Picture {
        return !plain || kind.risk != Risk::None;
    }
    matches!(
        kind.format,
        Format::Zip
            | Format::SevenZip
            | Format::Rar
            | Format::Cab
            | Format::Compound
            | Format::Pdf
            | Format::Packed(Pack::Xz)
    )
}

/// The dictionary of the stream that follows `text`.
fn dictionary(text: &[u8]) -> Option<Dictionary> {
    memmem::rfind_iter(text, b"obj")
        .filter(|at| !text[..*at].ends_with(b"end"))
        .find_map(|at| Dictionary::parse(&text[at + 3..]))
}

/// How long the end of a line is.
fn line_end(text: &[u8]) -> usize {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let blanks = blanks.count();
    match &text[blanks..] {
        [b'\r', b'\n', ..] => blanks + 2,
        [b'\r' | b'\n', ..] => blanks + 1,
        _ => 0,
    }
}
