//! What became of a package, as scripts read it.

use std::fmt;

use serde::Serialize;

use crate::wire::{Finding, Package, PackageType};

/// What became of a package. Its JSON form is a contract with scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The package.
    pub id: String,
    /// The address to pass on, of a public or internal package.
    pub link: Option<String>,
    /// One word: `uploading`, `checking`, `delivered`, `partly_delivered`, `withheld`, `awaiting_decision`, ….
    pub state: String,
    /// Whether all of it can be fetched now.
    pub deliverable: bool,
    /// The files.
    pub files: Vec<FileOutcome>,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileOutcome {
    /// Its name with folders.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// In hexadecimal; known after the checks.
    pub sha256: Option<String>,
    /// `pending`, `clean`, `flagged`, `blocked`, `unscannable` or `released`.
    pub verdict: String,
    /// Whether it can be fetched now.
    pub deliverable: bool,
    /// What the engines found.
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// Tells whether no engine has anything more to say.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self.state.as_str(), "draft" | "uploading" | "checking")
    }

    /// Returns the exit code for scripts: 0 delivered or not decided yet, 3 withheld wholly or partly, 4 somebody must
    /// decide.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.state.as_str() {
            "partly_delivered" | "withheld" | "expired" | "deleted" => 3,
            "awaiting_decision" => 4,
            _ => 0,
        }
    }

    pub(crate) fn new(package: Package) -> Self {
        let link = match package.kind {
            PackageType::Private => None,
            PackageType::Internal | PackageType::Public => package.link,
        };
        let files: Vec<FileOutcome> = package
            .files
            .into_iter()
            .map(|file| FileOutcome {
                name: file.path,
                size: file.size,
                sha256: file.sha256,
                verdict: file.check,
                deliverable: file.deliverable,
                findings: file.findings,
            })
            .collect();
        Self {
            id: package.id.to_string(),
            link,
            deliverable: package.state == "delivered" && files.iter().all(|file| file.deliverable),
            state: package.state,
            files,
        }
    }
}

/// For people at a terminal: a line per file, then the state and the link. Names can't control the terminal.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(
                f,
                "{:<12} {}",
                file.verdict,
                crate::names::printable(&file.name)
            )?;
            for finding in &file.findings {
                let name = crate::names::printable(&finding.name);
                write!(f, "{:<12}   {}: {name}", "", finding.engine)?;
                match &finding.object {
                    Some(object) => writeln!(f, " in {}", crate::names::printable(object))?,
                    None => writeln!(f)?,
                }
            }
        }
        write!(f, "{} {}", self.id, self.state.replace('_', " "))?;
        match &self.link {
            Some(link) => write!(f, "\n{link}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(kind: &str, state: &str, check: &str, deliverable: bool) -> Package {
        serde_json::from_value(serde_json::json!({
            "id": "01890000-0000-7000-8000-000000000000", "type": kind, "state": state, "life": "active",
            "link": "https://x/p#s", "send_requested": true, "surprise": 1,
            "files": [{
                "id": "01890000-0000-7000-8000-000000000001", "path": "a/b.txt", "size": 3, "complete": true,
                "sha256": null, "check": check, "deliverable": deliverable, "withheld": null,
                "findings": [{"engine": "container", "outcome": "infected", "name": "EICAR", "object": "x\u{1b}[2J"}],
            }],
        }))
        .unwrap()
    }

    #[test]
    fn the_json_line_is_as_documented() {
        let outcome = Outcome::new(package("private", "withheld", "blocked", false));
        assert_eq!(
            serde_json::to_string(&outcome).unwrap(),
            r#"{"id":"01890000-0000-7000-8000-000000000000","link":null,"state":"withheld","deliverable":false,"files":[{"name":"a/b.txt","size":3,"sha256":null,"verdict":"blocked","deliverable":false,"findings":[{"engine":"container","outcome":"infected","name":"EICAR","object":"x\u001b[2J"}]}]}"#
        );
        let outcome = Outcome::new(package("public", "delivered", "clean", true));
        assert_eq!(outcome.link.as_deref(), Some("https://x/p#s"));
        assert!(outcome.deliverable);
    }

    #[test]
    fn each_state_has_its_exit_code() {
        for (state, code, is_final) in [
            ("draft", 0, false),
            ("uploading", 0, false),
            ("checking", 0, false),
            ("delivered", 0, true),
            ("partly_delivered", 3, true),
            ("withheld", 3, true),
            ("expired", 3, true),
            ("deleted", 3, true),
            ("awaiting_decision", 4, true),
        ] {
            let outcome = Outcome::new(package("private", state, "clean", true));
            assert_eq!(
                (outcome.exit_code(), outcome.is_final()),
                (code, is_final),
                "{state}"
            );
        }
    }

    #[test]
    fn names_do_not_control_the_terminal() {
        let text = Outcome::new(package("private", "withheld", "blocked", false)).to_string();
        assert!(!text.contains('\u{1b}'));
    }
}
