//! What answers mean.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::engine::Scan;
use crate::http;
use crate::text;
use crate::verdict::{AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, Level, Outcome};

/// It does not know what it was asked about.
const DATA_NOT_EXIST: i64 = 3;
/// It works on what it was asked about.
const DATA_IN_PROGRESS: i64 = 29;

/// An answer in the form that all have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub code: i64,
    pub message: String,
    pub data: Value,
    pub session: Option<String>,
}

impl Heard {
    /// Whether our session is over.
    pub(super) fn session_is_over(&self) -> bool {
        self.message.to_ascii_uppercase().contains("SESSION")
    }

    /// What kind of failure it tells of.
    pub(super) fn failure(&self) -> (ErrorKind, String) {
        let message = self.message.to_ascii_uppercase();
        let kind = if message.contains("CREDENTIAL") || message.contains("PERMISSION") {
            ErrorKind::Auth
        } else if self.session_is_over() || message.contains("TIME_OUT") {
            ErrorKind::Overload
        } else {
            ErrorKind::EngineInternal
        };
        let words = format!("it says {} ({})", self.message, self.code);
        (kind, text::displayable(&words, 200))
    }
}

/// Reads an answer; nothing if it is none.
pub(super) fn heard(answer: &[u8]) -> Option<Heard> {
    let answer = http::json(answer)?;
    let status = answer.pointer("/result/status")?;
    let message = status.get("message").and_then(Value::as_str);
    let session = answer.get("session").and_then(Value::as_str);
    Some(Heard {
        code: status.get("code")?.as_i64()?,
        message: message.unwrap_or_default().to_owned(),
        data: answer.pointer("/result/data").cloned().unwrap_or_default(),
        session: session.filter(|s| !s.is_empty()).map(str::to_owned),
    })
}

/// The number of a submission.
pub(super) fn submission(heard: &Heard) -> Option<String> {
    name(heard.data.get("sid")?).filter(|_| heard.code == 0)
}

/// The jobs that a submission made, once all are there.
pub(super) fn jobs(heard: &Heard) -> Option<Vec<String>> {
    let ids = heard.data.get("jids")?.as_array()?;
    let total = usize::try_from(heard.data.get("total_jids")?.as_u64()?).ok()?;
    let ids: Vec<String> = ids.iter().map(name).collect::<Option<_>>()?;
    (total > 0 && ids.len() == total).then_some(ids)
}

/// Whether what was asked about is not known.
pub(super) fn is_unknown(heard: &Heard) -> bool {
    heard.code == DATA_NOT_EXIST
}

/// Whether an answer to a question by hash is about that hash, as far as it says what it is about.
pub(super) fn is_about(heard: &Heard, sha256: &str) -> bool {
    match heard.data.get("sha256") {
        None | Some(Value::Null) => true,
        Some(said) => said
            .as_str()
            .is_some_and(|said| said.eq_ignore_ascii_case(sha256)),
    }
}

/// A name that the product gave: digits and letters, as a text or a number.
fn name(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!text.is_empty() && text.len() <= 100 && text.chars().all(plain)).then_some(text)
}

/// What is known of a job, or of a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    Over(Rating),
    Working,
    Unknown,
}

/// What it thinks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rating {
    pub outcome: Outcome,
    pub name: String,
    /// Where its report is; only if browsers reach it safely.
    pub report: Option<String>,
}

/// Reads what is known of a job; fails on what has no meaning here.
pub(super) fn job(heard: &Heard) -> Result<Job, (ErrorKind, String)> {
    match heard.code {
        0 => {}
        DATA_IN_PROGRESS => return Ok(Job::Working),
        DATA_NOT_EXIST => return Ok(Job::Unknown),
        _ => return Err(heard.failure()),
    }
    let wrong = |words: &str| (ErrorKind::Protocol, words.to_owned());
    let rating = heard.data.get("rating").and_then(Value::as_str);
    let rating = rating.ok_or_else(|| wrong("the answer has no rating"))?;
    let outcome = outcome(rating).ok_or_else(|| wrong("the rating has no meaning here"))?;
    let agrees = match heard.data.get("score") {
        None | Some(Value::Null) => true,
        Some(score) => score
            .as_i64()
            .is_some_and(|score| score == NO_SCORE || by_score(score) == Some(outcome)),
    };
    if !agrees {
        return Err(wrong("its rating and its score disagree"));
    }
    let said = |field: &str| heard.data.get(field).and_then(Value::as_str);
    let name = said("malware_name").filter(|name| !name.is_empty() && *name != "N/A");
    let report = said("detail_url").filter(|url| url.starts_with("https://"));
    Ok(Job::Over(Rating {
        outcome,
        name: text::displayable(name.unwrap_or(unnamed(outcome)), 200),
        report: report.map(|url| text::displayable(url, 500)),
    }))
}

const fn suspicious(level: Level) -> Outcome {
    Outcome::Suspicious { level }
}

const CLEAN: Outcome = Outcome::Clean {
    coverage: Coverage::Full,
};

fn outcome(rating: &str) -> Option<Outcome> {
    Some(match rating.to_ascii_lowercase().as_str() {
        "clean" => CLEAN,
        "low risk" => suspicious(Level::Low),
        "medium risk" => suspicious(Level::Medium),
        "high risk" => suspicious(Level::High),
        "malicious" => Outcome::Infected,
        "unknown" | "other" | "skipped" | "other/skipped" => Outcome::Unsupported,
        "canceled" | "cancelled" => Outcome::Error {
            kind: ErrorKind::EngineInternal,
            retryable: true,
        },
        _ => return None,
    })
}

/// It has no score.
const NO_SCORE: i64 = -1;

/// Guessed, after what a client makes of it.
fn by_score(score: i64) -> Option<Outcome> {
    Some(match score {
        0 => CLEAN,
        1 => Outcome::Infected,
        2 => suspicious(Level::High),
        3 => suspicious(Level::Medium),
        4 => suspicious(Level::Low),
        _ => return None,
    })
}

/// What stands for a name where there is none.
fn unnamed(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Infected => "sandbox-malicious",
        Outcome::Suspicious { .. } => "sandbox-suspicious",
        Outcome::Unsupported => "sandbox-no-opinion",
        _ => "",
    }
}

/// The row for the ratings of all jobs of a file.
pub(super) fn row(id: &str, scan: &Scan, ratings: &[Rating]) -> EngineReport {
    if ratings.is_empty() {
        let words = "there was no job for the file";
        return EngineReport::failed(id, scan, ErrorKind::Protocol, words);
    }
    let is_clean = |rating: &&Rating| rating.outcome == CLEAN;
    let found: Vec<Finding> = ratings
        .iter()
        .filter(|rating| !is_clean(rating))
        .map(|rating| {
            let mut finding = Finding::new(rating.outcome, &rating.name);
            finding.report.clone_from(&rating.report);
            finding
        })
        .collect();
    if found.is_empty() {
        return EngineReport::clean(id, scan, AllBytesSent::known(scan), Coverage::Full);
    }
    EngineReport::found(id, scan, found, scan.meta.size)
}
