//! What answers mean.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::adapter::{Failure, failed};
use crate::engine::Scan;
use crate::http;
use crate::sandbox::Answer;
use crate::verdict::{
    AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, LimitKind, Outcome,
};

/// The states that are asked for: all that there are.
pub(super) const STATES: &str = "detect,not detected,processing,error,timeout";

/// Where the product stands with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Detected,
    NotDetected,
    Working,
    Failed,
    TooLate,
}

impl State {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "detect" | "detected" => Self::Detected,
            "not detected" | "not_detected" => Self::NotDetected,
            "processing" => Self::Working,
            "error" => Self::Failed,
            "timeout" => Self::TooLate,
            _ => return None,
        })
    }
}

/// Reads a list of files and their states.
pub(super) fn states(answer: &[u8]) -> Result<Vec<(String, State)>, Failure> {
    let wrong = |words: &str| failed(ErrorKind::Protocol, words);
    let answer = http::json(answer).ok_or_else(|| wrong("the answer is none"))?;
    let list = answer.as_array();
    let list = list.ok_or_else(|| wrong("the answer is no list"))?;
    let one = |one: &Value| {
        let word = |name| one.get(name).and_then(Value::as_str);
        let state = word("state").and_then(State::read);
        Some((word("scanId")?.to_owned(), state?))
    };
    let states = list.iter().map(one).collect::<Option<_>>();
    states.ok_or_else(|| wrong("a state has no meaning here"))
}

/// What is said of the file that is called `name`, where `detect` is the word for what it found.
///
/// Should it be named twice, the worse state counts.
pub(super) fn answer(
    id: &str,
    scan: &Scan,
    states: &[(String, State)],
    (name, detect): (&str, Outcome),
) -> Result<Answer, Failure> {
    let about = || states.iter().filter(|(one, _)| one == name);
    let is = |state| about().any(|(_, one)| *one == state);
    let named = |outcome, name| {
        let finding = Finding::new(outcome, name);
        EngineReport::found(id, scan, vec![finding], scan.meta.size)
    };
    let row = if is(State::Detected) {
        let name = match detect {
            Outcome::Infected => "sandbox-malicious",
            _ => "sandbox-suspicious",
        };
        named(detect, name)
    } else if is(State::Working) {
        return Ok(Answer::Working);
    } else if is(State::TooLate) {
        let limit = LimitKind::Time;
        named(Outcome::Incomplete { limit }, "sandbox-timeout")
    } else if is(State::Failed) {
        return Err(failed(ErrorKind::EngineInternal, "its check failed"));
    } else if is(State::NotDetected) {
        EngineReport::clean(id, scan, AllBytesSent::known(scan), Coverage::Assumed)
    } else {
        return Ok(Answer::Unknown);
    };
    Ok(Answer::Said(Box::new(row)))
}
