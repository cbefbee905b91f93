//! What was found so far: a bounded list on which no kind of finding crowds out another.

use crate::report::Finding;

/// Findings listed per name and meaning; the number of those is fixed.
const LISTED_OF_A_KIND: usize = 20;

/// A list, and how many findings are not on it: each has [`LISTED_OF_A_KIND`] like it that are.
#[derive(Default)]
pub struct List {
    pub findings: Vec<Finding>,
    pub unlisted: u64,
}

impl List {
    fn add(&mut self, finding: Finding) {
        let alike = |other: &&Finding| {
            other.name == finding.name
                && other.engine == finding.engine
                && other.outcome == finding.outcome
        };
        if self.findings.iter().filter(alike).count() < LISTED_OF_A_KIND {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

/// All findings of one inspection.
#[derive(Default)]
pub struct Findings {
    list: List,
    /// For each open container that may turn out to be a document, the outermost first: how
    /// deep its parts are, and what was said of their names.
    held: Vec<(u32, List)>,
}

impl Findings {
    /// Adds a finding in an object at `depth`.
    pub(crate) fn add(&mut self, finding: Finding, depth: u32) {
        match self.held.last_mut() {
            Some((own, list)) if *own == depth && finding.name == "type-mismatch" => {
                list.add(finding);
            }
            _ => self.list.add(finding),
        }
    }

    /// From now on keeps back what is said of names of objects at `depth` that don't match
    /// their content, until [`Self::release`].
    pub(crate) fn hold(&mut self, depth: u32) {
        self.held.push((depth, List::default()));
    }

    /// Ends the last [`Self::hold`]: what it kept back is forgotten or said.
    pub(crate) fn release(&mut self, forgive: bool) {
        let Some((_, held)) = self.held.pop().filter(|_| !forgive) else {
            return;
        };
        for finding in held.findings {
            self.list.add(finding);
        }
        self.list.unlisted += held.unlisted;
    }

    pub(crate) fn into_list(self) -> List {
        self.list
    }
}
