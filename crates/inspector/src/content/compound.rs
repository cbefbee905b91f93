//! Compound File Binary ([MS-CFB]): which streams and storages it has.
//!
//! Directory entries are 128 bytes long and lie on multiples of 128, so they can be told
//! from other data as the file streams by, without following its allocation table. Left-over
//! entries of deleted streams are seen as well; that errs on the safe side. Then the table is
//! followed and every stream is an object of its own.

use super::cfb::{Compound, Entry};
use super::streams;
use crate::kinds::{self, Kind};
use crate::office;
use crate::report::{Category, Engine, Level, Outcome};
use crate::seek::{Range, Seekable};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const SECTOR: usize = 512;
const ENTRY: usize = 128;

/// What was seen so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations")]
struct Seen {
    /// By the marks of old formats.
    encrypted: bool,
    /// A whole document, encrypted.
    sealed: bool,
    macros: bool,
    package: bool,
    kind: Option<&'static Kind>,
}

pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
) -> Result<&'static Kind, Fault> {
    let budget = walk.budget();
    let mut whole = Seekable::of(budget, stream)?;
    let length = whole.length();
    let mut surface = Range::new(&mut whole, 0, length);
    let seen = look(walk, place, &mut Stream::new(&mut surface, Watch::new()))?;
    let mut kind = seen.kind.unwrap_or(&kinds::COMPOUND);
    let mut opened = false;
    let installer = is_installer(&root(&mut whole)?);
    let read = Compound::open(&mut whole, budget.lease(0)?).and_then(|mut file| {
        kind = if installer {
            &kinds::MSI
        } else {
            kind_of(file.entries())
        };
        streams::walk(walk, place, &mut file, kind)?;
        opened = kind == &kinds::ENCRYPTED_OFFICE && office::walk(walk, place, &mut file)?;
        Ok(file.end())
    });
    if seen.encrypted || seen.sealed && !opened {
        walk.find_encrypted("encrypted-office-document", place);
    }
    match read {
        Ok(end) => judge_rest(walk, place, &mut whole, end)?,
        // The kind is known all the same.
        Err(Fault::Damaged(code)) => {
            let outcome = Outcome::Unsupported;
            walk.find(Engine::Container, outcome, code, place, "");
        }
        Err(fault) => return Err(fault),
    }
    Ok(kind)
}

/// What lies behind the last sector in use belongs to nothing in the file; another program
/// may open it. Writers may leave zeros there.
fn judge_rest(
    walk: &mut Walk<'_>,
    place: &Place,
    whole: &mut Seekable<'_, '_, '_>,
    end: u64,
) -> Result<(), Fault> {
    let length = whole.length().saturating_sub(end);
    let mut rest = Range::new(whole, end, length);
    let mut stream = Stream::new(&mut rest, Watch::new());
    loop {
        walk.budget().check_time()?;
        let chunk = stream.chunk()?;
        let count = chunk.len();
        if count == 0 {
            return Ok(());
        }
        if chunk.iter().any(|byte| *byte != 0) {
            let outcome = Outcome::Suspicious {
                level: Level::Medium,
            };
            walk.find(
                Engine::Container,
                outcome,
                "compound-trailing-data",
                place,
                "",
            );
            return Ok(());
        }
        stream.consume(count);
    }
}

/// What the file's sectors say, one after another.
fn look(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<Seen, Fault> {
    let mut seen = Seen::default();
    loop {
        let sector = stream.peek(SECTOR)?;
        let length = sector.len();
        if length == 0 {
            break;
        }
        sector
            .chunks_exact(ENTRY)
            .for_each(|entry| seen.entry(entry));
        seen.sector(sector);
        stream.consume(length);
        if length < SECTOR {
            // Damage, if any, speaks up now.
            stream.chunk()?;
        }
    }
    let active = Outcome::PolicyHit {
        category: Category::ActiveContent,
    };
    let macros = Outcome::PolicyHit {
        category: Category::Macro,
    };
    if seen.macros {
        walk.find(Engine::Content, macros, "office-macro", place, "");
    }
    if seen.package {
        walk.find(Engine::Content, active, "ole-package", place, "");
    }
    Ok(seen)
}

impl Seen {
    fn entry(&mut self, entry: &[u8]) {
        let Some(name) = entry_name(entry) else {
            return;
        };
        // Programs ask for names in any case.
        match name.to_ascii_lowercase().as_str() {
            "encryptedpackage" => {
                self.sealed = true;
                self.kind = Some(&kinds::ENCRYPTED_OFFICE);
            }
            "vba" | "_vba_project" | "_vba_project_cur" => self.macros = true,
            "\u{1}ole10native" => self.package = true,
            "worddocument" => self.is(&kinds::DOC),
            "workbook" | "book" => self.is(&kinds::XLS),
            "powerpoint document" => self.is(&kinds::PPT),
            "__properties_version1.0" | "__nameid_version1.0" => self.kind = Some(&kinds::MSG),
            "root entry" if is_installer(entry) => self.kind = Some(&kinds::MSI),
            _ => {}
        }
    }

    /// The first application stream decides; later ones are embedded objects.
    fn is(&mut self, kind: &'static Kind) {
        self.kind = self.kind.or(Some(kind));
    }

    /// Marks of old Office encryption at the start of a sector.
    fn sector(&mut self, sector: &[u8]) {
        self.encrypted = self.encrypted
            || word_encrypted(sector)
            || excel_encrypted(sector)
            || sector.chunks_exact(64).any(powerpoint_encrypted);
    }
}

/// The directory entry of the root, or zeros where there is none.
fn root(whole: &mut Seekable<'_, '_, '_>) -> Result<[u8; ENTRY], Fault> {
    let sector = |header: &[u8; SECTOR]| match header[30] {
        12 => 4096,
        _ => 512,
    };
    let found = whole
        .array_at::<SECTOR>(0, "compound-damaged")
        .and_then(|header| {
            let first = u32::from_le_bytes([header[48], header[49], header[50], header[51]]);
            let offset = (u64::from(first) + 1) * sector(&header);
            whole.array_at::<ENTRY>(offset, "compound-damaged")
        });
    match found {
        Err(Fault::Damaged(_)) => Ok([0; ENTRY]),
        other => other,
    }
}

/// What a file is, by what lies in its root; further in are the parts of other documents.
fn kind_of(entries: &[Entry]) -> &'static Kind {
    static KINDS: &[(&str, &Kind)] = &[
        ("encryptedpackage", &kinds::ENCRYPTED_OFFICE),
        ("__properties_version1.0", &kinds::MSG),
        ("worddocument", &kinds::DOC),
        ("workbook", &kinds::XLS),
        ("book", &kinds::XLS),
        ("powerpoint document", &kinds::PPT),
    ];
    let in_root = |name: &str| {
        entries
            .iter()
            .any(|entry| entry.parent == Some(0) && entry.name.eq_ignore_ascii_case(name))
    };
    let known = KINDS.iter().find(|(name, _)| in_root(name));
    known.map_or(&kinds::COMPOUND, |(_, kind)| kind)
}

/// The name of a directory entry; none when the bytes are something else.
fn entry_name(entry: &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes([entry[64], entry[65]]));
    let plausible = (4..=64).contains(&length)
        && length.is_multiple_of(2)
        && matches!(entry[66], 1 | 2 | 5)
        && entry[67] <= 1
        && entry[length - 2..length] == [0, 0];
    if !plausible {
        return None;
    }
    let units = entry[..length - 2]
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()
}

/// Class ids of Windows Installer packages, patches and transforms.
fn is_installer(root: &[u8]) -> bool {
    let class = &root[80..96];
    matches!(class[0], 0x82 | 0x84 | 0x86)
        && class[1..] == *b"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"
}

/// [MS-DOC] 2.5.2: FibBase, `wIdent` A5EC and the flag `fEncrypted`.
fn word_encrypted(sector: &[u8]) -> bool {
    let plausible = sector.len() >= 32
        && sector[..2] == [0xec, 0xa5]
        && (0x0060..=0x0120).contains(&u16::from_le_bytes([sector[2], sector[3]]));
    plausible && sector[11] & 1 != 0
}

/// [MS-XLS] 2.4.117: a record `FilePass` among the first ones after `BOF`.
fn excel_encrypted(sector: &[u8]) -> bool {
    let word = |at: usize| {
        sector
            .get(at..at + 2)
            .map(|w| u16::from_le_bytes([w[0], w[1]]))
    };
    if word(0) != Some(0x0809) || !matches!(word(4), Some(0x0600 | 0x0500)) {
        return false;
    }
    let mut at = 0;
    while let (Some(record), Some(length)) = (word(at), word(at + 2)) {
        if record == 0x002f {
            return true;
        }
        at += 4 + usize::from(length);
    }
    false
}

/// [MS-PPT] 2.3.2: `CurrentUserAtom` with the token of an encrypted document.
fn powerpoint_encrypted(block: &[u8]) -> bool {
    block[2..4] == [0xf6, 0x0f] && block[12..16] == [0xdf, 0xc4, 0xd1, 0xf3]
}
