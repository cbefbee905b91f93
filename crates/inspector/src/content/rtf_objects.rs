//! Objects in RTF: hex digits behind `\objdata` that are an object of OLE 1.0 (RTF 1.9.1;
//! [MS-OLEDS] 2.2.4).

use memchr::memmem;

use super::package;
use crate::report::{Category, Engine, Outcome};
use crate::stream::{Fault, Feed, LOOK_AHEAD, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const MARK: &[u8] = b"\\objdata";
/// Longest header of an object that is believed.
const LONGEST_HEADER: usize = 4096;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut number = 0;
    loop {
        let window = stream.peek(LOOK_AHEAD)?;
        if window.is_empty() {
            return Ok(());
        }
        let Some(at) = memmem::find(window, MARK) else {
            let whole = window.len() < LOOK_AHEAD;
            let kept = if whole { 0 } else { MARK.len() };
            let step = window.len() - kept;
            stream.consume(step);
            walk.budget().check_time()?;
            continue;
        };
        stream.consume(at + MARK.len());
        number += 1;
        let category = Category::ActiveContent;
        let outcome = Outcome::PolicyHit { category };
        walk.find(Engine::Content, outcome, "rtf-embedded-object", place, "");
        object(walk, &place.member(&format!("object-{number}")), stream)?;
    }
}

fn object(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    walk.check_depth(place)?;
    let mut digits = Digits { stream, odd: false };
    let mut bytes = Stream::new(&mut digits, Watch::new());
    walk.show(place, &mut bytes);
    let native = native(bytes.peek(LONGEST_HEADER)?);
    // Without a header that makes sense all of it is looked at.
    let (offset, length) = native.unwrap_or((0, u64::MAX));
    bytes.consume(offset);
    package::object(walk, place, &mut Window::up_to(&mut bytes, length))?;
    bytes.drain()?;
    let eicar = bytes.watch().eicar();
    if digits.odd {
        // Readers skip different things between digits.
        walk.find_ambiguous("rtf-odd-object", place, "");
    }
    if eicar {
        walk.find_eicar(place);
    }
    Ok(())
}

/// Where the data of an embedded object begins, and how long it is.
fn native(head: &[u8]) -> Option<(usize, u64)> {
    const EMBEDDED: u32 = 2;
    let double = |at: usize| {
        let bytes = head.get(at..at + 4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    if double(4)? != EMBEDDED {
        return None;
    }
    // Class, topic and item, each behind its length.
    let mut at = 8;
    for _ in 0..3 {
        at += 4 + usize::try_from(double(at)?)
            .ok()
            .filter(|n| *n < LONGEST_HEADER)?;
    }
    Some((at + 4, u64::from(double(at)?)))
}

/// The bytes that hex digits stand for, up to the end of their group.
struct Digits<'p, 's> {
    stream: &'p mut Stream<'s>,
    /// There was something else between the digits.
    odd: bool,
}

impl Feed for Digits<'_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut filled = 0;
        let mut high = None;
        while filled < buffer.len() {
            let Some(symbol) = self.stream.peek(1)?.first().copied() else {
                break;
            };
            match (char::from(symbol).to_digit(16), symbol) {
                (Some(digit), _) => match high.take() {
                    None => high = Some(digit),
                    Some(high) => {
                        buffer[filled] = u8::try_from(high << 4 | digit).unwrap_or(0);
                        filled += 1;
                    }
                },
                (None, b'}') => break,
                (None, b'{' | b'\\') => {
                    self.odd = true;
                    break;
                }
                (None, b' ' | b'\t' | b'\r' | b'\n') => {}
                (None, _) => self.odd = true,
            }
            self.stream.consume(1);
        }
        Ok(filled)
    }
}
