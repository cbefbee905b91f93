//! Objects as they come, searched one by one.

use std::collections::HashMap;
use std::io;

use sofie_inspector::JailState;
use sofie_inspector::shown::Frame;
use yara_x::{MetaValue, Rule, Rules, Scanner};

use crate::protocol::{Match, Report, Severity};

/// Matches listed of each rule.
const LISTED_OF_A_RULE: u64 = 10;
/// Objects listed that are too large.
const LISTED_TOO_LARGE: usize = 20;
/// Longest description of a match in characters.
const LONGEST_DESCRIPTION: usize = 300;

/// An object that has not ended.
struct Open {
    path: String,
    /// None once it is too large.
    content: Option<Vec<u8>>,
}

/// One file with everything in it.
pub struct Search<'r> {
    scanner: Scanner<'r>,
    object_bytes: usize,
    /// Objects lie in each other: all that are open together may take twice the room of one.
    room: usize,
    open: HashMap<u32, Open>,
    listed: HashMap<(String, String), u64>,
    begun: u32,
    report: Report,
}

impl<'r> Search<'r> {
    pub(crate) fn new(rules: &'r Rules, object_bytes: u64, jail: JailState) -> Self {
        let object_bytes = usize::try_from(object_bytes).unwrap_or(usize::MAX);
        Self {
            scanner: Scanner::new(rules),
            object_bytes,
            room: object_bytes.saturating_mul(2),
            open: HashMap::new(),
            listed: HashMap::new(),
            begun: 0,
            report: Report {
                rules: rules.iter().count() as u64,
                objects: 0,
                file_bytes: 0,
                matches: Vec::new(),
                matches_unlisted: 0,
                too_large: Vec::new(),
                too_large_unlisted: 0,
                jail,
            },
        }
    }

    /// Takes one step; gives the report after the last one.
    ///
    /// # Errors
    /// When the step makes no sense, or an object can't be searched.
    pub(crate) fn step(&mut self, frame: Frame) -> io::Result<Option<Report>> {
        match frame {
            Frame::Begin(object, path) => {
                if object != self.begun {
                    return Err(io::Error::other("an object is not the next one"));
                }
                self.begun += 1;
                let content = Some(Vec::new());
                self.open.insert(object, Open { path, content });
                Ok(None)
            }
            Frame::Data(object, bytes) => self.data(object, &bytes).map(|()| None),
            Frame::End(object) => self.end(object).map(|()| None),
            Frame::Finish(objects) => {
                if objects != self.begun || !self.open.is_empty() {
                    return Err(io::Error::other("not all objects came"));
                }
                self.report.objects = objects;
                Ok(Some(self.report.clone()))
            }
        }
    }

    fn data(&mut self, object: u32, bytes: &[u8]) -> io::Result<()> {
        if object == 0 {
            self.report.file_bytes += bytes.len() as u64;
        }
        let open = self.open.get_mut(&object);
        let open = open.ok_or_else(|| io::Error::other("an object is not open"))?;
        let Some(content) = &mut open.content else {
            return Ok(());
        };
        let fits = content.len() + bytes.len() <= self.object_bytes && bytes.len() <= self.room;
        if fits {
            self.room -= bytes.len();
            content.extend_from_slice(bytes);
        } else {
            self.room += content.len();
            open.content = None;
        }
        Ok(())
    }

    fn end(&mut self, object: u32) -> io::Result<()> {
        let open = self.open.remove(&object);
        let Open { path, content } =
            open.ok_or_else(|| io::Error::other("an object is not open"))?;
        let Some(content) = content else {
            if self.report.too_large.len() < LISTED_TOO_LARGE {
                self.report.too_large.push(path);
            } else {
                self.report.too_large_unlisted += 1;
            }
            return Ok(());
        };
        self.room += content.len();
        let results = self.scanner.scan(&content).map_err(io::Error::other)?;
        let found: Vec<Match> = results
            .matching_rules()
            .map(|rule| found(&rule, &path))
            .collect();
        for one in found {
            self.list(one);
        }
        Ok(())
    }

    fn list(&mut self, found: Match) {
        let rule = (found.set.clone(), found.rule.clone());
        let listed = self.listed.entry(rule).or_default();
        if *listed < LISTED_OF_A_RULE {
            *listed += 1;
            self.report.matches.push(found);
        } else {
            self.report.matches_unlisted += 1;
        }
    }
}

fn found(rule: &Rule<'_, '_>, path: &str) -> Match {
    let text = |wanted: &str| {
        rule.metadata().find_map(|(name, value)| match value {
            MetaValue::String(text) if name == wanted => Some(text.to_owned()),
            _ => None,
        })
    };
    let severity = text("severity").and_then(|word| Severity::from_word(&word));
    let description = text("description").unwrap_or_default();
    Match {
        set: rule.namespace().to_owned(),
        rule: rule.identifier().to_owned(),
        severity: severity.unwrap_or(Severity::High),
        object: path.to_owned(),
        description: description.chars().take(LONGEST_DESCRIPTION).collect(),
    }
}

#[cfg(test)]
mod tests;
