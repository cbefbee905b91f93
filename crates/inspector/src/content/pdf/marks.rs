//! Names in dictionaries that stand for actions, attachments and encryption (ISO 32000-1, 7.6,
//! 12.6). The trailer, or the dictionary of a cross-reference stream, is never compressed, so the
//! mark of encryption is always visible.

use std::borrow::Cow;

use crate::mail::hex_byte;
use crate::report::{Category, Engine, Outcome};
use crate::walk::{Place, Walk};

const ACTIVE: Outcome = Outcome::PolicyHit {
    category: Category::ActiveContent,
};

static MARKS: &[(&[u8], Engine, Outcome, &str)] = &[
    (
        b"/Encrypt",
        Engine::Encrypted,
        Outcome::Encrypted,
        ENCRYPTED,
    ),
    (b"/JavaScript", Engine::Content, ACTIVE, "pdf-javascript"),
    (b"/JS", Engine::Content, ACTIVE, "pdf-javascript"),
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
    (b"/XFA", Engine::Content, ACTIVE, "pdf-form-script"),
    (b"/SubmitForm", Engine::Content, ACTIVE, "pdf-submit"),
    (b"/GoToR", Engine::Content, ACTIVE, "pdf-remote-file"),
];

const ENCRYPTED: &str = "encrypted-pdf";

/// Longer than any mark with every letter escaped, and the byte after it.
const OVERLAP: usize = 64;

/// Which marks were seen in texts that come piece by piece.
#[derive(Default)]
pub struct Marks {
    found: [bool; MARKS.len()],
    /// The end of the last piece.
    past: Vec<u8>,
}

impl Marks {
    /// Looks at some text of the file itself.
    pub(super) fn see(&mut self, text: &[u8]) {
        let joined = [self.past.as_slice(), text].concat();
        search(&joined, &mut self.found);
        let kept = joined.len().saturating_sub(OVERLAP);
        self.past = joined[kept..].to_vec();
    }

    /// Ends a text: what comes next does not follow on it.
    pub(super) fn pause(&mut self) {
        self.see(b" ");
        self.past.clear();
    }

    /// Takes over the actions in what was packed; no dictionary of encryption is there.
    pub(super) fn see_packed(&mut self, mut packed: Self) {
        packed.pause();
        for (index, found) in packed.found.iter().enumerate() {
            self.found[index] |= *found && MARKS[index].3 != ENCRYPTED;
        }
    }

    pub(super) fn encrypted(&self) -> bool {
        let mut both = self.found.iter().zip(MARKS);
        both.any(|(found, mark)| *found && mark.3 == ENCRYPTED)
    }

    /// Says what was seen, each thing once; not that it is encrypted if it was opened.
    pub(super) fn tell(&self, walk: &mut Walk<'_>, place: &Place, is_open: bool) {
        let mut said = is_open.then_some(ENCRYPTED);
        for (found, (_, engine, outcome, name)) in self.found.iter().zip(MARKS) {
            if *found && said != Some(*name) {
                walk.find(*engine, *outcome, name, place, "");
                said = Some(*name);
            }
        }
    }
}

fn search(text: &[u8], found: &mut [bool; MARKS.len()]) {
    let plain = unescaped(text);
    for (found, (mark, ..)) in found.iter_mut().zip(MARKS) {
        *found = *found || contains(&plain, mark);
    }
}

/// Letters and digits of names may be written as `#41` (ISO 32000-1, 7.3.5).
pub fn unescaped(window: &[u8]) -> Cow<'_, [u8]> {
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

/// Whether `mark` is there as a whole name, not as the beginning of a longer one. At the very end
/// that is not known yet.
fn contains(window: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find_iter(window, mark).any(|at| {
        window
            .get(at + mark.len())
            .is_some_and(|next| !next.is_ascii_alphanumeric())
    })
}
