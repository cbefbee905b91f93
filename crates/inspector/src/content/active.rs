//! Active content in markup and RTF: pages that make files, links that programs follow unasked,
//! fields that start programs.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet};

use crate::kinds::{self, Kind};
use crate::names;
use crate::report::{Category, Engine, Outcome};
use crate::walk::{Place, Walk};

/// How much of the past is kept: more than anything that is searched for is long, so that it does
/// not matter where pieces end.
const OVERLAP: usize = 4096;

const ACTIVE: Outcome = Outcome::PolicyHit {
    category: Category::ActiveContent,
};
const MACRO: Outcome = Outcome::PolicyHit {
    category: Category::Macro,
};

/// What is searched for in markup; the numbers are the places in the set below.
mod mark {
    pub const SAVE: usize = 0;
    pub const BLOB: usize = 1;
    pub const URL: usize = 2;
    pub const DOWNLOAD: usize = 3;
    pub const BYTES: usize = 4;
    pub const DATA: usize = 5;
    pub const SCRIPT: usize = 6;
    pub const LINK: [usize; 2] = [7, 8];
    pub const DDE: usize = 9;
    pub const EVENT: usize = 10;
    pub const FIELD: usize = 11;
    pub const RTF_LINK: usize = 12;
    pub const RTF_DDE: usize = 13;
    pub const COUNT: usize = 14;
}

/// Kinds of relations whose target Office fetches without being asked ([MS-OE376], [ECMA-376]).
const FETCHED: &str = "(?:attachedTemplate|oleObject|frame|subDocument|aFChunk)";

static MARKS: LazyLock<RegexSet> = LazyLock::new(|| {
    let link = r"<(?:\w{1,20}:)?Relationship\s[^>]{0,500}";
    let outside = r"TargetMode\s{0,9}=\s{0,9}.External";
    let patterns = [
        r"msSave(?:OrOpen)?Blob".to_owned(),
        r"new\s{1,9}(?:Blob|File)\s{0,9}\(".to_owned(),
        r"createObjectURL".to_owned(),
        r"\.download[^a-z]|\sdownload\s{0,9}=".to_owned(),
        r"atob\s{0,9}\(|Uint8Array|fromCharCode".to_owned(),
        r#"href\s{0,9}=\s{0,9}["']?data:application/"#.to_owned(),
        r"<(?:\w{1,20}:)?script|\son[a-z]{3,20}\s{0,9}=|javascript:".to_owned(),
        format!("{link}/{FETCHED}[^>]{{0,500}}{outside}"),
        format!("{link}{outside}[^>]{{0,500}}/{FETCHED}"),
        r#"<(?:\w{1,20}:)?ddeLink[\s/>]|:dde-(?:source|link|connection)|instr\s{0,9}=\s{0,9}["']\s{0,9}DDE"#
            .to_owned(),
        r"<script:event-listener\s".to_owned(),
        r"<(?:\w{1,20}:)?instrText[\s>]".to_owned(),
        r"\\template\s{1,9}(?:https?:|ftp:|file:|\\\\\\\\)".to_owned(),
        r"\\fldinst[^}]{0,80}[^a-z]DDE(?:AUTO)?[^a-z]".to_owned(),
    ];
    let patterns = patterns.map(|pattern| format!("(?i-u){pattern}"));
    RegexSet::new(patterns).expect("the patterns are fixed, and a test compiles them")
});

static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i-u)[^a-z]DDE(?:AUTO)?\s{1,9}\S";
    Regex::new(pattern).expect("the pattern is fixed, and a test compiles it")
});

/// Reads markup or RTF as it goes by.
pub struct Active {
    kind: &'static Kind,
    seen: [bool; mark::COUNT],
    past: Vec<u8>,
    /// The text between tags, as fields may be written in pieces.
    plain: Vec<u8>,
    within_tag: bool,
    field: bool,
}

impl Active {
    /// For an object that has active content of these forms by its kind, or may have by its name.
    pub(crate) fn of(kind: &'static Kind, name: &str) -> Option<Self> {
        const PAGES: [&str; 5] = ["html", "htm", "xhtml", "shtml", "hta"];
        let page = names::ending(name).is_some_and(|ending| PAGES.contains(&ending.as_str()));
        let searched = [&kinds::HTML, &kinds::SVG, &kinds::XML, &kinds::RTF].contains(&kind);
        (searched || page).then(|| Self {
            kind,
            seen: [false; mark::COUNT],
            past: Vec::new(),
            plain: vec![b' '],
            within_tag: false,
            field: false,
        })
    }

    pub(crate) fn see(&mut self, bytes: &[u8]) {
        // Wide characters have the same letters, with zeros between them.
        let narrow = bytes.iter().copied().filter(|byte| *byte != 0);
        let start = self.past.len();
        self.past.extend(narrow);
        for found in MARKS.matches(&self.past) {
            self.seen[found] = true;
        }
        if self.kind == &kinds::XML {
            self.between_tags(start);
        }
        let surplus = self.past.len().saturating_sub(OVERLAP);
        self.past.drain(..surplus);
    }

    /// Adds what is new in `past` from `start` on to the text between tags, and searches it.
    fn between_tags(&mut self, start: usize) {
        for byte in &self.past[start..] {
            match byte {
                b'<' => self.within_tag = true,
                b'>' => self.within_tag = false,
                byte if !self.within_tag => self.plain.push(*byte),
                _ => {}
            }
        }
        self.field = self.field || FIELD.is_match(&self.plain);
        let surplus = self.plain.len().saturating_sub(OVERLAP);
        self.plain.drain(..surplus);
    }

    /// Says what was seen.
    pub(crate) fn tell(&self, walk: &mut Walk<'_>, place: &Place) {
        let seen = |mark: usize| self.seen[mark];
        let rtf = self.kind == &kinds::RTF;
        let xml = self.kind == &kinds::XML;
        let made = seen(mark::BLOB) && seen(mark::URL);
        let smuggled = seen(mark::SAVE)
            || made && (seen(mark::DOWNLOAD) || seen(mark::BYTES))
            || seen(mark::DATA) && seen(mark::DOWNLOAD);
        let linked = xml && mark::LINK.into_iter().any(seen) || rtf && seen(mark::RTF_LINK);
        let dde = xml && (seen(mark::DDE) || seen(mark::FIELD) && self.field)
            || rtf && seen(mark::RTF_DDE);
        let told = [
            (!rtf && smuggled, ACTIVE, "html-smuggling"),
            (
                self.kind == &kinds::SVG && seen(mark::SCRIPT),
                ACTIVE,
                "svg-script",
            ),
            (linked, ACTIVE, "office-external-link"),
            (dde, ACTIVE, "office-dde"),
            (xml && seen(mark::EVENT), MACRO, "office-macro"),
        ];
        for (_, outcome, name) in told.into_iter().filter(|(told, ..)| *told) {
            walk.find(Engine::Content, outcome, name, place, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_can_be_compiled() {
        assert_eq!(MARKS.len(), mark::COUNT);
        assert!(FIELD.is_match(b" DDE c"));
    }

    /// Borders of pieces don't matter.
    #[test]
    fn every_cut_leaves_the_same() {
        let text = b"<w:p><w:instrText a='b'>DD</w:instrText><w:instrText>EAUTO c:</w:instrText>";
        let link = b"<Relationship Type='x/attachedTemplate' TargetMode='External'/>";
        for at in 0..text.len() {
            let mut active = Active::of(&kinds::XML, "").unwrap();
            active.see(&text[..at]);
            active.see(&text[at..]);
            assert!(active.seen[mark::FIELD] && active.field, "{at}");
        }
        for at in 0..link.len() {
            let mut active = Active::of(&kinds::XML, "").unwrap();
            active.see(&link[..at]);
            active.see(&link[at..]);
            assert!(active.seen[mark::LINK[0]], "{at}");
        }
    }
}
