//! A report of the inspector as rows of its engines.

use sofie_inspector::{self as inspector, Report};

use super::child::{Contents, Inspection};
use super::yara;
use crate::engine::{Capabilities, Class, Descriptor, Scan, Versions};
use crate::text;
use crate::verdict::{
    AllBytesSent, Category, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome,
    Skip,
};

/// The internal engines, for the engine table; their ids are those of the rows.
pub fn descriptors() -> Vec<Descriptor> {
    let own = inspector::Engine::ALL.map(descriptor);
    own.into_iter().chain([yara::descriptor()]).collect()
}

fn descriptor(engine: inspector::Engine) -> Descriptor {
    let name = match engine {
        inspector::Engine::Type => "File types and names",
        inspector::Engine::Container => "Containers",
        inspector::Engine::Encrypted => "Encrypted content",
        inspector::Engine::Eicar => "EICAR test file",
        inspector::Engine::Content => "Macros and active content",
        inspector::Engine::Dlp => "Sensitive data",
    };
    Descriptor {
        id: engine.name().to_owned(),
        name: name.to_owned(),
        class: Class::Internal,
        capabilities: Capabilities {
            reports_encrypted: engine == inspector::Engine::Encrypted,
            reports_limits: engine == inspector::Engine::Container,
            reports_macros: engine == inspector::Engine::Content,
            exports_content: false,
        },
        largest_file: None,
        most_at_once: 1,
        seconds: 60,
    }
}

/// An error row of every internal engine.
pub fn failed(scan: &Scan, kind: ErrorKind, detail: &str) -> Inspection {
    let row = |engine: inspector::Engine| EngineReport::failed(engine.name(), scan, kind, detail);
    Inspection {
        reports: inspector::Engine::ALL.map(row).to_vec(),
        contents: None,
    }
}

/// The rows that a report makes.
pub fn answer(scan: &Scan, report: Report) -> Inspection {
    let reports = inspector::Engine::ALL
        .map(|engine| row(scan, engine, &report))
        .to_vec();
    let contents = Contents {
        sha256: report.sha256,
        crc32: report.crc32,
        objects: report.objects.into_iter().map(displayable).collect(),
        objects_unlisted: report.objects_unlisted,
        opened_with_password: report.opened_with_password,
    };
    Inspection {
        reports,
        contents: Some(contents),
    }
}

/// The child's words about an object are as little trusted as its findings.
fn displayable(mut object: inspector::Object) -> inspector::Object {
    object.path = text::displayable(&object.path, 2000);
    object.media_type = text::displayable(&object.media_type, 200).into();
    object
}

fn row(scan: &Scan, engine: inspector::Engine, report: &Report) -> EngineReport {
    let own = report
        .findings
        .iter()
        .filter(|finding| finding.engine == engine);
    let findings: Vec<Finding> = own.map(translate).collect();
    let row = match AllBytesSent::check(scan, report.bytes_seen) {
        // What nobody looked for was not found to be absent.
        Some(_) if engine == inspector::Engine::Dlp && scan.dlp.is_off() && findings.is_empty() => {
            EngineReport::skipped(engine.name(), scan, Skip::Off).with_bytes_sent(report.bytes_seen)
        }
        Some(sent) if findings.is_empty() => {
            EngineReport::clean(engine.name(), scan, sent, coverage(report))
        }
        Some(_) => EngineReport::found(engine.name(), scan, findings, report.bytes_seen),
        None => EngineReport::failed(
            engine.name(),
            scan,
            ErrorKind::Protocol,
            "not all bytes were seen",
        ),
    };
    let program = Some(env!("CARGO_PKG_VERSION").to_owned());
    row.with_versions(Versions {
        program,
        ..Versions::default()
    })
}

/// Full only when everything was opened; what could not be opened has a finding, but another
/// engine's, and this engine did not see it either.
pub(super) fn coverage(report: &Report) -> Coverage {
    let unread = report.findings.iter().any(|finding| {
        use inspector::Outcome::{Encrypted, Incomplete, Suspicious, Unsupported};
        matches!(
            finding.outcome,
            Encrypted | Incomplete { .. } | Unsupported | Suspicious { .. }
        )
    });
    let surface = report.objects.iter().any(|object| object.surface_only);
    let unlisted = report.objects_unlisted > 0;
    if unread || surface || unlisted {
        Coverage::Partial
    } else {
        Coverage::Full
    }
}

fn translate(finding: &inspector::Finding) -> Finding {
    Finding {
        outcome: outcome(finding.outcome),
        name: text::displayable(&finding.name, 100),
        object: Some(text::displayable(&finding.object, 2000)),
        detail: text::displayable(&finding.detail, 2000),
        report: None,
    }
}

const fn outcome(outcome: inspector::Outcome) -> Outcome {
    use inspector::Outcome as Inside;
    match outcome {
        Inside::Infected => Outcome::Infected,
        Inside::Suspicious { level } => Outcome::Suspicious {
            level: match level {
                inspector::Level::Low => Level::Low,
                inspector::Level::Medium => Level::Medium,
                inspector::Level::High => Level::High,
            },
        },
        Inside::Encrypted => Outcome::Encrypted,
        Inside::Incomplete { limit } => Outcome::Incomplete {
            limit: limit_kind(limit),
        },
        Inside::Unsupported => Outcome::Unsupported,
        Inside::PolicyHit { category: kind } => Outcome::PolicyHit {
            category: category(kind),
        },
    }
}

const fn limit_kind(limit: inspector::Limit) -> LimitKind {
    match limit {
        inspector::Limit::Recursion => LimitKind::Recursion,
        inspector::Limit::Members => LimitKind::Members,
        inspector::Limit::UnpackedSize => LimitKind::ScanSize,
        inspector::Limit::Ratio => LimitKind::Ratio,
        inspector::Limit::Time => LimitKind::Time,
        inspector::Limit::Memory => LimitKind::Engine,
    }
}

const fn category(category: inspector::Category) -> Category {
    match category {
        inspector::Category::Macro => Category::Macro,
        inspector::Category::FileType => Category::FileType,
        inspector::Category::TypeMismatch => Category::TypeMismatch,
        inspector::Category::DeceptiveName => Category::DeceptiveName,
        inspector::Category::ActiveContent => Category::ActiveContent,
        inspector::Category::Polyglot => Category::Polyglot,
        inspector::Category::Dlp => Category::Dlp,
    }
}
