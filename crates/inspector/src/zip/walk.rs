//! The walk from the first local header to the end.

use std::collections::{BTreeMap, BTreeSet};

use super::contents::Contents;
use super::local::{Local, Record};
use super::member::{self, Next, Real};
use super::{end, flag, signature};
use crate::kinds::Kind;
use crate::names;
use crate::report::{Category, Engine, Outcome};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};

/// Walks a ZIP archive; says what it is, as far as its members tell.
pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
) -> Result<&'static Kind, Fault> {
    walk.begin_parts(place);
    let mut archive = Archive::default();
    let walked = archive.members(walk, place, stream);
    walk.end_parts(archive.contents.is_document_named(&place.name));
    archive.conclude(walk, place);
    let walked = match walked {
        Ok(Progress::Members) => end::read(walk, place, stream, archive.records),
        Ok(Progress::Lost) => Ok(()),
        Err(fault) => Err(fault),
    };
    match walked {
        Ok(()) => {}
        // The kind is known all the same.
        Err(Fault::Ambiguous(code)) => walk.find_ambiguous(code, place, ""),
        Err(Fault::Damaged(code)) => {
            walk.find(Engine::Container, Outcome::Unsupported, code, place, "");
        }
        Err(fault) => return Err(fault),
    }
    Ok(archive.contents.kind())
}

enum Progress {
    /// All members were passed; what follows is not a member.
    Members,
    /// A finding says why nothing behind some member can be found.
    Lost,
}

#[derive(Default)]
struct Archive {
    contents: Contents,
    /// By offset of the local header.
    records: BTreeMap<u64, Record>,
    names: BTreeSet<[u8; 32]>,
}

impl Archive {
    fn members(
        &mut self,
        walk: &mut Walk<'_>,
        place: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<Progress, Fault> {
        loop {
            let next: Option<[u8; 4]> = stream.peek(4)?.first_chunk().copied();
            match next {
                Some(signature::LOCAL) => {
                    if !self.member(walk, place, stream)? {
                        return Ok(Progress::Lost);
                    }
                }
                Some(signature::CENTRAL) => return Ok(Progress::Members),
                // An archive without members is its end record.
                Some(signature::END) if self.records.is_empty() => return Ok(Progress::Members),
                Some(_) if stream.position() == 0 => return Err(Fault::Damaged("zip-split")),
                Some(_) => return Err(Fault::Ambiguous("zip-ambiguous-gap")),
                None => {
                    // Damage of the layer below comes first.
                    stream.chunk()?;
                    return Err(Fault::Damaged("zip-missing-end"));
                }
            }
        }
    }

    /// Reads one member; false when the way behind it is lost.
    fn member(
        &mut self,
        walk: &mut Walk<'_>,
        archive: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<bool, Fault> {
        let offset = stream.position();
        let local = Local::read(stream)?;
        let name = local.text_name();
        let place = archive.member(&name);
        walk.check_depth(&place)?;
        let mut record = local.record();
        if !self.names.insert(record.name) {
            walk.find_ambiguous("zip-duplicate-name", &place, "");
        }
        judge_name(walk, &local, &name, &place);
        let contents = &mut self.contents;
        let mut look = |content: &mut Stream<'_>| contents.look(&name, content);
        match member::read(walk, &place, &local, stream, &mut look)? {
            Next::Read(Real {
                crc32,
                packed,
                unpacked,
            }) => {
                if local.is_directory() && unpacked > 0 {
                    walk.find_ambiguous("zip-directory-with-content", &place, "");
                }
                record = Record {
                    crc32,
                    packed,
                    unpacked,
                    ..record
                };
            }
            Next::Skipped(stated) => {
                walk.budget().count_object(place.depth)?;
                if let Some(Real {
                    crc32,
                    packed,
                    unpacked,
                }) = stated
                {
                    record = Record {
                        crc32,
                        packed,
                        unpacked,
                        ..record
                    };
                }
            }
            Next::Lost => return Ok(false),
        }
        self.records.insert(offset, record);
        Ok(true)
    }

    /// What the members together say of the archive.
    fn conclude(&self, walk: &mut Walk<'_>, place: &Place) {
        if self.contents.encrypted() {
            walk.find(
                Engine::Encrypted,
                Outcome::Encrypted,
                "encrypted-opendocument",
                place,
                "",
            );
        }
        if self.contents.macros() {
            let outcome = Outcome::PolicyHit {
                category: Category::Macro,
            };
            walk.find(Engine::Content, outcome, "office-macro", place, "");
        }
    }
}

fn judge_name(walk: &mut Walk<'_>, local: &Local, name: &str, place: &Place) {
    if name.is_empty() || name.contains('\0') {
        walk.find_ambiguous("name-control-character", place, "");
    }
    if names::escapes(name) {
        walk.find_ambiguous("name-traversal", place, "");
    }
    let utf8 = local.flags & flag::UTF8 != 0;
    if utf8 && std::str::from_utf8(&local.name).is_err() {
        walk.find_ambiguous("zip-name-not-utf8", place, "");
    }
    let Some(other) = &local.extra.unicode_path else {
        return;
    };
    if names::escapes(other) {
        walk.find_ambiguous("name-traversal", place, "in the Unicode name");
    }
    // The same name in another encoding has the same ending, and systems go by that.
    if names::ending(other) != names::ending(name) {
        walk.find_ambiguous("zip-two-names", place, other);
    }
}
