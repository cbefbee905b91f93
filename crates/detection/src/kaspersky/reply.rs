//! What an answer means.

#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::engine::Scan;
use crate::names;
use crate::text;
use crate::verdict::{
    AllBytesSent, Category, Coverage, EngineReport, ErrorKind, Finding, LimitKind, Outcome,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    scan_result: String,
    #[serde(default)]
    detection_name: Option<String>,
    /// A boolean or a text: the documents' examples have both.
    #[serde(default)]
    contains_office_macro: Option<serde_json::Value>,
    #[serde(default)]
    sub_objects_scan_results: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    object: String,
    scan_result: String,
    #[serde(default)]
    detection_name: Option<String>,
    #[serde(default)]
    contains_office_macro: Option<serde_json::Value>,
}

/// The row that an answer makes. The only way to a clean one: `CLEAN` for the file, and nothing else for anything
/// in it, after every byte was sent.
pub(super) fn row(
    id: &str,
    scan: &Scan,
    (status, answer): (u16, &[u8]),
    (sent, ended): (u64, bool),
) -> EngineReport {
    let failed = |kind, words: &str| EngineReport::failed(id, scan, kind, words);
    let row = match status {
        200 => match read(answer) {
            Some(answer) => match findings(&answer) {
                Ok(findings) if findings.is_empty() => {
                    match AllBytesSent::check(scan, sent).filter(|_| ended) {
                        Some(all) => EngineReport::clean(id, scan, all, Coverage::Assumed),
                        None => failed(ErrorKind::Protocol, "CLEAN before the end"),
                    }
                }
                Ok(findings) => EngineReport::found(id, scan, findings, sent),
                Err((kind, words)) => failed(kind, &words),
            },
            None => failed(ErrorKind::Protocol, "the answer can't be read"),
        },
        401 | 403 => failed(ErrorKind::Auth, "the server does not take the token"),
        // Its session or its scan took too long; the documents have both as 408.
        408 => failed(ErrorKind::Timeout, "the server stopped waiting"),
        413 => EngineReport::too_large(id, scan),
        429 | 503 => failed(ErrorKind::Overload, "the server has too much to do"),
        404 | 405 => failed(ErrorKind::Config, "the server does not know this question"),
        500.. => failed(
            ErrorKind::EngineInternal,
            &format!("the server fails with {status}"),
        ),
        _ => failed(
            ErrorKind::Protocol,
            &format!("the answer {status} has no meaning here"),
        ),
    };
    row.with_bytes_sent(sent).with_raw_reply(answer)
}

/// Reads an answer; all of it must be text, also what is of no interest here.
fn read(answer: &[u8]) -> Option<Answer> {
    serde_json::from_str(std::str::from_utf8(answer).ok()?).ok()
}

type Failed = (ErrorKind, String);

fn findings(answer: &Answer) -> Result<Vec<Finding>, Failed> {
    let mut findings = Vec::new();
    findings.extend(finding(
        &answer.scan_result,
        answer.detection_name.as_deref(),
    )?);
    let mut macros = is_true(answer.contains_office_macro.as_ref());
    for member in &answer.sub_objects_scan_results {
        macros |= is_true(member.contains_office_macro.as_ref());
        if let Some(mut finding) = finding(&member.scan_result, member.detection_name.as_deref())? {
            finding.object = Some(text::displayable(&member.object, 2000));
            findings.push(finding);
        }
    }
    if macros {
        let hit = Outcome::PolicyHit {
            category: Category::Macro,
        };
        findings.push(Finding::new(hit, "contains-office-macro"));
    }
    Ok(findings)
}

fn is_true(value: Option<&serde_json::Value>) -> bool {
    value.is_some_and(|value| *value == true || *value == "true")
}

/// What one result means; none for `CLEAN` only.
fn finding(result: &str, name: Option<&str>) -> Result<Option<Finding>, Failed> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let outcome = match result {
        // A name of something found beside the word for nothing found is no answer.
        "CLEAN" if name.is_none() => return Ok(None),
        "DETECT" | "DETECTED" => {
            return Ok(Some(names::finding(name.unwrap_or("unnamed").as_bytes())));
        }
        // It was told to leave files alone; that it does not is the administrator's to see.
        "DISINFECTED" | "DELETED" => Outcome::Infected,
        "NON_SCANNED (PASSWORD PROTECTED)" => Outcome::Encrypted,
        "NON_SCANNED (CORRUPTED)" => Outcome::Unsupported,
        "NON_SCANNED" | "NON_SCANNED (SKIPPED)" | "NON_SCANNED (ACCESS DENIED)" => {
            Outcome::Incomplete {
                limit: LimitKind::Engine,
            }
        }
        "NON_SCANNED (CANCELED)" | "SERVER_ERROR" => {
            return Err((ErrorKind::EngineInternal, result.to_owned()));
        }
        other => return Err((ErrorKind::Protocol, format!("{other} is no result"))),
    };
    Ok(Some(Finding::new(outcome, name.unwrap_or(result))))
}
