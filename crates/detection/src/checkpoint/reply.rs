//! What answers mean.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::adapter::{Failure, failed};
use crate::engine::Scan;
use crate::http;
use crate::sandbox::Answer;
use crate::verdict::{AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, Outcome};

/// Where the product stands with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Found,
    /// It has the file; not every image has a verdict.
    Partly,
    Working,
    Unknown,
}

fn state(status: Option<&Value>) -> Result<State, Failure> {
    let label = status.and_then(|status| status.get("label"));
    match label.and_then(Value::as_str) {
        Some("FOUND") => Ok(State::Found),
        Some("PARTIALLY_FOUND") => Ok(State::Partly),
        Some("PENDING" | "UPLOAD_SUCCESS") => Ok(State::Working),
        Some("NOT_FOUND") => Ok(State::Unknown),
        Some("FORBIDDEN" | "UNAUTHORIZED") => Err(failed(ErrorKind::Auth, "it refuses the key")),
        Some("NO_QUOTA" | "QUOTA_EXCEEDED") => {
            Err(failed(ErrorKind::Overload, "the quota is used up"))
        }
        Some(_) => Err(failed(ErrorKind::EngineInternal, "it could not do that")),
        None => Err(failed(ErrorKind::Protocol, "the answer has no state")),
    }
}

/// The part of an answer that is about the one file, if it is about this one.
fn about<'a>(answer: &'a Value, sha256: &str) -> Result<&'a Value, Failure> {
    let response = answer.get("response");
    // A question in a list is answered in a list.
    let response = match response {
        Some(Value::Array(all)) if all.len() == 1 => all.first(),
        other => other,
    };
    let response = response.filter(|one| one.is_object());
    let response =
        response.ok_or_else(|| failed(ErrorKind::Protocol, "the answer is about no file"))?;
    match response.get("sha256").map(Value::as_str) {
        Some(Some(said)) if said.eq_ignore_ascii_case(sha256) => Ok(response),
        // What is not known needs no name.
        None if state(response.get("status"))? == State::Unknown => Ok(response),
        _ => Err(failed(ErrorKind::Protocol, "it speaks of another file")),
    }
}

fn read(answer: &[u8]) -> Result<Value, Failure> {
    http::json(answer).ok_or_else(|| failed(ErrorKind::Protocol, "the answer is none"))
}

/// Reads an answer to an upload: whether it has the file.
pub(super) fn taken(answer: &[u8], sha256: &str) -> Result<(), Failure> {
    let answer = read(answer)?;
    match state(about(&answer, sha256)?.get("status"))? {
        State::Found | State::Partly | State::Working => Ok(()),
        State::Unknown => Err(failed(ErrorKind::Protocol, "it took the file for nothing")),
    }
}

/// Reads an answer to the question after a hash that nothing has: whether it answers at all.
pub(super) fn reached(answer: &[u8]) -> Result<(), Failure> {
    let answer = read(answer)?;
    let response = answer.pointer("/response/status");
    let response = response.or_else(|| answer.pointer("/response/0/status"));
    state(response).map(|_| ())
}

/// Reads an answer to the question after a file.
pub(super) fn answer(
    id: &str,
    scan: &Scan,
    answer: &[u8],
    sha256: &str,
) -> Result<Answer, Failure> {
    let answer = read(answer)?;
    let response = about(&answer, sha256)?;
    let of_file = state(response.get("status"))?;
    if matches!(of_file, State::Unknown | State::Working) {
        return Ok(match of_file {
            State::Unknown => Answer::Unknown,
            _ => Answer::Working,
        });
    }
    let emulation = response.get("te").filter(|te| te.is_object());
    let emulation = emulation.ok_or_else(|| failed(ErrorKind::Protocol, "nothing was emulated"))?;
    let state = state(emulation.get("status"))?;
    let verdict = emulation.get("combined_verdict").and_then(Value::as_str);
    let found = |outcome, name| {
        let finding = Finding::new(outcome, name);
        EngineReport::found(id, scan, vec![finding], scan.meta.size)
    };
    let report = match (state, verdict) {
        (State::Found | State::Partly, Some("malicious")) => {
            found(Outcome::Infected, "sandbox-malicious")
        }
        (State::Unknown, _) => return Ok(Answer::Unknown),
        (State::Working | State::Partly, _) => return Ok(Answer::Working),
        (State::Found, Some("benign")) if of_file == State::Found && all_benign(emulation) => {
            EngineReport::clean(id, scan, AllBytesSent::known(scan), Coverage::Full)
        }
        (State::Found, Some("unknown")) => found(Outcome::Unsupported, "sandbox-no-opinion"),
        (State::Found, Some("error")) => {
            return Err(failed(
                ErrorKind::EngineInternal,
                "the emulation ended in an error",
            ));
        }
        (State::Found, _) => {
            return Err(failed(
                ErrorKind::Protocol,
                "its verdict has no meaning here",
            ));
        }
    };
    Ok(Answer::Said(Box::new(report)))
}

/// Whether no image that it names has another opinion than *benign*.
fn all_benign(emulation: &Value) -> bool {
    let Some(images) = emulation.get("images") else {
        return true;
    };
    let benign = |image: &Value| {
        let verdict = image.pointer("/report/verdict");
        let found = image.get("status").and_then(Value::as_str);
        verdict.and_then(Value::as_str) == Some("benign")
            && found.is_some_and(|state| state.eq_ignore_ascii_case("found"))
    };
    images
        .as_array()
        .is_some_and(|images| images.iter().all(benign))
}
