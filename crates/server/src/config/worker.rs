use serde::{Deserialize, Serialize};

/// How much a worker does at once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub checks: usize,
    pub large_checks: usize,
    pub mails: usize,
    pub maintenance: usize,
}
