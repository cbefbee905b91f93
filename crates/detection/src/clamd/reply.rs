//! What clamd answers to a stream.

use crate::text;
use crate::verdict::{Category, Finding, Level, LimitKind, Outcome};

/// Longest answer that is one.
pub const LONGEST: usize = 64 << 10;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Exactly `stream: OK`.
    Ok,
    /// A name, and what it means.
    Found(Finding),
    /// The content is larger than `StreamMaxLength`.
    TooLarge,
    /// It gave up waiting for us.
    TimedOut,
    /// It says that it failed, in these words.
    Failed(String),
    /// Anything else.
    Unknown,
}

/// Reads everything that clamd wrote before it closed.
///
/// Only the ten characters of `stream: OK` and their terminator are *OK*: no more, no less,
/// no other ending.
pub fn parse(answer: &[u8]) -> Reply {
    // This one ends with a new line, whatever the question ended with.
    if answer == b"COMMAND READ TIMED OUT\n" {
        return Reply::TimedOut;
    }
    let Some(line) = answer.strip_suffix(b"\0") else {
        return Reply::Unknown;
    };
    if line.len() >= LONGEST || line.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
        return Reply::Unknown;
    }
    if line == b"INSTREAM size limit exceeded. ERROR" {
        return Reply::TooLarge;
    }
    let Some(said) = line.strip_prefix(b"stream: ") else {
        return failure(line);
    };
    if said == b"OK" {
        return Reply::Ok;
    }
    match said.strip_suffix(b" FOUND") {
        Some(name) if !name.is_empty() => Reply::Found(finding(name)),
        Some(_) => Reply::Unknown,
        None => failure(said),
    }
}

fn failure(said: &[u8]) -> Reply {
    match said.strip_suffix(b" ERROR") {
        Some(words) => Reply::Failed(text::displayable_bytes(words, 500)),
        None => Reply::Unknown,
    }
}

/// What a name means; a name without a known beginning is a malware's.
fn finding(name: &[u8]) -> Finding {
    let name = text::displayable_bytes(name, 200);
    let is = |beginning: &str| name.starts_with(beginning);
    let outcome = if let Some(limit) = name.strip_prefix("Heuristics.Limits.Exceeded") {
        Outcome::Incomplete {
            limit: limit_kind(limit),
        }
    } else if is("Heuristics.Encrypted.") {
        Outcome::Encrypted
    } else if is("Heuristics.OLE2.ContainsMacros") {
        Outcome::PolicyHit {
            category: Category::Macro,
        }
    } else if is("Heuristics.Structured.") {
        Outcome::PolicyHit {
            category: Category::Dlp,
        }
    } else if is("Heuristics.Broken.") {
        Outcome::Suspicious { level: Level::Low }
    } else if is("Heuristics.Phishing.") {
        Outcome::Suspicious {
            level: Level::Medium,
        }
    } else if is("PUA.") {
        Outcome::PolicyHit {
            category: Category::Pua,
        }
    } else {
        Outcome::Infected
    };
    Finding::new(outcome, &name)
}

fn limit_kind(suffix: &str) -> LimitKind {
    match suffix.trim_start_matches('.').split('.').next() {
        Some("MaxFileSize") => LimitKind::FileSize,
        Some("MaxScanSize") => LimitKind::ScanSize,
        Some("MaxRecursion") => LimitKind::Recursion,
        Some("MaxFiles") => LimitKind::Members,
        Some("MaxScanTime") => LimitKind::Time,
        _ => LimitKind::Engine,
    }
}

#[cfg(test)]
mod tests;
