//! What answers mean.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::adapter::{Failure, failed};
use crate::engine::Scan;
use crate::http;
use crate::text;
use crate::verdict::{AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, Level, Outcome};

/// The most tasks that one file makes.
const MOST_TASKS: usize = 50;

/// Where the product stands with a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Task {
    Unknown,
    Working,
    Over(Found),
}

/// What it found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    score: f64,
    /// What it has a name for.
    families: Vec<String>,
}

fn wrong(words: &str) -> Failure {
    failed(ErrorKind::Protocol, words)
}

fn read(answer: &[u8]) -> Result<Value, Failure> {
    http::json(answer).ok_or_else(|| wrong("the answer is none"))
}

/// What an answer holds; nothing if it says that it has none.
fn data(answer: &Value) -> Result<Option<&Value>, Failure> {
    match answer.get("error").and_then(Value::as_bool) {
        Some(true) => Ok(None),
        Some(false) => Ok(answer.get("data").filter(|data| !data.is_null())),
        None => Err(wrong("the answer does not say whether it is one")),
    }
}

/// Which version answers.
pub(super) fn version(answer: &[u8]) -> Result<Option<String>, Failure> {
    let answer = read(answer)?;
    let status = data(&answer)?.ok_or_else(|| wrong("it does not tell its status"))?;
    let version = status.get("version").and_then(Value::as_str);
    Ok(version.map(|version| text::displayable(version, 100)))
}

/// Reads the answer to a file: what the product calls its tasks.
pub(super) fn taken(answer: &[u8]) -> Result<Vec<u64>, Failure> {
    let answer = read(answer)?;
    let ids = data(&answer)?.and_then(|data| data.get("task_ids"));
    let ids = ids.and_then(Value::as_array);
    let numbers: Option<Vec<u64>> = ids.and_then(|ids| ids.iter().map(Value::as_u64).collect());
    let numbers = numbers.filter(|numbers| (1..=MOST_TASKS).contains(&numbers.len()));
    numbers.ok_or_else(|| wrong("the answer does not say what it calls the file"))
}

/// Tasks in one word.
pub(super) fn join(numbers: &[u64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
    numbers.join(",")
}

/// Reads [`join`].
pub(super) fn split(word: &str) -> Option<Vec<u64>> {
    word.split(',').map(|one| one.parse().ok()).collect()
}

/// The latest task about a hash that did not fail.
pub(super) fn latest(answer: &[u8]) -> Result<Option<u64>, Failure> {
    let answer = read(answer)?;
    let Some(tasks) = data(&answer)?.and_then(Value::as_array) else {
        return Ok(None);
    };
    let number = |task: &Value| {
        let status = task.get("status").and_then(Value::as_str)?;
        let sound = !status.starts_with("failed") && status != "banned";
        task.get("id").and_then(Value::as_u64).filter(|_| sound)
    };
    Ok(tasks.iter().filter_map(number).max())
}

/// Reads the description of a task, which must be about the file with this SHA-256 where it names one.
pub(super) fn task(answer: &[u8], sha256: Option<&str>) -> Result<Task, Failure> {
    let answer = read(answer)?;
    let Some(task) = data(&answer)? else {
        return Ok(Task::Unknown);
    };
    let said = task.pointer("/sample/sha256").and_then(Value::as_str);
    let other = |said: &str| sha256.is_some_and(|sha256| !sha256.eq_ignore_ascii_case(said));
    if said.is_some_and(other) {
        return Err(wrong("it speaks of another file"));
    }
    match task.get("status").and_then(Value::as_str) {
        Some("pending" | "running" | "distributed" | "completed" | "recovered") => {
            Ok(Task::Working)
        }
        Some("reported") => Ok(Task::Over(Found {
            score: score(task).ok_or_else(|| wrong("there is no score"))?,
            families: families(task.get("detections"))?,
        })),
        Some(status) if status.starts_with("failed") || status == "banned" => {
            Err(failed(ErrorKind::EngineInternal, "its analysis failed"))
        }
        _ => Err(wrong("its state has no meaning here")),
    }
}

fn score(task: &Value) -> Option<f64> {
    let score = task.get("malscore")?.as_f64()?;
    (0.0..=10.0).contains(&score).then_some(score)
}

/// The names of what it found: one, or a list of them, with or without details.
fn families(detections: Option<&Value>) -> Result<Vec<String>, Failure> {
    let name = |one: &Value| {
        let name = one.as_str().or_else(|| one.get("family")?.as_str())?;
        Some(text::displayable(name, 200)).filter(|name| !name.is_empty())
    };
    let names = match detections {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(name).collect(),
        Some(Value::String(none)) if none.is_empty() => Some(Vec::new()),
        Some(one) => name(one).map(|name| vec![name]),
    };
    names.ok_or_else(|| wrong("what it found has no name"))
}

/// The row for all tasks of a file.
pub(super) fn row(id: &str, scan: &Scan, tasks: Vec<Found>, clean_below: f64) -> EngineReport {
    if tasks.is_empty() {
        let words = "there was no task for the file";
        return EngineReport::failed(id, scan, ErrorKind::Protocol, words);
    }
    let mut findings = Vec::new();
    for task in tasks {
        let infected = |family: &String| Finding::new(Outcome::Infected, family);
        findings.extend(task.families.iter().map(infected));
        if task.families.is_empty() && task.score >= clean_below {
            let level = level(task.score);
            let mut finding = Finding::new(Outcome::Suspicious { level }, "sandbox-suspicious");
            finding.detail = format!("{:.1} / 10", task.score);
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        return EngineReport::clean(id, scan, AllBytesSent::known(scan), Coverage::Full);
    }
    EngineReport::found(id, scan, findings, scan.meta.size)
}

fn level(score: f64) -> Level {
    match score {
        7.0.. => Level::High,
        5.0.. => Level::Medium,
        _ => Level::Low,
    }
}
