//! What engines that take minutes call files.

use serde::{Deserialize, Serialize};

/// What an engine that takes minutes remembers of a file between two questions; only that engine reads the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ticket {
    /// It works on the file, and is asked after it without its content.
    Given(String),
    /// It has to be given the file, perhaps once more.
    Again(String),
}
