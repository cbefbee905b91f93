//! What answers mean.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::engine::{Scan, Versions};
use crate::http::{self, Sent};
use crate::names;
use crate::text;
use crate::verdict::{
    Category, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome,
};

#[derive(Deserialize)]
struct Answer {
    scan_results: Results,
    process_info: Process,
}

#[derive(Deserialize)]
struct Results {
    progress_percentage: u8,
    scan_all_result_i: u16,
    #[serde(default)]
    scan_details: BTreeMap<String, Detail>,
}

/// What one of its engines says.
#[derive(Deserialize)]
struct Detail {
    scan_result_i: u16,
    #[serde(default)]
    threat_found: Option<String>,
    #[serde(default)]
    def_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Process {
    #[serde(default)]
    progress_percentage: Option<u8>,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    blocked_reason: Option<String>,
    #[serde(default)]
    blocked_reasons: Vec<String>,
}

/// What the server calls a file that it was given, which becomes a part of an address.
pub(super) fn job(answer: &[u8]) -> Option<String> {
    let answer = http::json(answer)?;
    let job = answer.get("data_id")?.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let fits = (1..=100).contains(&job.len()) && job.bytes().all(plain);
    fits.then(|| job.to_owned())
}

/// What the server says it is.
pub(super) fn version(answer: &[u8]) -> Option<String> {
    let answer = http::json(answer)?;
    Some(text::displayable(answer.get("version")?.as_str()?, 100))
}

/// The row that an answer makes; none while the server works. The only way to a clean one: *no threat* of the
/// server and of one of its engines at least, nothing else of any, *Allowed* without a reason against it, at the
/// end of its work and after every byte was sent.
pub(super) fn row(
    id: &str,
    scan: &Scan,
    (status, answer): (u16, &[u8]),
    sent: Sent,
) -> Option<EngineReport> {
    let failed = |kind, words: &str| EngineReport::failed(id, scan, kind, words);
    let row = match (status, read(answer)) {
        (200, Some(answer)) if answer.is_at_work() => return None,
        (200, Some(answer)) => {
            let row = match findings(&answer) {
                Ok(found) if !found.is_empty() => EngineReport::found(id, scan, found, sent.0),
                Ok(_) => match http::all(scan, sent) {
                    Some(all) => EngineReport::clean(id, scan, all, Coverage::Assumed),
                    None => failed(ErrorKind::Protocol, "a verdict before the end"),
                },
                Err((kind, words)) => failed(kind, &words),
            };
            row.with_versions(answer.versions())
        }
        (200, None) => failed(ErrorKind::Protocol, "the answer can't be read"),
        // It took the file under this name: it has forgotten it since.
        (404, _) => failed(ErrorKind::EngineInternal, "the server lost the file"),
        (status, _) => http::refused(id, scan, status),
    };
    Some(row.with_bytes_sent(sent.0).with_raw_reply(answer))
}

fn read(answer: &[u8]) -> Option<Answer> {
    serde_json::from_value(http::json(answer)?).ok()
}

impl Answer {
    fn is_at_work(&self) -> bool {
        let whole = self.process_info.progress_percentage;
        self.scan_results.progress_percentage < 100
            || whole.is_some_and(|progress| progress < 100)
            || self.process_info.result.as_deref() == Some("Processing")
            || [254, 255].contains(&self.scan_results.scan_all_result_i)
    }

    /// The oldest signatures among its engines.
    fn versions(&self) -> Versions {
        let details = self.scan_results.scan_details.values();
        Versions {
            signatures_time: details.filter_map(|detail| detail.def_time).min(),
            ..Versions::default()
        }
    }
}

type Failed = (ErrorKind, String);

/// Everything against the file; nothing only if the server and one of its engines at least speak for it.
fn findings(answer: &Answer) -> Result<Vec<Finding>, Failed> {
    let (results, process) = (&answer.scan_results, &answer.process_info);
    let overall = results.scan_all_result_i;
    let mut findings = Vec::new();
    findings.extend(finding(overall)?);
    let mut looked = false;
    for (engine, detail) in &results.scan_details {
        looked |= detail.scan_result_i == 0;
        if let Some(mut finding) = detail.finding(overall)? {
            finding.detail = text::displayable(engine, 200);
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        findings.extend(reasons(process)?);
    }
    if findings.is_empty() && !looked {
        let limit = LimitKind::Engine;
        let nobody = Finding::new(Outcome::Incomplete { limit }, "no-engine-looked");
        findings.push(nobody);
    }
    Ok(findings)
}

/// Why the server does not let a file pass that it found nothing in.
fn reasons(process: &Process) -> Result<Vec<Finding>, Failed> {
    let told = process
        .blocked_reasons
        .iter()
        .chain(&process.blocked_reason);
    let told: Vec<&str> = told
        .map(|reason| reason.trim())
        .filter(|reason| !reason.is_empty())
        .collect();
    match (process.result.as_deref(), told.as_slice()) {
        (Some("Allowed"), []) => Ok(Vec::new()),
        (Some("Blocked"), []) => Ok(vec![Finding::new(BLOCKED, "blocked")]),
        (Some("Allowed" | "Blocked"), told) => told.iter().map(|reason| because(reason)).collect(),
        _ => Err((ErrorKind::Protocol, "no end of its work".to_owned())),
    }
}

const BLOCKED: Outcome = Outcome::Suspicious { level: Level::High };

fn because(reason: &str) -> Result<Finding, Failed> {
    let known = NAMES
        .iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(reason));
    let known = known.map(|(code, _)| finding(*code)).transpose()?.flatten();
    Ok(known.unwrap_or_else(|| Finding::new(BLOCKED, reason)))
}

/// What the results are called.
const NAMES: [(u16, &str); 20] = [
    (1, "Infected"),
    (2, "Suspicious"),
    (3, "Failed"),
    (4, "Cleaned"),
    (6, "Quarantined"),
    (7, "Allowlisted"),
    (8, "Blocklisted"),
    (9, "Exceeded Archive Depth"),
    (10, "Not Scanned"),
    (12, "Encrypted Archive"),
    (13, "Exceeded Archive Size"),
    (14, "Exceeded Archive File Number"),
    (15, "Password Protected Document"),
    (16, "Exceeded Archive Timeout"),
    (17, "Filetype Mismatch"),
    (18, "Potentially Vulnerable File"),
    (20, "Sensitive Data Found"),
    (21, "YARA Rule Matched"),
    (22, "Potentially Unwanted Program"),
    (23, "Unsupported File Type"),
];

/// What the server's result means; none for *no threat* only.
fn finding(code: u16) -> Result<Option<Finding>, Failed> {
    let hit = |category| Outcome::PolicyHit { category };
    let stopped = |limit| Outcome::Incomplete { limit };
    let outcome = match code {
        0 => return Ok(None),
        // Also what it took the threat out of: the file that we have was not changed by that.
        1 | 4 | 6 => Outcome::Infected,
        2 => Outcome::Suspicious {
            level: Level::Medium,
        },
        // Let pass without a look, by a list.
        7 => stopped(LimitKind::Engine),
        8 => hit(Category::FileType),
        9 => stopped(LimitKind::Recursion),
        12 | 15 => Outcome::Encrypted,
        13 => stopped(LimitKind::ScanSize),
        14 => stopped(LimitKind::Members),
        16 => stopped(LimitKind::Time),
        17 => hit(Category::TypeMismatch),
        18 => Outcome::Suspicious { level: Level::Low },
        20 => hit(Category::Dlp),
        21 => Outcome::Suspicious { level: Level::High },
        22 => hit(Category::Pua),
        23 => Outcome::Unsupported,
        3 | 10 | 11 | 19 => {
            return Err((ErrorKind::EngineInternal, format!("not looked at ({code})")));
        }
        _ => return Err((ErrorKind::Protocol, format!("{code} is no result"))),
    };
    let name = NAMES.iter().find(|(known, _)| *known == code);
    Ok(Some(Finding::new(
        outcome,
        name.map_or("unnamed", |(_, name)| name),
    )))
}

impl Detail {
    /// What one of its engines means. One that finds something which the server does not think enough counts as
    /// a suspicion.
    fn finding(&self, overall: u16) -> Result<Option<Finding>, Failed> {
        let threat = self
            .threat_found
            .as_deref()
            .map(str::trim)
            .unwrap_or_default();
        let threat_as =
            |outcome| Finding::new(outcome, if threat.is_empty() { "unnamed" } else { threat });
        match self.scan_result_i {
            1 if overall == 1 => Ok(Some(names::finding(
                threat_as(Outcome::Infected).name.as_bytes(),
            ))),
            1 => Ok(Some(threat_as(Outcome::Suspicious { level: Level::High }))),
            2 => Ok(Some(threat_as(Outcome::Suspicious {
                level: Level::Medium,
            }))),
            22 => Ok(Some(threat_as(Outcome::PolicyHit {
                category: Category::Pua,
            }))),
            0 | 3 | 10 | 19 | 23 if threat.is_empty() => Ok(None),
            code => Err((
                ErrorKind::Protocol,
                format!("an engine says {code} {threat}"),
            )),
        }
    }
}
