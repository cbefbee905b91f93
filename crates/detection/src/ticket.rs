//! What engines that take minutes call files.

use serde::{Deserialize, Serialize};

/// What an engine that takes minutes calls a file, so that it can be asked for it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ticket {
    /// It was given the file.
    Given(String),
    /// It knows nothing of the file any more; it has to be given it again.
    Void,
}
