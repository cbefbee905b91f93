//! Windows programs with an archive behind them: self-extracting archives and installers.
//!
//! The program ends where its last section does (PE format, "Section Table"). What follows is
//! opened when it is an archive, or when an archive begins soon behind its settings.

use memchr::memmem;

use crate::kinds::{self, Format};
use crate::stream::{Fault, LOOK_AHEAD, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// Where archives begin that self-extracting programs carry.
static SIGNATURES: &[&[u8]] = &[
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"PK\x03\x04",
    b"MSCF\0\0\0\0",
];
const SECTION: usize = 40;

/// Where the program ends, and where its signature begins.
struct Layout {
    end: u64,
    signature: Option<u64>,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let Some(layout) = layout(stream.peek(LOOK_AHEAD)?) else {
        return Ok(());
    };
    if stream.skip(layout.end, "").is_err() {
        // A program that breaks off; what there is was searched.
        return Ok(());
    }
    let head = stream.peek(LOOK_AHEAD)?;
    let Some(at) = archive(head) else {
        return Ok(());
    };
    stream.consume(at);
    let base = stream.position();
    let mut member = place.member("appended");
    member.base = base;
    walk.check_depth(&member)?;
    let length = layout
        .signature
        .and_then(|signature| signature.checked_sub(base))
        .unwrap_or(u64::MAX);
    let mut window = Window::up_to(stream, length);
    walk.object(&member, &mut Stream::new(&mut window, Watch::new()))
        .map(drop)
}

/// Where in the bytes behind a program an archive begins.
fn archive(head: &[u8]) -> Option<usize> {
    let format = kinds::detect(head).format;
    if !head.is_empty() && !matches!(format, Format::Opaque | Format::Closed | Format::Text) {
        return Some(0);
    }
    SIGNATURES
        .iter()
        .filter_map(|signature| memmem::find(head, signature))
        .min()
}

fn layout(head: &[u8]) -> Option<Layout> {
    let word = |at: usize| {
        let field = head.get(at..at + 2)?;
        Some(usize::from(u16::from_le_bytes([field[0], field[1]])))
    };
    let double = |at: usize| {
        let field = head.get(at..at + 4)?.first_chunk::<4>()?;
        Some(u64::from(u32::from_le_bytes(*field)))
    };
    let header = usize::try_from(double(0x3c)?).ok()?;
    if head.get(header..header + 4)? != b"PE\0\0" {
        return None;
    }
    let (sections, optional) = (word(header + 6)?, word(header + 20)?);
    let start = header + 24;
    let mut end = 0;
    for index in 0..sections {
        let section = start + optional + index * SECTION;
        end = end.max(double(section + 20)? + double(section + 16)?);
    }
    // Directory 4: the certificate table, whose address is an offset in the file.
    let directories = match word(start)? {
        0x10b => start + 96,
        0x20b => start + 112,
        _ => return None,
    };
    let signature = double(directories + 32).filter(|at| *at >= end && optional >= 136);
    Some(Layout { end, signature })
}
