//! What an answer means.

#[cfg(test)]
mod tests;

use super::profile::Profile;
use super::reply::{Read, Reply};
use crate::engine::{Scan, Versions};
use crate::names;
use crate::text;
use crate::verdict::{
    AllBytesSent, Category, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome,
    Skip,
};

/// Headers that are there when something was found, and what they hold when nothing was.
const VIRUS: &[&str] = &["x-virus-id", "x-virus-name", "x-fsecure-infection-name"];
const NOTHING: &[&str] = &["", "no threats", "clean", "none", "no", "0", "-"];
/// Headers that say why something was blocked.
const BLOCKED: &[&str] = &[
    "x-blocked",
    "x-block-reason",
    "x-mwg-block-reason",
    "x-blocked-reason",
    "x-blocked-by",
];
/// Words of `X-Response-Info` that let content through.
const PASSED: &[&str] = &["allowed", "passed", "options", "clean", "ok"];
/// A header that nobody knows but that speaks of these is no reason to believe the rest.
const ALARMING: &[&str] = &["virus", "infect", "threat", "malware", "violation", "block"];

/// What was sent before an answer came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// Content bytes.
    pub bytes: u64,
    /// Whether the end of the content was sent too.
    pub ended: bool,
}

/// The row that an answer makes. The only ways to a clean one: `204`, or `200` with the content as it was; without
/// any word against it; after the end, over every byte.
pub(crate) fn row(
    id: &str,
    scan: &Scan,
    (profile, headers): (&Profile, &[String]),
    answer: &[u8],
    sent: Sent,
) -> EngineReport {
    let reply = match super::reply::read(answer) {
        Read::Whole(reply) => reply,
        Read::More => return wrong(id, scan, "the answer breaks off"),
        Read::Wrong(why) => return wrong(id, scan, why),
    };
    let judged = judge(&reply, profile, headers, scan.meta.size);
    let whole = AllBytesSent::check(scan, sent.bytes).filter(|_| sent.ended);
    let row = match (judged, whole) {
        (Judged::Found(finding), _) => EngineReport::found(id, scan, vec![finding], sent.bytes),
        (Judged::Failed(kind, words), _) => EngineReport::failed(id, scan, kind, &words),
        (Judged::Unmodified, Some(_)) if profile.reputation => {
            EngineReport::skipped(id, scan, Skip::NoOpinion)
        }
        (Judged::Unmodified, Some(all)) => EngineReport::clean(id, scan, all, Coverage::Assumed),
        (Judged::Unmodified, None) if sent.ended => EngineReport::failed(
            id,
            scan,
            ErrorKind::Source,
            "the file has another size than it should",
        ),
        // c-icap does so for content above its limit.
        (Judged::Unmodified, None) => {
            let limit = Outcome::Incomplete {
                limit: LimitKind::Engine,
            };
            let finding = Finding::new(limit, "passed-before-the-end");
            EngineReport::found(id, scan, vec![finding], sent.bytes)
        }
    };
    let versions = Versions {
        signatures: tag(&reply),
        ..Versions::default()
    };
    row.with_bytes_sent(sent.bytes).or_versions(versions)
}

fn wrong(id: &str, scan: &Scan, why: &str) -> EngineReport {
    EngineReport::failed(id, scan, ErrorKind::Protocol, why)
}

/// The mark of the server's state, which changes with its signatures (RFC 3507, 4.7).
pub(super) fn tag(reply: &Reply) -> Option<String> {
    let tag = reply.headers.one("istag")?.trim_matches('"');
    Some(text::displayable(tag, 100)).filter(|tag| !tag.is_empty())
}

#[derive(Debug)]
enum Judged {
    /// Nothing was said against it.
    Unmodified,
    Found(Finding),
    Failed(ErrorKind, String),
}

fn judge(reply: &Reply, profile: &Profile, headers: &[String], size: u64) -> Judged {
    if reply.status >= 400 {
        return refused(reply.status);
    }
    if let Some(finding) = told(reply, profile, headers) {
        return Judged::Found(finding);
    }
    if let Some(name) = alarming(reply) {
        let words = format!("the header {name} is not known");
        return Judged::Failed(ErrorKind::Protocol, words);
    }
    let status = reply.http.as_ref().map(|http| http.status);
    match (reply.status, status) {
        (204, None) => Judged::Unmodified,
        (200, Some(None | Some(200))) if is_unchanged(reply, size) => Judged::Unmodified,
        (200, Some(Some(code @ 400..))) => blocked(&format!("HTTP {code}")),
        (200, Some(Some(code @ 300..))) if profile.redirects => blocked(&format!("HTTP {code}")),
        // Somebody took something out: what was in it, nobody says, and the original is not what was passed.
        (200 | 201, Some(None | Some(200))) => {
            let outcome = Outcome::Suspicious {
                level: Level::Medium,
            };
            Judged::Found(Finding::new(outcome, "content-replaced"))
        }
        (code, _) => Judged::Failed(
            ErrorKind::Protocol,
            format!("the answer {code} has no meaning here"),
        ),
    }
}

fn refused(status: u16) -> Judged {
    let kind = match status {
        401 | 407 => ErrorKind::Auth,
        408 | 504 => ErrorKind::Timeout,
        // Symantec's word for it.
        539 => ErrorKind::License,
        429 | 503 => ErrorKind::Overload,
        400..500 => ErrorKind::Config,
        _ => ErrorKind::EngineInternal,
    };
    Judged::Failed(kind, format!("the server refuses with {status}"))
}

fn blocked(by: &str) -> Judged {
    let name = format!("blocked by the engine ({by})");
    Judged::Found(Finding::new(Outcome::Infected, &name))
}

/// Whether the enclosed head still is that of our content.
fn is_unchanged(reply: &Reply, size: u64) -> bool {
    let length = reply
        .http
        .as_ref()
        .and_then(|http| http.headers.one("content-length"));
    length.and_then(|length| length.parse().ok()) == Some(size)
}

/// What the headers say was found, ICAP's or the enclosed ones.
fn told(reply: &Reply, profile: &Profile, headers: &[String]) -> Option<Finding> {
    let values = |name: &str| -> Vec<String> {
        let enclosed = reply.http.iter().flat_map(|http| http.headers.all(name));
        reply
            .headers
            .all(name)
            .chain(enclosed)
            .map(str::to_owned)
            .collect()
    };
    let known = VIRUS.iter().chain(profile.headers).copied();
    let viruses = known.chain(headers.iter().map(String::as_str));
    let named = viruses.flat_map(values).find(|value| !is_nothing(value));
    if let Some(value) = values("x-infection-found").first() {
        return Some(infection(value, named.as_deref()));
    }
    if let Some(name) = named {
        return Some(names::finding(name.as_bytes()));
    }
    let results = values("x-fsecure-scan-result");
    if let Some(result) = results.iter().find(|value| !is_nothing(value)) {
        return Some(Finding::new(Outcome::Infected, result));
    }
    let reasons: Vec<String> = BLOCKED.iter().flat_map(|name| values(name)).collect();
    if let Some(reason) = reasons.iter().find(|value| !is_nothing(value)) {
        return Some(reasoned(reason));
    }
    let info = values("x-response-info");
    let passed = |value: &&String| !PASSED.contains(&value.to_ascii_lowercase().as_str());
    info.iter().find(passed).map(|value| reasoned(value))
}

fn is_nothing(value: &str) -> bool {
    NOTHING.contains(&value.trim().to_ascii_lowercase().as_str())
}

/// Reads `Type=0; Resolution=2; Threat=Name;` (draft-stecher-icap-subid-00). Type 2 is a container that could not be
/// looked into.
fn infection(value: &str, named: Option<&str>) -> Finding {
    let part = |name: &str| {
        let parts = value.split(';').filter_map(|part| part.split_once('='));
        parts
            .filter(|(one, _)| one.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    };
    let threat = part("threat").filter(|threat| !threat.is_empty());
    let name = threat.or(named).unwrap_or("unnamed");
    if part("type") == Some("2") {
        return Finding::new(container(name), name);
    }
    names::finding(name.as_bytes())
}

fn container(reason: &str) -> Outcome {
    let reason = reason.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if has(&["encrypt", "password"]) {
        Outcome::Encrypted
    } else if has(&["size", "depth", "limit", "recurs", "count", "large", "time"]) {
        Outcome::Incomplete {
            limit: LimitKind::Engine,
        }
    } else {
        Outcome::Unsupported
    }
}

/// A reason for blocking, in the words of OPSWAT, Skyhigh or Sophos; what is not known counts as an infection.
fn reasoned(reason: &str) -> Finding {
    let small = reason.to_ascii_lowercase();
    let outcome = if small.contains("encrypted archive") || small.contains("password protected") {
        Outcome::Encrypted
    } else if small.contains("not supported") {
        Outcome::Unsupported
    } else if small.contains("block list") || small.contains("media type") {
        Outcome::PolicyHit {
            category: Category::FileType,
        }
    } else {
        Outcome::Infected
    };
    Finding::new(outcome, reason)
}

fn alarming(reply: &Reply) -> Option<String> {
    let enclosed = reply.http.iter().flat_map(|http| http.headers.iter());
    let alarm = |(name, value): &(&str, &str)| {
        let known = VIRUS.contains(name) || BLOCKED.contains(name);
        !known && !is_nothing(value) && ALARMING.iter().any(|word| name.contains(word))
    };
    let mut all = reply.headers.iter().chain(enclosed);
    all.find(alarm)
        .map(|(name, _)| text::displayable(name, 100))
}
