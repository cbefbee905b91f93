//! What answers mean.

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::engine::Scan;
use crate::http;
use crate::verdict::{EngineReport, ErrorKind, Finding, Level, Outcome, Skip};

/// How many of its scanners have to say so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds {
    /// That it is malicious, for *infected*.
    pub malicious: NonZeroU32,
    /// That it is malicious or suspicious, for *suspicious*.
    pub suspicious: NonZeroU32,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    id: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    last_analysis_stats: Stats,
    #[serde(default)]
    popular_threat_classification: Option<Classification>,
}

#[derive(Deserialize)]
struct Stats {
    malicious: u32,
    suspicious: u32,
}

#[derive(Deserialize)]
struct Classification {
    #[serde(default)]
    suggested_threat_label: Option<String>,
}

/// The row that an answer about the content with this hash makes; never a clean one.
pub(super) fn row(
    id: &str,
    scan: &Scan,
    (status, answer): (u16, &[u8]),
    (sha256, thresholds): (&str, Thresholds),
) -> EngineReport {
    let failed = |kind, words| EngineReport::failed(id, scan, kind, words);
    let no_opinion = || EngineReport::skipped(id, scan, Skip::NoOpinion);
    let row = match status {
        200 => match read(answer) {
            Some(data) if data.id != sha256 => {
                failed(ErrorKind::Protocol, "the answer is about another content")
            }
            Some(data) => match finding(&data.attributes, thresholds) {
                Some(finding) => EngineReport::found(id, scan, vec![finding], 0),
                None => no_opinion(),
            },
            None => failed(ErrorKind::Protocol, "the answer can't be read"),
        },
        404 if is_unknown(answer) => no_opinion(),
        status => http::refused(id, scan, status),
    };
    row.with_raw_reply(answer)
}

fn read(answer: &[u8]) -> Option<Data> {
    let answer: Answer = serde_json::from_value(http::json(answer)?).ok()?;
    Some(answer.data)
}

/// Whether the service itself says that it does not know the content, and not somebody on the way.
fn is_unknown(answer: &[u8]) -> bool {
    let answer = http::json(answer);
    let code = answer
        .as_ref()
        .and_then(|answer| answer.pointer("/error/code"));
    code.is_some_and(|code| code == "NotFoundError")
}

fn finding(attributes: &Attributes, thresholds: Thresholds) -> Option<Finding> {
    let Stats {
        malicious,
        suspicious,
    } = attributes.last_analysis_stats;
    let outcome = if malicious >= thresholds.malicious.get() {
        Outcome::Infected
    } else if malicious.saturating_add(suspicious) >= thresholds.suspicious.get() {
        let level = Level::Medium;
        Outcome::Suspicious { level }
    } else {
        return None;
    };
    let label = attributes.popular_threat_classification.as_ref();
    let label = label.and_then(|known| known.suggested_threat_label.as_deref());
    let mut finding = Finding::new(outcome, label.unwrap_or("known-by-hash"));
    finding.detail = format!("malicious {malicious}, suspicious {suspicious}");
    Some(finding)
}
