//! From what engines say to what policy understands.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_detection::{
    Category as Kind, EngineReport, Finding, Level, Object as Seen, Outcome as Said,
};
use sofie_domain::{Category, EngineVerdict, Outcome, RiskLevel};
use sofie_store::{
    objects::{self, List, Object},
    verdicts::Verdict,
};

/// The most rows that one engine gets for one file; the worst are kept.
const MOST_ROWS: usize = 50;

/// Qualifies a row whose detail is the address of the engine's own report.
const REPORT: &str = "report";

/// Turns an engine's report into rows, the worst first.
pub(super) fn rows(report: &EngineReport) -> Vec<Verdict> {
    if report.findings.is_empty() {
        return vec![row(report, &Finding::new(report.outcome, ""))];
    }
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.outcome.severity()));
    findings
        .into_iter()
        .map(|finding| row(report, finding))
        .collect()
}

/// Drops all but the worst rows of each engine, once they have been judged.
pub(super) fn shorten(rows: &mut Vec<Verdict>) {
    let mut counts = HashMap::new();
    let mut cut = Vec::new();
    rows.retain(|row| {
        let count = counts.entry(row.verdict.engine.clone()).or_insert(0);
        *count += 1;
        if *count > MOST_ROWS {
            cut.extend(row.basis);
        }
        *count <= MOST_ROWS
    });
    // Another policy may find worse what was dropped.
    for row in rows {
        row.basis = row.basis.filter(|basis| !cut.contains(basis));
    }
}

/// Returns what is kept of the objects in a file; nothing if the file's own row says it all.
pub(super) fn objects(seen: &[Seen], unlisted: u64) -> Option<List> {
    let says_more = seen.len() > 1 || seen.iter().any(|object| object.surface_only);
    says_more.then(|| List {
        objects: seen.iter().take(objects::MOST).map(object).collect(),
        unlisted: unlisted.saturating_add(seen.len().saturating_sub(objects::MOST) as u64),
    })
}

fn object(seen: &Seen) -> Object {
    Object {
        path: seen.path.clone(),
        media_type: seen.media_type.to_string(),
        size: seen.size,
        sha256: seen.sha256.clone(),
        depth: seen.depth,
        surface_only: seen.surface_only,
    }
}

/// Returns the row of an engine that was not asked, because its word does not count at present.
pub(super) fn not_asked(engine: &str, name: &str, detail: &str, now: DateTime<Utc>) -> Verdict {
    Verdict {
        verdict: EngineVerdict {
            engine: engine.to_owned(),
            outcome: Outcome::Error,
            excused: false,
        },
        qualifier: Some("not_asked".to_owned()),
        name: name.to_owned(),
        exception: None,
        object: None,
        detail: Some(detail.to_owned()).filter(|text| !text.is_empty()),
        engine_version: None,
        signature_version: None,
        signature_at: None,
        started_at: now,
        finished_at: now,
        basis: None,
    }
}

/// Returns the row that says that content was opened with a password, which others did not have.
pub(super) fn opened(report: &EngineReport, object: Option<&Seen>) -> Verdict {
    let mut finding = Finding::new(report.outcome, "opened-with-password");
    finding.object = object.map(|object| object.path.clone());
    let mut row = row(report, &finding);
    row.verdict.outcome = Outcome::PolicyHit(Category::Opened);
    row.qualifier = None;
    row
}

fn row(report: &EngineReport, finding: &Finding) -> Verdict {
    let outcome = outcome(&report.engine, finding);
    Verdict {
        verdict: EngineVerdict {
            engine: report.engine.clone(),
            outcome,
            excused: false,
        },
        qualifier: match finding.report {
            Some(_) => Some(REPORT.to_owned()),
            None => qualifier(finding.outcome),
        },
        name: finding.name.clone(),
        exception: None,
        object: finding.object.clone(),
        detail: finding
            .report
            .clone()
            .or_else(|| Some(finding.detail.clone()).filter(|text| !text.is_empty())),
        engine_version: report.versions.program.clone(),
        signature_version: report.versions.signatures.clone(),
        signature_at: report.versions.signatures_time,
        started_at: report.started,
        finished_at: report.finished,
        basis: None,
    }
}

fn outcome(engine: &str, finding: &Finding) -> Outcome {
    match finding.outcome {
        Said::Clean { .. } => Outcome::Clean,
        Said::Infected => Outcome::Infected,
        // What no ordinary program writes, and two readers may read differently.
        Said::Suspicious { level: Level::High } if engine == "container" => {
            Outcome::PolicyHit(Category::Ambiguous)
        }
        Said::Suspicious { level } => Outcome::Suspicious(risk(level)),
        Said::Encrypted => Outcome::Encrypted,
        Said::Incomplete { .. } => Outcome::Incomplete,
        Said::Skipped { .. } => Outcome::Skipped,
        Said::Unsupported => Outcome::Unsupported,
        // What other engines call so has rules of their own behind it: held as anything unknown.
        Said::PolicyHit {
            category: Kind::Dlp,
        } if engine == "dlp" => Outcome::PolicyHit(Category::Dlp),
        Said::PolicyHit { category: kind } => Outcome::PolicyHit(category(kind, &finding.name)),
        Said::Error { .. } => Outcome::Error,
    }
}

fn risk(level: Level) -> RiskLevel {
    match level {
        Level::Low => RiskLevel::Low,
        Level::Medium => RiskLevel::Medium,
        Level::High => RiskLevel::High,
    }
}

fn category(kind: Kind, name: &str) -> Category {
    match kind {
        Kind::Macro => Category::Macro,
        Kind::FileType if matches!(name, "type-script" | "name-script-extension") => {
            Category::Script
        }
        Kind::FileType => Category::Executable,
        Kind::TypeMismatch | Kind::DeceptiveName => Category::Disguise,
        Kind::ActiveContent => Category::ActiveContent,
        Kind::Polyglot => Category::Ambiguous,
        Kind::Dlp | Kind::Pua => Category::Other,
    }
}

fn qualifier(outcome: Said) -> Option<String> {
    match outcome {
        Said::Clean { coverage } => word(coverage),
        Said::Incomplete { limit } => word(limit),
        Said::PolicyHit { category } => word(category),
        Said::Skipped { reason } => word(reason),
        Said::Error { kind, .. } => word(kind),
        _ => None,
    }
}

fn word(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value)
        .ok()?
        .as_str()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use sofie_detection::{Coverage, LimitKind};

    use super::*;

    fn said(engine: &str, outcome: Said, name: &str) -> Outcome {
        super::outcome(engine, &Finding::new(outcome, name))
    }

    #[test]
    fn a_bounded_number_of_objects_is_kept() {
        let seen = |depth| Seen {
            path: "a.zip".to_owned(),
            media_type: "application/zip".into(),
            size: 7,
            sha256: None,
            depth,
            surface_only: false,
            opened: None,
        };
        assert_eq!(objects(&[seen(0)], 0), None);
        let pdf = Seen {
            surface_only: true,
            ..seen(0)
        };
        assert!(objects(&[pdf], 0).is_some());
        let many: Vec<Seen> = std::iter::repeat_n(seen(1), objects::MOST + 5).collect();
        let list = objects(&many, 2).unwrap();
        assert_eq!((list.objects.len(), list.unlisted), (objects::MOST, 7));
    }

    #[test]
    fn only_clean_is_clean() {
        let unclean = [
            Said::Infected,
            Said::Suspicious { level: Level::Low },
            Said::Encrypted,
            Said::Incomplete {
                limit: LimitKind::Ratio,
            },
            Said::Unsupported,
            Said::Skipped {
                reason: sofie_detection::Skip::Size,
            },
            Said::PolicyHit {
                category: Kind::Pua,
            },
            Said::Error {
                kind: sofie_detection::ErrorKind::Timeout,
                retryable: true,
            },
        ];
        for outcome in unclean {
            assert_ne!(said("x", outcome, ""), Outcome::Clean, "{outcome:?}");
        }
        assert_eq!(
            said(
                "x",
                Said::Clean {
                    coverage: Coverage::Assumed
                },
                ""
            ),
            Outcome::Clean
        );
    }

    #[test]
    fn kinds_of_files_find_their_rule() {
        let hit = |category| Said::PolicyHit { category };
        let cases = [
            ("type", hit(Kind::FileType), "type-script", Category::Script),
            (
                "type",
                hit(Kind::FileType),
                "name-script-extension",
                Category::Script,
            ),
            (
                "type",
                hit(Kind::FileType),
                "type-shortcut",
                Category::Executable,
            ),
            (
                "type",
                hit(Kind::DeceptiveName),
                "name-bidi-control",
                Category::Disguise,
            ),
            (
                "container",
                hit(Kind::Polyglot),
                "zip-behind-other-content",
                Category::Ambiguous,
            ),
            (
                "container",
                Said::Suspicious { level: Level::High },
                "tar-size-conflict",
                Category::Ambiguous,
            ),
            ("dlp", hit(Kind::Dlp), "dlp-card", Category::Dlp),
            ("icap", hit(Kind::Dlp), "dlp-card", Category::Other),
        ];
        for (engine, outcome, name, category) in cases {
            assert_eq!(
                said(engine, outcome, name),
                Outcome::PolicyHit(category),
                "{name}"
            );
        }
        let elsewhere = said(
            "clamd",
            Said::Suspicious { level: Level::High },
            "Heuristics.X",
        );
        assert_eq!(elsewhere, Outcome::Suspicious(RiskLevel::High));
    }
}
