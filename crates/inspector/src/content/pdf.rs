//! PDF: what its plain dictionaries say (ISO 32000-1, 7.5 and 7.6).
//!
//! The trailer, or the dictionary of a cross-reference stream, is never compressed, so the
//! mark of encryption is always visible; what opens without anybody being asked, or with a
//! password that was given, is an object of its own. Actions and attachments are seen when their
//! dictionaries are not inside compressed object streams.

use std::borrow::Cow;

use crate::mail::hex_byte;
use crate::pdf;
use crate::report::{Category, Engine, Outcome};
use crate::seek::{Seekable, Spool};
use crate::stream::{Fault, LOOK_AHEAD, Stream};
use crate::walk::{Place, Walk};

const ACTIVE: Outcome = Outcome::PolicyHit {
    category: Category::ActiveContent,
};

static MARKS: &[(&[u8], Engine, Outcome, &str)] = &[
    (
        b"/Encrypt",
        Engine::Encrypted,
        Outcome::Encrypted,
        "encrypted-pdf",
    ),
    (b"/JavaScript", Engine::Content, ACTIVE, "pdf-javascript"),
    (b"/Launch", Engine::Content, ACTIVE, "pdf-launch"),
    (
        b"/EmbeddedFile",
        Engine::Content,
        ACTIVE,
        "pdf-embedded-file",
    ),
    (
        b"/EmbeddedFiles",
        Engine::Content,
        ACTIVE,
        "pdf-embedded-file",
    ),
];

/// The first mark.
const ENCRYPT: usize = 0;
/// Longer than any mark with every letter escaped, and the byte after it.
const OVERLAP: usize = 64;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut found = [false; MARKS.len()];
    let mut kept = Spool::new(walk.budget()).ok();
    loop {
        let window = stream.peek(LOOK_AHEAD)?;
        let plain = unescaped(window);
        for (found, (mark, ..)) in found.iter_mut().zip(MARKS) {
            *found = *found || contains(&plain, mark);
        }
        let left = window.len().saturating_sub(OVERLAP);
        let step = if left == 0 { window.len() } else { left };
        // What is too large to be kept can't be opened.
        kept = kept.and_then(|mut kept| kept.push(&window[..step]).ok().map(|()| kept));
        stream.consume(step);
        if left == 0 {
            break;
        }
    }
    let is_open = match kept.filter(|_| found[ENCRYPT]) {
        Some(kept) => pdf::walk(walk, place, &mut Seekable::from(kept))?,
        None => false,
    };
    found[ENCRYPT] &= !is_open;
    for (found, (_, engine, outcome, name)) in found.into_iter().zip(MARKS) {
        if found {
            walk.find(*engine, *outcome, name, place, "");
        }
    }
    Ok(())
}

/// Letters and digits of names may be written as `#41` (ISO 32000-1, 7.3.5).
fn unescaped(window: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'#', window).is_none() {
        return Cow::Borrowed(window);
    }
    let mut plain = Vec::with_capacity(window.len());
    let mut rest = window;
    while let Some(at) = memchr::memchr(b'#', rest) {
        let letter = rest.get(at + 1..at + 3).and_then(hex_byte);
        plain.extend_from_slice(&rest[..at]);
        if let Some(letter) = letter.filter(u8::is_ascii_alphanumeric) {
            plain.push(letter);
            rest = &rest[at + 3..];
        } else {
            plain.push(b'#');
            rest = &rest[at + 1..];
        }
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Whether `mark` is there as a whole name, not as the beginning of a longer one.
fn contains(window: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find_iter(window, mark).any(|at| {
        window
            .get(at + mark.len())
            .is_none_or(|next| !next.is_ascii_alphanumeric())
    })
}
