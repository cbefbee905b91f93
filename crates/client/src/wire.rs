//! The part of the API's wire format that this client reads. Unknown fields are ignored: a newer server may say more.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who may fetch a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageType {
    /// Named recipients, after proving who they are.
    Private,
    /// Every user who has the link.
    Internal,
    /// Everybody who has the link.
    Public,
}

/// What an engine found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The engine.
    pub engine: String,
    /// `infected`, `suspicious`, `encrypted`, `incomplete`, `unsupported`, `policy_hit` or `error`.
    pub outcome: String,
    /// What the engine calls it.
    pub name: String,
    /// The member of the archive in which it was found.
    pub object: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct File {
    pub id: Uuid,
    pub path: String,
    pub size: u64,
    pub complete: bool,
    pub sha256: Option<String>,
    pub check: String,
    pub deliverable: bool,
    pub withheld: Option<String>,
    #[serde(default)]
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: PackageType,
    pub state: String,
    pub life: String,
    pub link: Option<String>,
    #[serde(default)]
    pub send_requested: bool,
    pub files: Vec<File>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NewPackage<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PackageType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub recipients: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Visit {
    pub kind: String,
    pub id: Uuid,
    pub step: String,
    pub masked_email: Option<String>,
    pub code_sent_at: Option<String>,
    pub package: Option<Package>,
}

/// The body of a failure (RFC 9457), as far as people and this client want it.
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) detail: Option<String>,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<FieldProblem>,
    #[serde(default)]
    pub(crate) retry_after: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FieldProblem {
    field: String,
    code: String,
}

impl Problem {
    /// A failure without a body that says more.
    pub(crate) fn unknown(status: u16) -> Self {
        Self {
            title: format!("HTTP status {status}"),
            code: String::new(),
            detail: None,
            request_id: None,
            errors: Vec::new(),
            retry_after: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title.trim_end_matches('.'))?;
        if let Some(detail) = &self.detail {
            write!(f, ", {}", detail.trim_end_matches('.'))?;
        }
        for error in &self.errors {
            write!(f, "; {}: {}", error.field, error.code.replace('_', " "))?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_read_like_a_sentence() {
        let problem: Problem = serde_json::from_str(
            r#"{"type":"urn:sofie:problem:invalid","title":"Some fields are not right.","status":422,"code":"invalid",
                "request_id":"r1","errors":[{"field":"recipients","code":"too_few"}]}"#,
        )
        .unwrap();
        assert_eq!(
            problem.to_string(),
            "Some fields are not right; recipients: too few (request r1)"
        );
    }

    #[test]
    fn what_is_not_said_is_not_sent() {
        let new = NewPackage {
            kind: None,
            title: None,
            note: None,
            recipients: &[],
            password: None,
            expires_in_days: Some(14),
        };
        assert_eq!(
            serde_json::to_string(&new).unwrap(),
            r#"{"expires_in_days":14}"#
        );
    }
}
