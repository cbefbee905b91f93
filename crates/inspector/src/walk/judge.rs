//! What is said of an object by its kind, its name and the whole of its content.

use super::{Place, Walk};
use crate::kinds::{Format, Kind};
use crate::names;
use crate::report::{Category, Engine, Outcome};
use crate::watch::Watch;

impl Walk<'_> {
    /// Everything that is said of any object, whatever its kind.
    pub(super) fn judge(&mut self, kind: &'static Kind, place: &Place, watch: &Watch) {
        if watch.eicar() {
            self.find_eicar(place);
        }
        if kind.format == Format::Closed {
            let (outcome, code) = (Outcome::Unsupported, "container-not-supported");
            self.find(Engine::Container, outcome, code, place, kind.media);
        }
        if kind.format == Format::Sealed {
            let (engine, outcome) = (Engine::Encrypted, Outcome::Encrypted);
            self.find(engine, outcome, "encrypted-message", place, kind.media);
        }
        self.judge_formats(kind, place, watch);
        if let Some(name) = kind.risk.finding() {
            let outcome = Outcome::PolicyHit {
                category: Category::FileType,
            };
            self.find(Engine::Type, outcome, name, place, kind.media);
        }
        self.judge_name(kind, place, watch.total());
    }

    /// What is said of the name of an object of `size` bytes.
    pub(crate) fn judge_name(&mut self, kind: &'static Kind, place: &Place, size: u64) {
        for (category, name) in names::judge(&place.name, kind, size) {
            let outcome = Outcome::PolicyHit { category };
            self.find(Engine::Type, outcome, name, place, kind.media);
        }
    }

    /// Content that is something else to a program that looks for it elsewhere.
    pub(crate) fn judge_formats(&mut self, kind: &'static Kind, place: &Place, watch: &Watch) {
        let plain = matches!(
            kind.format,
            Format::Opaque
                | Format::Closed
                | Format::Sealed
                | Format::Text
                | Format::Pdf
                | Format::Rtf
                | Format::Program
        );
        let second = [
            (
                watch.ends_as_zip() && kind.format != Format::Zip || watch.has_zip_end() && plain,
                "zip-behind-other-content",
            ),
            (
                watch.holds_archive() && plain,
                "archive-behind-other-content",
            ),
        ];
        for (_, name) in second.into_iter().filter(|(is_there, _)| *is_there) {
            let outcome = Outcome::PolicyHit {
                category: Category::Polyglot,
            };
            self.find(Engine::Container, outcome, name, place, kind.media);
        }
    }
}
