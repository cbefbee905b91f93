//! How an answer is read, as an administrator described it.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::condition::{Condition, Pointer};
use crate::engine::Scan;
use crate::http::{self, Sent};
use crate::verdict::{Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome};

/// The table from answers to outcomes.
#[derive(Debug)]
pub(super) struct Reading {
    pub infected: Vec<Condition>,
    pub suspicious: Vec<Condition>,
    pub encrypted: Vec<Condition>,
    pub incomplete: Vec<Condition>,
    /// All of these have to hold, and everywhere; of the others one is enough.
    pub clean: Vec<Condition>,
    /// Where the name of what was found stands.
    pub name: Option<Pointer>,
}

impl Reading {
    /// The row that an answer makes. The only way to a clean one: every condition for it, none for anything else,
    /// and every byte sent.
    pub(super) fn row(
        &self,
        id: &str,
        scan: &Scan,
        (status, answer): (u16, &[u8]),
        sent: Sent,
    ) -> EngineReport {
        let failed = |words| EngineReport::failed(id, scan, ErrorKind::Protocol, words);
        let row = match (status, http::json(answer)) {
            (200..=299, Some(answer)) => {
                let findings = self.findings(&answer);
                if !findings.is_empty() {
                    EngineReport::found(id, scan, findings, sent.0)
                } else if !self.is_clean(&answer) {
                    failed("no condition fits the answer")
                } else if let Some(all) = http::all(scan, sent) {
                    EngineReport::clean(id, scan, all, Coverage::Assumed)
                } else {
                    failed("a verdict before the end")
                }
            }
            (200..=299, None) => failed("the answer can't be read"),
            (status, _) => http::refused(id, scan, status),
        };
        row.with_bytes_sent(sent.0).with_raw_reply(answer)
    }

    fn is_clean(&self, answer: &Value) -> bool {
        let mut conditions = self.clean.iter();
        !self.clean.is_empty() && conditions.all(|condition| condition.holds_everywhere(answer))
    }

    fn findings(&self, answer: &Value) -> Vec<Finding> {
        let name = self.name.as_ref().and_then(|name| name.text(answer));
        let level = Level::Medium;
        let limit = LimitKind::Engine;
        let table = [
            (&self.infected, Outcome::Infected),
            (&self.suspicious, Outcome::Suspicious { level }),
            (&self.encrypted, Outcome::Encrypted),
            (&self.incomplete, Outcome::Incomplete { limit }),
        ];
        let holding = table.into_iter().filter(|(conditions, _)| {
            let mut conditions = conditions.iter();
            conditions.any(|condition| condition.holds(answer))
        });
        let finding = |(_, outcome): (_, Outcome)| {
            let name = name.as_deref().filter(|name| !name.trim().is_empty());
            Finding::new(outcome, name.unwrap_or("unnamed"))
        };
        holding.map(finding).collect()
    }
}
