//! Which files an engine is shown, and how long it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::{Class, FileMeta, Scan};
use crate::verdict::{EngineReport, Finding, LimitKind, Outcome, Skip};

/// What every engine has beside the configuration of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Stable and unique among the engines.
    pub id: String,
    /// For people.
    pub name: String,
    /// The stage that it works in.
    pub class: Class,
    /// The largest file that it is given, in bytes.
    pub largest_file: u64,
    /// What becomes of larger ones.
    pub oversize: Refusal,
    /// Which files it is shown.
    pub types: Types,
    /// How many files it is given at once.
    pub at_once: u16,
    /// How long to wait for it.
    pub times: Times,
}

/// What becomes of a file that an engine is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It counts as not looked at to the end.
    Unscannable,
    /// The engine has no opinion; it is noted that it did not look.
    Skip,
}

/// How long to wait for an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// For a connection and the answer to a trivial question.
    pub connect: Duration,
    /// For it to take some more bytes.
    pub idle: Duration,
    /// For the verdict, once everything was sent.
    pub verdict: Duration,
}

impl Times {
    /// 3 s, 30 s and `verdict`.
    pub const fn usual(verdict: Duration) -> Self {
        Self {
            connect: Duration::from_secs(3),
            idle: Duration::from_secs(30),
            verdict,
        }
    }
}

/// Which files an engine is shown, by the endings of their names. What a name hides is not its affair: the
/// internal engines look at the real types of all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Types {
    /// How the list is meant.
    pub mode: TypeMode,
    /// Endings without their dot, in small letters.
    pub endings: Vec<String>,
    /// What becomes of the other files.
    pub others: Refusal,
}

/// How a list of types is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeMode {
    /// The engine is shown every file.
    All,
    /// The engine is shown files of the list only.
    Only,
    /// The engine is shown all but files of the list.
    Except,
}

impl Types {
    /// Every file.
    pub const fn all() -> Self {
        Self {
            mode: TypeMode::All,
            endings: Vec::new(),
            others: Refusal::Skip,
        }
    }

    fn shows(&self, file: &FileMeta) -> bool {
        // Systems that would run it drop dots and blanks at its end.
        let name = file
            .name
            .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let listed = ending.is_some_and(|ending| {
            let ending = ending.to_lowercase();
            self.endings.contains(&ending)
        });
        match self.mode {
            TypeMode::All => true,
            TypeMode::Only => listed,
            TypeMode::Except => !listed,
        }
    }
}

impl Setup {
    /// The row for a file that the engine is not shown; none for the others.
    pub(super) fn refuse(&self, scan: &Scan) -> Option<EngineReport> {
        if !self.types.shows(&scan.meta) {
            return Some(match self.types.others {
                Refusal::Skip => EngineReport::skipped(&self.id, scan, Skip::Type),
                Refusal::Unscannable => {
                    let finding = Finding::new(Outcome::Unsupported, "type-not-for-engine");
                    EngineReport::found(&self.id, scan, vec![finding], 0)
                }
            });
        }
        if scan.meta.size > self.largest_file {
            return Some(match self.oversize {
                Refusal::Skip => EngineReport::skipped(&self.id, scan, Skip::Size),
                Refusal::Unscannable => EngineReport::too_large(&self.id, scan),
            });
        }
        None
    }
}

impl EngineReport {
    /// The file is larger than the engine takes.
    pub(crate) fn too_large(engine: &str, scan: &Scan) -> Self {
        let outcome = Outcome::Incomplete {
            limit: LimitKind::FileSize,
        };
        Self::found(
            engine,
            scan,
            vec![Finding::new(outcome, "too-large-for-engine")],
            0,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(mode: TypeMode, name: &str) -> bool {
        let types = Types {
            mode,
            endings: vec!["exe".to_owned()],
            others: Refusal::Skip,
        };
        types.shows(&FileMeta {
            name: name.to_owned(),
            size: 1,
        })
    }

    #[test]
    fn files_go_by_their_last_ending() {
        for name in ["a.exe", "a.EXE", "a.txt.exe", "a.exe ", "a.exe. ."] {
            assert!(shows(TypeMode::Only, name), "{name}");
            assert!(!shows(TypeMode::Except, name), "{name}");
        }
        for name in ["a.txt", "exe", "a.exe.txt", ""] {
            assert!(!shows(TypeMode::Only, name), "{name}");
            assert!(shows(TypeMode::Except, name), "{name}");
            assert!(shows(TypeMode::All, name), "{name}");
        }
    }
}
