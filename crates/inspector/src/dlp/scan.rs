//! Searches text that comes in pieces.

use std::rc::Rc;

use super::extract::{Extract, Form};
use super::rules::{Rule, Rules};
use super::{numbers, words};

/// How much text is collected before it is searched.
const WINDOW: usize = 64 << 10;
/// How much behind the place where a match begins is there to be looked at.
const AHEAD: usize = 1 << 10;
/// How much before that place is kept.
const BEHIND: usize = 128;
/// The most characters of a match that are kept.
const SHOWN: usize = 4;

/// Which bytes may begin something.
static BEGINS: [bool; 256] = begins();

const fn begins() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'g' | b'x' | b's' | b'r' | b'-');
        byte += 1;
    }
    table
}

/// What was found of one rule in one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// How many matches.
    pub count: u64,
    /// The end of the first one, if it may be shown.
    pub tail: String,
}

/// Reads the text of one object and searches it.
pub struct Reader {
    rules: Rc<Rules>,
    extract: Extract,
    text: Vec<u8>,
    /// From where on the detectors search.
    at: usize,
    /// From where on each expression searches.
    regex_at: Vec<usize>,
    hits: Vec<(Rule, Hits)>,
}

impl Reader {
    pub(crate) fn new(rules: Rc<Rules>, form: Form, head: &[u8]) -> Self {
        let expressions = rules.expressions().count();
        Self {
            rules,
            extract: Extract::new(form, head),
            text: Vec::new(),
            at: 0,
            regex_at: vec![0; expressions],
            hits: Vec::new(),
        }
    }

    /// Takes the next bytes of the object.
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        // An extraction makes little more of a piece than there was.
        for piece in bytes.chunks(WINDOW) {
            self.extract.push(piece, &mut self.text);
            if self.text.len() >= WINDOW {
                self.search(self.text.len() - AHEAD);
            }
        }
    }

    /// Searches what is left; says what was found.
    pub(crate) fn finish(mut self) -> Vec<(Rule, Hits)> {
        self.search(self.text.len());
        self.hits
    }

    /// Finds what begins before `limit`.
    fn search(&mut self, limit: usize) {
        let rules = Rc::clone(&self.rules);
        if rules.any_detector() {
            self.search_detectors(&rules, limit);
        }
        for (index, (rule, regex)) in rules.expressions().enumerate() {
            let mut at = self.regex_at[index];
            while at < limit {
                let found = regex.find_at(&self.text, at);
                let Some(found) = found.filter(|found| found.start() < limit) else {
                    break;
                };
                // No empty match: those are skipped, so that the search ends.
                at = found.end().max(found.start() + 1);
                if !found.is_empty() {
                    note(&mut self.hits, rule, found.as_bytes(), true);
                }
            }
            self.regex_at[index] = at.max(limit);
        }
        let gone = limit.saturating_sub(BEHIND);
        self.text.drain(..gone);
        self.at = self.at.max(limit) - gone;
        for at in &mut self.regex_at {
            *at -= gone;
        }
    }

    fn search_detectors(&mut self, rules: &Rules, limit: usize) {
        let text = std::mem::take(&mut self.text);
        let mut at = self.at;
        while at < limit {
            let begins = |byte: &u8| BEGINS[usize::from(*byte)];
            let Some(step) = text[at..limit].iter().position(begins) else {
                break;
            };
            at += step;
            let hit = if text[at].is_ascii_digit() {
                numbers::at(rules, &text, at)
            } else {
                words::at(rules, &text, at)
            };
            let Some(hit) = hit else {
                at += 1 + rest_of_word(&text[at..]);
                continue;
            };
            let range = at..hit.end;
            note(
                &mut self.hits,
                hit.detector as Rule,
                &text[range],
                hit.detector.is_shown(),
            );
            at = hit.end;
        }
        self.text = text;
        self.at = at;
    }
}

fn note(hits: &mut Vec<(Rule, Hits)>, rule: Rule, found: &[u8], shown: bool) {
    if let Some((_, hits)) = hits.iter_mut().find(|(own, _)| *own == rule) {
        hits.count += 1;
        return;
    }
    let tail = if shown { tail(found) } else { String::new() };
    hits.push((rule, Hits { count: 1, tail }));
}

/// How much of a word follows its first byte: nothing begins there.
fn rest_of_word(text: &[u8]) -> usize {
    let rest = text.iter().skip(1);
    match text.first() {
        Some(first) if first.is_ascii_alphanumeric() => {
            rest.take_while(|byte| byte.is_ascii_alphanumeric()).count()
        }
        _ => 0,
    }
}

/// The last characters of a match: four at most, and a third of it at most.
fn tail(found: &[u8]) -> String {
    let text = String::from_utf8_lossy(found);
    let symbols: Vec<char> = text
        .chars()
        .filter(|symbol| symbol.is_alphanumeric())
        .collect();
    let shown = (symbols.len() / 3).min(SHOWN);
    symbols[symbols.len() - shown..].iter().collect()
}
