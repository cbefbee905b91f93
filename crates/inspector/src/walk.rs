//! Walks a file from the outside in, object by object.

use std::borrow::Cow;
use std::io;
use std::rc::Rc;

use crate::dlp::{Rules, Tally};
use crate::findings::Findings;
use crate::kinds::{self, Format, Kind};
use crate::limits::Budget;
use crate::passwords::Passwords;
use crate::report::{Engine, Finding, How, JailState, Level, Limit, Object, Outcome, Report};
use crate::shown::Show;
use crate::stream::{Fault, Feed, LOOK_AHEAD, Stream};
use crate::watch::Watch;
use crate::{cab, content, gzip, iso, mail, names, pack, pe, rar, sevenz, tar, unix, zip};

mod direct;
mod judge;
mod sealed;
mod texts;

pub use direct::{inspect, inspect_with};

/// Objects listed in a report.
const OBJECTS_LISTED: usize = 2000;

/// Inspects the file that `feed` brings, to its last byte.
pub fn inspect_feed(
    mut walk: Walk<'_>,
    name: &str,
    feed: &mut dyn Feed,
    jail: JailState,
) -> io::Result<Report> {
    let mut stream = Stream::new(feed, Watch::with_digests());
    let place = Place::file(name);
    match walk.object(&place, &mut stream) {
        Ok(_) => {}
        Err(Fault::Input(error)) => return Err(error),
        Err(Fault::Limit(limit)) => walk.find_limit(limit, &place),
        Err(Fault::Damaged(code) | Fault::Ambiguous(code)) => {
            walk.find(Engine::Container, Outcome::Unsupported, code, &place, "");
        }
    }
    // After a limit the rest is still read: the digests are of the whole file.
    let drained = stream.drain();
    if let Err(Fault::Input(error)) = drained {
        return Err(error);
    }
    Ok(walk.into_report(stream, jail))
}

/// Where an object is.
#[derive(Debug, Clone)]
pub struct Place {
    /// For people.
    pub path: String,
    /// The object's own name, as its container has it.
    pub name: String,
    pub depth: u32,
    /// What its container says it is.
    pub announced: Option<&'static Kind>,
    /// Where its container has it, for archives that count from the start of the file.
    pub base: u64,
    /// How its content was opened, which its container has encrypted.
    pub opened: Option<How>,
}

impl Place {
    fn file(name: &str) -> Self {
        Self {
            path: names::displayable(name),
            name: name.to_owned(),
            depth: 0,
            announced: None,
            base: 0,
            opened: None,
        }
    }

    /// The place of a member of this container.
    pub(crate) fn member(&self, name: &str) -> Self {
        let path = names::join(&self.path, name);
        Self {
            path,
            name: name.to_owned(),
            depth: self.depth + 1,
            announced: None,
            base: 0,
            opened: None,
        }
    }

    /// This place, whose content was opened.
    pub(crate) fn opened(&self, how: How) -> Self {
        let opened = Some(how);
        Self {
            opened,
            ..self.clone()
        }
    }

    /// The place of something that its container gives no name: nobody promised what the name
    /// in its path says.
    pub(crate) fn unnamed(&self, shown: &str) -> Self {
        let name = String::new();
        Self {
            name,
            ..self.member(shown)
        }
    }
}

/// The state of one inspection.
pub struct Walk<'b> {
    budget: &'b Budget,
    passwords: &'b Passwords,
    objects: Vec<Object>,
    objects_unlisted: u64,
    opened_unlisted: bool,
    findings: Findings,
    rules: Rc<Rules>,
    tally: Tally,
    show: Option<Rc<Show>>,
}

impl<'b> Walk<'b> {
    pub(crate) fn new(budget: &'b Budget, rules: Rules, passwords: &'b Passwords) -> Self {
        Self {
            budget,
            passwords,
            objects: Vec::new(),
            objects_unlisted: 0,
            opened_unlisted: false,
            findings: Findings::default(),
            rules: Rc::new(rules),
            tally: Tally::default(),
            show: None,
        }
    }

    /// Every object is also shown.
    pub(crate) fn showing(self, show: Show) -> Self {
        Self {
            show: Some(Rc::new(show)),
            ..self
        }
    }

    /// Shows what a stream brings from its next byte on, if somebody listens.
    pub(crate) fn show(&self, place: &Place, stream: &mut Stream<'_>) {
        if let Some(show) = self.show.as_ref().filter(|_| !stream.is_shown()) {
            stream.show_as(show.begin(&place.path));
        }
    }

    pub(crate) fn budget(&self) -> &'b Budget {
        self.budget
    }

    /// Records a finding.
    pub(crate) fn find(
        &mut self,
        engine: Engine,
        outcome: Outcome,
        name: &'static str,
        place: &Place,
        detail: &str,
    ) {
        let finding = Finding {
            engine,
            outcome,
            name: Cow::Borrowed(name),
            object: place.path.clone(),
            detail: names::displayable(detail),
        };
        self.findings.add(finding, place.depth);
    }

    /// Records that programs would disagree about a container.
    pub(crate) fn find_ambiguous(&mut self, name: &'static str, place: &Place, detail: &str) {
        let outcome = Outcome::Suspicious { level: Level::High };
        self.find(Engine::Container, outcome, name, place, detail);
    }

    pub(crate) fn find_eicar(&mut self, place: &Place) {
        let (engine, outcome) = (Engine::Eicar, Outcome::Infected);
        self.find(engine, outcome, "eicar-test-file", place, "");
    }

    fn find_limit(&mut self, limit: Limit, place: &Place) {
        let name = match limit {
            Limit::Recursion => "depth-limit",
            Limit::Members => "member-limit",
            Limit::UnpackedSize => "unpacked-size-limit",
            Limit::Ratio => "ratio-limit",
            Limit::Time => "time-limit",
            Limit::Memory => "memory-limit",
        };
        let outcome = Outcome::Incomplete { limit };
        self.find(Engine::Container, outcome, name, place, "");
    }

    /// Whether a member at `place` may be opened; ends the walk when it is too deep.
    pub(crate) fn check_depth(&self, place: &Place) -> Result<(), Fault> {
        if place.depth > self.budget.deepest() {
            return Err(Fault::Limit(Limit::Recursion));
        }
        Ok(())
    }

    /// Keeps back, until [`Self::end_parts`], what is said of the names of members of the
    /// container at `place` that don't match their content.
    pub(crate) fn begin_parts(&mut self, place: &Place) {
        self.findings.hold(place.depth + 1);
    }

    /// Says what was kept back, unless the members are parts of a document: programs name
    /// those as they like, and nobody sees the names.
    pub(crate) fn end_parts(&mut self, of_document: bool) {
        self.findings.release(of_document);
    }

    /// Inspects one object to its last byte and says what it is.
    ///
    /// Damage ends up in a finding; only the end of the whole walk comes back as a fault.
    pub(crate) fn object(
        &mut self,
        place: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<&'static Kind, Fault> {
        self.budget.count_object(place.depth)?;
        let slot = self.list(place);
        if slot.is_some() {
            stream.digest();
        }
        self.show(place, stream);
        let head = stream.peek(LOOK_AHEAD)?;
        let detected = kinds::detect_as(head, place.announced, &place.name);
        if let Some(reader) = self.reader(detected, place, head) {
            stream.show_to(reader);
        }
        if let Some(active) = content::Active::of(detected, &place.name) {
            stream.search_for(active);
        }
        let (kind, fault) = match self.open(detected, place, stream) {
            Ok(kind) => (kind, None),
            Err(fault) => (detected, Some(fault)),
        };
        let fault = self.settle(fault, place)?;
        let (fault, read) = match fault {
            None => {
                let drained = stream.drain();
                let read = drained.is_ok();
                (self.settle(drained.err(), place)?, read)
            }
            stopped => (stopped, false),
        };
        if place.depth > 0 {
            // Of the file itself the rest is read after a limit, and shown too.
            stream.end_show();
        }
        self.count_matches(place, stream);
        if let Some(active) = stream.take_active() {
            active.tell(self, place);
        }
        let footer = kinds::detect_by_footer(stream.watch().tail());
        let kind = footer.filter(|_| fault.is_none()).unwrap_or(kind);
        self.judge(kind, place, stream.watch());
        if let Some(object) = slot.and_then(|slot| self.objects.get_mut(slot)) {
            object.media_type = Cow::Borrowed(kind.media);
            object.size = stream.watch().total();
            object.sha256 = stream.watch().sha256().filter(|_| read);
            object.surface_only = kind.format == Format::Compound
                && ![&kinds::MSG, &kinds::ENCRYPTED_OFFICE].contains(&kind);
        }
        fault.map_or(Ok(kind), Err)
    }

    /// Reads the content of an object by its kind; returns the kind, which a look inside may
    /// have made more precise.
    fn open(
        &mut self,
        kind: &'static Kind,
        place: &Place,
        stream: &mut Stream<'_>,
    ) -> Result<&'static Kind, Fault> {
        match kind.format {
            Format::Zip => zip::walk(self, place, stream),
            Format::Tar => tar::walk(self, place, stream).map(|()| kind),
            Format::Gzip => gzip::walk(self, place, stream),
            Format::Compound => content::compound(self, place, stream),
            Format::Pdf => content::pdf(self, place, stream).map(|()| kind),
            Format::Packed(pack) => pack::walk(self, place, stream, pack).map(|()| kind),
            Format::Ar => unix::ar(self, place, stream).map(|()| kind),
            Format::Cpio => unix::cpio(self, place, stream).map(|()| kind),
            Format::Rpm => unix::rpm(self, place, stream).map(|()| kind),
            Format::Text => mail::text(self, place, stream).map(|()| kind),
            Format::Mail => mail::message(self, place, stream).map(|()| kind),
            Format::Mailbox => mail::mbox(self, place, stream).map(|()| kind),
            Format::Tnef => mail::tnef(self, place, stream).map(|()| kind),
            Format::Cab => cab::walk(self, place, stream).map(|()| kind),
            Format::Iso => iso::walk(self, place, stream).map(|()| kind),
            Format::Rar => rar::walk(self, place, stream).map(|()| kind),
            Format::SevenZip => sevenz::walk(self, place, stream).map(|()| kind),
            Format::Program => pe::walk(self, place, stream).map(|()| kind),
            Format::Rtf => content::rtf(self, place, stream).map(|()| kind),
            // A mail program looks for files in any text, whatever it seems to be.
            _ if place.announced == Some(&kinds::TEXT) => {
                mail::text(self, place, stream).map(|()| kind)
            }
            Format::Opaque | Format::Closed | Format::Sealed => Ok(kind),
        }
    }

    /// Turns damage into a finding; passes on what ends the walk; the pipe's end is final.
    fn settle(&mut self, fault: Option<Fault>, place: &Place) -> Result<Option<Fault>, Fault> {
        match fault {
            Some(Fault::Damaged(code)) => {
                self.find(Engine::Container, Outcome::Unsupported, code, place, "");
                Ok(None)
            }
            Some(Fault::Ambiguous(code)) => {
                self.find_ambiguous(code, place, "");
                Ok(None)
            }
            Some(Fault::Input(error)) => Err(Fault::Input(error)),
            Some(Fault::Limit(limit)) => Ok(Some(Fault::Limit(limit))),
            None => Ok(None),
        }
    }

    fn list(&mut self, place: &Place) -> Option<usize> {
        if self.objects.len() >= OBJECTS_LISTED {
            // Said even if it is taken back later: a rule of its own depends on it.
            self.opened_unlisted |= place.opened == Some(How::Password);
            self.objects_unlisted += 1;
            return None;
        }
        self.objects.push(Object {
            path: place.path.clone(),
            media_type: Cow::Borrowed(kinds::UNKNOWN.media),
            size: 0,
            sha256: None,
            depth: place.depth,
            surface_only: false,
            opened: place.opened,
        });
        Some(self.objects.len() - 1)
    }

    fn into_report(mut self, mut stream: Stream<'_>, jail: JailState) -> Report {
        stream.end_show();
        let objects_shown = self.show.take().map_or(0, |show| show.finish());
        let unnamed = self.conclude_dlp();
        let watch = stream.into_watch();
        let bytes_seen = watch.total();
        let sha256 = watch.sha256().unwrap_or_default();
        let crc32 = watch.crc32().unwrap_or_default();
        if let Some(file) = self.objects.first_mut() {
            // Of the file itself all was read, whatever stopped the walk.
            file.size = bytes_seen;
            file.sha256 = Some(sha256.clone());
        }
        let list = self.findings.into_list();
        let opened = |object: &Object| object.opened == Some(How::Password);
        let opened_with_password = self.opened_unlisted || self.objects.iter().any(opened);
        Report {
            bytes_seen,
            sha256,
            crc32,
            objects: self.objects,
            objects_unlisted: self.objects_unlisted,
            opened_with_password,
            objects_shown,
            findings: list.findings,
            findings_unlisted: list.unlisted + unnamed,
            jail,
        }
    }
}
