//! Sensitive data in the texts of the objects.

use std::rc::Rc;

use super::{Place, Walk};
use crate::dlp;
use crate::kinds::Kind;
use crate::names;
use crate::report::{Category, Engine, Finding, Outcome};
use crate::stream::Stream;

impl Walk<'_> {
    /// What reads the text of an object, if it has some and anything is looked for.
    pub(super) fn reader(
        &self,
        kind: &'static Kind,
        place: &Place,
        head: &[u8],
    ) -> Option<dlp::Reader> {
        let form = dlp::form(kind, place.announced).filter(|_| !self.rules.is_off())?;
        Some(dlp::Reader::new(Rc::clone(&self.rules), form, head))
    }

    /// Counts what was found in the text of an object that was read.
    pub(super) fn count_matches(&mut self, place: &Place, stream: &mut Stream<'_>) {
        if let Some(reader) = stream.take_reader() {
            self.tally.add(&place.path, reader.finish());
        }
    }

    /// Says what was found in all texts together, and how many objects with it go unnamed.
    pub(super) fn conclude_dlp(&mut self) -> u64 {
        let tally = std::mem::take(&mut self.tally);
        let (said, more) = tally.into_findings(&self.rules);
        for (name, object, detail) in said {
            let finding = Finding {
                engine: Engine::Dlp,
                outcome: Outcome::PolicyHit {
                    category: Category::Dlp,
                },
                name,
                object,
                detail: names::displayable(&detail),
            };
            self.findings.add(finding, 0);
        }
        more
    }
}
