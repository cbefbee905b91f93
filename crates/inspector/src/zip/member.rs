//! The data of one member, and the descriptor after it.

use super::local::Local;
use super::{TRUNCATED, double, method, quad, sealed, signature};
use crate::inflate::{Inflate, Inflated};
use crate::report::{Engine, Outcome};
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// What the data turned out to be.
#[derive(Debug, Clone, Copy)]
pub struct Real {
    pub crc32: u32,
    pub packed: u64,
    pub unpacked: u64,
}

/// Looks at the beginning of a member's content.
pub type Look<'l> = &'l mut dyn FnMut(&mut Stream<'_>) -> Result<(), Fault>;

/// Whether the walk can go on behind this member.
pub enum Next {
    /// It can; the member was read.
    Read(Real),
    /// It can; the member was stepped over, and a finding says so. With what a descriptor
    /// stated, if there was one.
    Skipped(Option<Real>),
    /// Nobody knows where the member ends; a finding says so.
    Lost,
}

/// Reads the data of the member at `place` up to and with its descriptor.
pub fn read(
    walk: &mut Walk<'_>,
    place: &Place,
    local: &Local,
    stream: &mut Stream<'_>,
    look: Look<'_>,
) -> Result<Next, Fault> {
    if local.is_encrypted() {
        return sealed::read(walk, place, local, stream, look);
    }
    match local.method {
        method::STORED => stored(walk, place, local, stream, look),
        method::DEFLATE => deflated(walk, place, local, stream, look),
        other => {
            find_method(walk, place, other);
            step_over(local, stream)
        }
    }
}

/// Says that members packed by this method are not read.
pub fn find_method(walk: &mut Walk<'_>, place: &Place, method: u16) {
    let (outcome, detail) = (Outcome::Unsupported, format!("method {method}"));
    let name = "zip-method-not-supported";
    walk.find(Engine::Container, outcome, name, place, &detail);
}

/// Steps over a member that is not read; a finding says so.
pub fn step_over(local: &Local, stream: &mut Stream<'_>) -> Result<Next, Fault> {
    let Some(length) = local.packed_length() else {
        return Ok(Next::Lost);
    };
    stream.skip(length, TRUNCATED)?;
    behind(local, stream)
}

/// What follows the data of a member that was not read.
pub fn behind(local: &Local, stream: &mut Stream<'_>) -> Result<Next, Fault> {
    if !local.has_descriptor() {
        return Ok(Next::Skipped(None));
    }
    let matches = |found: &Real| found.packed == local.packed;
    let found = descriptor(stream, &matches).ok_or(Fault::Ambiguous("zip-bad-descriptor"))?;
    Ok(Next::Skipped(Some(found)))
}

fn stored(
    walk: &mut Walk<'_>,
    place: &Place,
    local: &Local,
    stream: &mut Stream<'_>,
    look: Look<'_>,
) -> Result<Next, Fault> {
    let length = local.packed;
    if local.has_descriptor() && length == 0 && !empty_descriptor_follows(stream)? {
        // Stored data does not say where it ends: any answer would be a guess.
        walk.find(
            Engine::Container,
            Outcome::Unsupported,
            "zip-stored-with-descriptor",
            place,
            "",
        );
        return Ok(Next::Lost);
    }
    if local.unpacked != length {
        return Err(Fault::Ambiguous("zip-size-mismatch"));
    }
    let mut window = Window::new(stream, length);
    let mut content = Stream::new(&mut window, Watch::new());
    look(&mut content)?;
    walk.object(place, &mut content)?;
    let crc32 = window.finish(TRUNCATED)?;
    finish(
        local,
        stream,
        Real {
            crc32,
            packed: length,
            unpacked: length,
        },
    )
}

fn deflated(
    walk: &mut Walk<'_>,
    place: &Place,
    local: &Local,
    stream: &mut Stream<'_>,
    look: Look<'_>,
) -> Result<Next, Fault> {
    let (inflated, read) = inflate(walk, place, stream, local.packed_length(), look)?;
    let Some(Inflated {
        consumed,
        produced,
        crc32,
    }) = inflated
    else {
        // The damage has its finding; a known length may lead behind it.
        let known = local.packed_length().filter(|_| !local.has_descriptor());
        let Some(length) = known else {
            return Ok(Next::Lost);
        };
        stream.skip(length - read, TRUNCATED)?;
        return Ok(Next::Skipped(None));
    };
    if local
        .packed_length()
        .is_some_and(|length| length != consumed)
    {
        return Err(Fault::Ambiguous("zip-data-after-member"));
    }
    finish(
        local,
        stream,
        Real {
            crc32,
            packed: consumed,
            unpacked: produced,
        },
    )
}

/// Walks the content of a deflated member; says what the data was, if it was whole, and how
/// much of it was read.
pub fn inflate(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    left: Option<u64>,
    look: Look<'_>,
) -> Result<(Option<Inflated>, u64), Fault> {
    let mut inflate = Inflate::new(stream, walk.budget(), left);
    let mut content = Stream::new(&mut inflate, Watch::new());
    look(&mut content)?;
    walk.object(place, &mut content)?;
    let read = inflate.deflate.consumed();
    Ok((inflate.deflate.finish(), read))
}

/// Checks what was stated before or after the data against the data.
pub fn finish(local: &Local, stream: &mut Stream<'_>, real: Real) -> Result<Next, Fault> {
    if local.has_descriptor() {
        let matches = |found: &Real| {
            found.crc32 == real.crc32
                && found.packed == real.packed
                && found.unpacked == real.unpacked
        };
        descriptor(stream, &matches).ok_or(Fault::Ambiguous("zip-bad-descriptor"))?;
    }
    let stated = !local.has_descriptor();
    let crc_wrong = (stated || local.crc32 != 0) && local.crc32 != real.crc32;
    let size_wrong = (stated || local.unpacked != 0) && local.unpacked != real.unpacked;
    if crc_wrong {
        return Err(Fault::Ambiguous("zip-checksum-mismatch"));
    }
    if size_wrong {
        return Err(Fault::Ambiguous("zip-size-mismatch"));
    }
    Ok(Next::Read(real))
}

/// Reads a descriptor in whichever of its four forms `matches`: with or without signature,
/// with sizes of 4 or 8 bytes. Only one form can be followed by another record.
fn descriptor(stream: &mut Stream<'_>, matches: &dyn Fn(&Real) -> bool) -> Option<Real> {
    let window = stream.peek(28).ok()?;
    let forms = [(4, 4), (4, 8), (0, 4), (0, 8)];
    let (length, found) = forms.into_iter().find_map(|(start, width)| {
        let length = start + 4 + 2 * width;
        let signed = start == 0 || window.starts_with(&signature::DESCRIPTOR);
        let followed = window
            .get(length..length + 2)
            .is_some_and(|next| next == b"PK");
        let found = (signed && followed).then(|| form(window, start, width))?;
        matches(&found).then_some((length, found))
    })?;
    stream.consume(length);
    Some(found)
}

fn form(window: &[u8], start: usize, width: usize) -> Real {
    let size = |at| {
        if width == 4 {
            u64::from(double(window, at))
        } else {
            quad(window, at)
        }
    };
    let sizes = start + 4;
    Real {
        crc32: double(window, start),
        packed: size(sizes),
        unpacked: size(sizes + width),
    }
}

/// Whether the descriptor of an empty member follows at once, as for directories.
fn empty_descriptor_follows(stream: &mut Stream<'_>) -> Result<bool, Fault> {
    let window = stream.peek(28)?;
    let signed = usize::from(window.starts_with(&signature::DESCRIPTOR)) * 4;
    let zeros = window[signed.min(window.len())..]
        .iter()
        .take_while(|byte| **byte == 0)
        .count();
    Ok([12, 20].contains(&zeros) && window[signed + zeros..].starts_with(b"PK"))
}
