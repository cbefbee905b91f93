//! A program as an engine.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::time::timeout;

use super::handover::{self, HandOver, Placed};
use super::preset::{Code, Preset};
use super::run::{self, Ended};
use crate::adapter::{self, Adapter, Reached};
use crate::body::{Body, Broken};
use crate::engine::{Capabilities, Scan, Versions};
use crate::names;
use crate::runtime::Times;
use crate::text;
use crate::verdict::{
    AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome,
};

/// A scanner that is a program.
#[derive(Debug)]
pub(super) struct Program {
    pub id: String,
    pub preset: &'static Preset,
    pub hand_over: HandOver,
    pub times: Times,
}

impl Program {
    /// Where the program is.
    fn program(&self) -> Result<PathBuf, adapter::Failure> {
        let places = self.preset.programs.iter().map(Path::new);
        let found = places.into_iter().find(|place| place.is_file());
        found.map(Path::to_owned).ok_or_else(|| adapter::Failure {
            kind: ErrorKind::Config,
            words: "the program is not installed".to_owned(),
        })
    }

    async fn look(&self, scan: &Scan, body: &mut Body) -> Result<EngineReport, adapter::Failure> {
        let program = self.program()?;
        let placed = self.hand_over.place(scan.meta.size, body).await;
        let placed = placed.map_err(|failure| {
            let kind = match failure {
                handover::Failure::Store(_) => ErrorKind::EngineInternal,
                handover::Failure::OnDisk => ErrorKind::Config,
                handover::Failure::Content(Broken::TooSlow) => ErrorKind::Timeout,
                handover::Failure::Size { .. } | handover::Failure::Content(Broken::Source) => {
                    ErrorKind::Source
                }
            };
            adapter::Failure::new(kind, &failure)
        })?;
        let (placed, taken) = placed;
        let path = placed.path();
        let path = path.to_string_lossy();
        let arguments = self.preset.arguments.iter();
        let arguments: Vec<String> = arguments
            .map(|argument| argument.replace("{path}", &path))
            .collect();
        let ended = timeout(self.times.verdict, run::run(&program, &arguments)).await;
        let ended = ended.map_err(|_| adapter::Failure {
            kind: ErrorKind::Timeout,
            words: "the program does not end".to_owned(),
        })?;
        let ended = ended.map_err(|failure| {
            let kind = match failure {
                run::Failure::Start(_) => ErrorKind::Config,
                run::Failure::Listen(_) | run::Failure::TooLong => ErrorKind::Protocol,
            };
            adapter::Failure::new(kind, &failure)
        })?;
        Ok(self.judge(scan, (&placed, taken), &ended).await)
    }

    async fn judge(
        &self,
        scan: &Scan,
        (placed, taken): (&Placed, u64),
        ended: &Ended,
    ) -> EngineReport {
        let row = match (self.meaning(ended), AllBytesSent::check(scan, taken)) {
            (Ok(None), _) if !placed.is_untouched().await => {
                let words = "the program changed the file that it should only look at";
                self.failed(scan, ErrorKind::EngineInternal, words)
            }
            (Ok(None), Some(all)) => EngineReport::clean(&self.id, scan, all, Coverage::Assumed),
            (Ok(None), None) => self.failed(scan, ErrorKind::Source, "the size is wrong"),
            (Ok(Some(finding)), _) => EngineReport::found(&self.id, scan, vec![finding], taken),
            (Err((kind, words)), _) => self.failed(scan, kind, &words),
        };
        row.with_bytes_sent(taken).with_raw_reply(&ended.output)
    }

    /// What a run means; no finding only for a code that means *clean*, and a count of zero where there is one.
    fn meaning(&self, ended: &Ended) -> Result<Option<Finding>, (ErrorKind, String)> {
        let Some(code) = ended.status.code() else {
            let words = format!("the program was ended: {}", ended.status);
            return Err((ErrorKind::EngineInternal, words));
        };
        let output = String::from_utf8_lossy(&ended.output);
        if let Some(behind) = self.preset.count {
            match count(&output, behind) {
                Some(0) => {}
                Some(_) => return Ok(Some(self.found(&output))),
                None => return Err((ErrorKind::Protocol, "the output can't be read".to_owned())),
            }
        }
        let known = self.preset.codes.iter().find(|(one, _)| *one == code);
        let Some((_, meaning)) = known else {
            return Err((
                ErrorKind::Protocol,
                format!("the exit code {code} has no meaning"),
            ));
        };
        let named = |outcome, name: &str| Ok(Some(Finding::new(outcome, name)));
        let failed = |kind| Err((kind, format!("the program ended with {code}")));
        match meaning {
            // Should both be said, the worse counts.
            Code::Clean if self.name(&output).is_some() => Ok(Some(self.found(&output))),
            Code::Clean => Ok(None),
            Code::Infected => Ok(Some(self.found(&output))),
            Code::Unwanted => {
                let category = crate::verdict::Category::Pua;
                named(Outcome::PolicyHit { category }, "unwanted-program")
            }
            Code::Suspicious => named(Outcome::Suspicious { level: Level::High }, "suspicious"),
            Code::Encrypted => named(Outcome::Encrypted, "encrypted"),
            Code::Incomplete => {
                let limit = LimitKind::Engine;
                named(Outcome::Incomplete { limit }, "not-looked-at-to-the-end")
            }
            Code::Config => failed(ErrorKind::Config),
            Code::Failed => failed(ErrorKind::EngineInternal),
            Code::Unlicensed => failed(ErrorKind::License),
        }
    }

    fn found(&self, output: &str) -> Finding {
        let name = self.name(output).unwrap_or("unnamed");
        names::finding(name.as_bytes())
    }

    /// The name of what was found, where the output tells.
    fn name<'o>(&self, output: &'o str) -> Option<&'o str> {
        let (before, behind) = self.preset.finding?;
        let (_, rest) = output.split_once(before)?;
        let (name, _) = rest.split_once(behind)?;
        Some(name.trim()).filter(|name| !name.is_empty())
    }

    fn failed(&self, scan: &Scan, kind: ErrorKind, words: &str) -> EngineReport {
        EngineReport::failed(&self.id, scan, kind, words)
    }
}

/// The number before some words, which must be there once.
fn count(output: &str, behind: &str) -> Option<u64> {
    let mut parts = output.split(behind);
    let before = parts.next()?;
    if parts.count() != 1 {
        return None;
    }
    before.split_whitespace().next_back()?.parse().ok()
}

#[async_trait]
impl Adapter for Program {
    fn endpoints(&self) -> usize {
        1
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: false,
            reports_macros: false,
            exports_content: false,
        }
    }

    fn sees_name(&self) -> bool {
        false
    }

    async fn reach(&self, _endpoint: usize) -> Result<Reached, adapter::Failure> {
        let program = self.program()?;
        let arguments: Vec<String> = self
            .preset
            .version
            .iter()
            .map(ToString::to_string)
            .collect();
        let told = timeout(self.times.connect, run::run(&program, &arguments)).await;
        // That it does not tell its version is no reason not to ask it.
        let told = told.ok().and_then(Result::ok);
        let first = told.and_then(|told| {
            let mut lines = told.output.split(|byte| *byte == b'\n');
            let line = lines.find(|line| !line.trim_ascii().is_empty())?;
            Some(text::displayable_bytes(line.trim_ascii(), 100))
        });
        Ok(Reached {
            versions: Versions {
                program: first,
                ..Versions::default()
            },
            at_once: None,
        })
    }

    async fn scan(&self, _endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match self.look(scan, body).await {
            Ok(row) => row,
            Err(failure) => self.failed(scan, failure.kind, &failure.words),
        }
    }
}
