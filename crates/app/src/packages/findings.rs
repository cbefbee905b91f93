//! What the engines found, as far as the caller may see it.

use std::collections::HashMap;

use sofie_domain::{FileId, Outcome, PackageId, Relation};
use sofie_store::{Tx, outcomes, verdicts};

use crate::{App, Result};

/// One thing that an engine found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The engine.
    pub engine: String,
    /// What it says, as a word.
    pub outcome: &'static str,
    /// The engine's name for it.
    pub name: String,
    /// The object inside the file.
    pub object: Option<String>,
}

/// Returns what was found in the files of a package; a setting hides it from everybody but those who decide about it.
pub(super) async fn of_package(
    app: &App,
    tx: &mut Tx,
    relation: Relation,
    package: PackageId,
) -> Result<HashMap<FileId, Vec<Finding>>> {
    let decides = matches!(
        relation,
        Relation::Administrator { .. } | Relation::Approver
    );
    if !decides && !app.settings().await?.bool("checks.show_findings") {
        return Ok(HashMap::new());
    }
    let mut findings: HashMap<FileId, Vec<Finding>> = HashMap::new();
    for (file, row) in verdicts::of_package(tx, package).await? {
        if matches!(row.verdict.outcome, Outcome::Clean | Outcome::Skipped) {
            continue;
        }
        let (outcome, _) = outcomes::outcome_words(row.verdict.outcome);
        findings.entry(file).or_default().push(Finding {
            engine: row.verdict.engine,
            outcome,
            name: row.name,
            object: row.object,
        });
    }
    Ok(findings)
}
