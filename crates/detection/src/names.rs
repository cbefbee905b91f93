//! What names of findings mean.

use crate::text;
use crate::verdict::{Category, Finding, Level, LimitKind, Outcome};

/// A finding by the name that an antivirus gave it; one without a known beginning is malware's.
///
/// Only beginnings that ClamAV keeps for what is no malware are read: a word in the middle of a name, such as
/// `Encrypted`, may be part of a malware's.
pub(crate) fn finding(name: &[u8]) -> Finding {
    let name = text::displayable_bytes(name, 200);
    let outcome = outcome(&name);
    Finding::new(outcome, &name)
}

fn outcome(name: &str) -> Outcome {
    let is = |beginning: &str| name.starts_with(beginning);
    if let Some(limit) = name.strip_prefix("Heuristics.Limits.Exceeded") {
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
    } else if is("PUA.") || is("not-a-virus:") {
        Outcome::PolicyHit {
            category: Category::Pua,
        }
    } else {
        Outcome::Infected
    }
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
