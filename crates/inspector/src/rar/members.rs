//! The members of an archive, one after another.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Instant;

use rars::{
    Archive, ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ErrorKind,
    ExtractionDecision, ExtractionErrorAction,
};

use super::sealed;
use crate::names;
use crate::report::{Engine, How, Level, Limit, Outcome};
use crate::seek::Pieces;
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const DAMAGED: &str = "rar-damaged";
const ENCRYPTED: &str = "encrypted-rar-member";
/// Bytes of all headers together.
const LONGEST_HEADERS: u64 = 16 << 20;
/// What the decoder may take: a window of 64 MiB, twice what the usual program chooses.
const MOST_WORKSPACE: u64 = 80 << 20;

/// What the decoder wrote of a member.
#[derive(Debug)]
struct Content {
    pieces: Pieces,
    /// Memory that was left when the member began; nothing else is leased while it is written.
    left: u64,
    until: Option<Instant>,
    /// Why writing was refused.
    refused: Option<Limit>,
}

/// The decoder's end of [`Content`].
struct Sink(Rc<RefCell<Content>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let content = &mut *self.0.borrow_mut();
        if content.until.is_some_and(|until| Instant::now() > until) {
            content.refused = Some(Limit::Time);
            return Err(io::ErrorKind::StorageFull.into());
        }
        let left = &mut content.left;
        let pushed = content.pieces.push(bytes, |more| {
            *left = left.checked_sub(more).ok_or(Fault::Limit(Limit::Memory))?;
            Ok(())
        });
        if pushed.is_err() {
            content.refused = Some(Limit::Memory);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was written, as a feed.
struct Kept<'p> {
    pieces: &'p Pieces,
    at: u64,
}

impl Feed for Kept<'_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let count = self.pieces.read_at(self.at, buffer);
        self.at += count as u64;
        Ok(count)
    }
}

struct Members<'w, 'b> {
    walk: &'w mut Walk<'b>,
    place: &'w Place,
    /// How encrypted members are opened; none when they are not.
    how: Option<How>,
    /// The member that is being written.
    current: Option<(Place, Rc<RefCell<Content>>)>,
    stopped: Option<Fault>,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, archive: Vec<u8>) -> Result<(), Fault> {
    let budget = walk.budget();
    let workspace = (budget.memory_left() / 2).min(MOST_WORKSPACE);
    let with = |password| {
        ArchiveReadOptions::with_optional_password(password)
            .with_max_header_count(budget.most_members() + 100)
            .with_max_header_bytes(LONGEST_HEADERS)
            .with_rar50_dictionary_size_limit(workspace)
            .with_rar50_buffered_decode_limit(1 << 20)
            .with_max_reader_workspace_bytes(workspace)
    };
    let options = with(None);
    let archive =
        ArchiveReader::read_owned_with_options(archive, options).map_err(|e| fault(&e))?;
    if archive.sfx_offset() != 0 {
        return Err(Fault::Ambiguous("rar-gap"));
    }
    let _lease = budget.lease(workspace)?;
    let key = sealed::open(walk, &archive, with)?;
    let unreadable = key.is_none() && encrypted_in_solid(&archive);
    let options = with(key.map(|(password, _)| password.as_bytes()));
    let members = RefCell::new(Members {
        walk,
        place,
        how: key.map(|(_, how)| how),
        current: None,
        stopped: None,
    });
    if unreadable {
        let mut members = members.borrow_mut();
        return archive
            .members()
            .try_for_each(|member| members.list_encrypted(&member));
    }
    let read = archive.extract_with_control_and_errors(
        options,
        |member| Ok(members.borrow_mut().decide(member)),
        |_, error| Ok(members.borrow_mut().failed(error)),
    );
    let mut members = members.into_inner();
    members.settle();
    match (members.stopped, read) {
        (Some(fault), _) => Err(fault),
        (None, Ok(_)) => Ok(()),
        (None, Err(error)) => Err(fault(&error)),
    }
}

/// Members of a solid archive can't be stepped over.
fn encrypted_in_solid(archive: &Archive) -> bool {
    let solid = archive.members().any(|member| member.is_solid());
    solid && archive.members().any(|member| member.meta.is_encrypted)
}

impl Members<'_, '_> {
    fn decide(&mut self, member: &ArchiveMember) -> ExtractionDecision {
        self.settle();
        if self.stopped.is_some() {
            return ExtractionDecision::Stop;
        }
        match self.begin(member) {
            Ok(Some(sink)) => ExtractionDecision::Extract(Box::new(sink)),
            Ok(None) => ExtractionDecision::Skip,
            Err(fault) => {
                self.stopped = Some(fault);
                ExtractionDecision::Stop
            }
        }
    }

    fn begin(&mut self, member: &ArchiveMember) -> Result<Option<Sink>, Fault> {
        let meta = &member.meta;
        let name = name(member);
        let place = self.place.member(&name);
        self.walk.check_depth(&place)?;
        if names::escapes(&name) {
            self.walk.find_ambiguous("name-traversal", &place, "");
        }
        let opened = self.how.filter(|_| meta.is_encrypted);
        let closed = meta.is_encrypted && opened.is_none();
        if meta.is_directory || meta.is_redirection || closed {
            self.walk.budget().count_object(place.depth)?;
        }
        if meta.is_redirection {
            let level = Level::Medium;
            let outcome = Outcome::Suspicious { level };
            self.walk
                .find(Engine::Container, outcome, "link-member", &place, "");
        }
        if closed && !meta.is_directory {
            self.walk.find_encrypted(ENCRYPTED, &place);
        }
        if meta.is_directory || meta.is_redirection || closed {
            return Ok(None);
        }
        let place = Place { opened, ..place };
        let content = Rc::new(RefCell::new(Content {
            pieces: Pieces::default(),
            left: self.walk.budget().memory_left(),
            until: self.walk.budget().ends(),
            refused: None,
        }));
        self.current = Some((place, Rc::clone(&content)));
        Ok(Some(Sink(content)))
    }

    fn list_encrypted(&mut self, member: &ArchiveMember) -> Result<(), Fault> {
        let place = self.place.member(&name(member));
        self.walk.budget().count_object(place.depth)?;
        if !member.meta.is_directory {
            self.walk.find_encrypted(ENCRYPTED, &place);
        }
        Ok(())
    }

    /// Walks what was written of the current member.
    fn settle(&mut self) {
        let Some((place, content)) = self.current.take() else {
            return;
        };
        let mut content = content.borrow_mut();
        if let Some(limit) = content.refused {
            self.stopped = Some(Fault::Limit(limit));
            return;
        }
        let pieces = std::mem::take(&mut content.pieces);
        let budget = self.walk.budget();
        let held = budget.lease(pieces.held());
        let counted = held.and_then(|held| {
            budget.count_unpacked(pieces.length())?;
            Ok(held)
        });
        let walked = counted.and_then(|_held| {
            let mut feed = Kept {
                pieces: &pieces,
                at: 0,
            };
            let mut stream = Stream::new(&mut feed, Watch::new());
            self.walk.object(&place, &mut stream)
        });
        self.stopped = walked.err();
    }

    /// A member that can't be read costs only itself.
    fn failed(&mut self, error: &Error) -> ExtractionErrorAction {
        let place = self.current.as_ref().map(|(place, _)| place.clone());
        if let (ErrorKind::BadPassword, Some(place)) = (error.kind(), &place) {
            // Members may have passwords of their own.
            self.current = None;
            self.walk.find_encrypted(ENCRYPTED, place);
            return ExtractionErrorAction::Continue;
        }
        self.settle();
        match fault(error) {
            Fault::Damaged(code) if self.stopped.is_none() => {
                let place = place.as_ref().unwrap_or(self.place);
                let outcome = Outcome::Unsupported;
                self.walk.find(Engine::Container, outcome, code, place, "");
                ExtractionErrorAction::Continue
            }
            _ => ExtractionErrorAction::Abort,
        }
    }
}

/// The name as people see it, with one kind of separator.
fn name(member: &ArchiveMember) -> String {
    let bytes = member.decoded_name(None);
    let bytes = bytes.as_deref().unwrap_or(&member.meta.name);
    String::from_utf8_lossy(bytes).replace('\\', "/")
}

pub fn fault(error: &Error) -> Fault {
    match error.kind() {
        ErrorKind::ResourceLimit => Fault::Limit(Limit::Memory),
        ErrorKind::UnsupportedFeature | ErrorKind::UnsupportedFormat => {
            Fault::Damaged("rar-method-not-supported")
        }
        _ => Fault::Damaged(DAMAGED),
    }
}
