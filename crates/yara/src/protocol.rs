//! The wire between a caller and the searching child process.
//!
//! Caller to child: a 32-bit big-endian length and a [`Header`] as JSON. Then objects come in the frames of
//! [`sofie_inspector::shown`], from the inspector or, when rules are only checked, just the last of them. Child to
//! caller: a length and an [`Answer`] as JSON, then end of file and exit code 0. Anything else means that nothing
//! was searched.

use serde::{Deserialize, Serialize};
use sofie_inspector::JailState;

/// Longest header in bytes: rules in JSON, where a byte may take six.
pub const MAX_HEADER: usize = 64 << 20;
/// Longest answer in bytes.
pub const MAX_ANSWER: usize = 16 << 20;

/// What the child must know before the objects come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The rules.
    pub sets: Vec<RuleSet>,
    /// The largest object that is searched, in bytes; a larger one is reported as such.
    pub object_bytes: u64,
    /// Processor time, in seconds.
    pub seconds: u64,
}

/// A set of rules; its name is their namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Its name.
    pub name: String,
    /// The rules as they were written.
    pub source: String,
}

/// What the child has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// All objects were taken.
    Searched(Report),
    /// The rules can't be used; at least one reason.
    Refused {
        /// The reasons.
        errors: Vec<RuleError>,
    },
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// How many rules there are.
    pub rules: u64,
    /// How many objects were shown.
    pub objects: u32,
    /// How many bytes the first of them has, which is the file itself.
    pub file_bytes: u64,
    /// What matched; of each rule a bounded number.
    pub matches: Vec<Match>,
    /// How many matches are not listed; each has one like it that is.
    pub matches_unlisted: u64,
    /// Where objects are that were too large to be searched; a bounded number.
    pub too_large: Vec<String>,
    /// How many more there are.
    pub too_large_unlisted: u64,
    /// Which walls stood around the process.
    pub jail: JailState,
}

/// A rule that matched an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The set of the rule.
    pub set: String,
    /// Its name.
    pub rule: String,
    /// What it means.
    pub severity: Severity,
    /// Where the object is.
    pub object: String,
    /// What the rule's author says; empty if nothing.
    pub description: String,
}

/// What a match means; a rule says it as `severity` in its `meta`, and *high* holds for those that don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Odd, with innocent explanations.
    Low,
    /// Odd, with few innocent explanations.
    Medium,
    /// No ordinary content matches.
    High,
    /// Known bad.
    Infected,
}

impl Severity {
    /// Finds a severity by its word; large letters are as good as small ones.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            ("low", Self::Low),
            ("medium", Self::Medium),
            ("high", Self::High),
            ("infected", Self::Infected),
        ];
        let word = word.trim();
        all.into_iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(word))
            .map(|(_, severity)| severity)
    }
}

/// Why a rule can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleError {
    /// The set.
    pub set: String,
    /// The line, from 1 on; 0 if it is not about one.
    pub line: u32,
    /// What is wrong there, in the compiler's words.
    pub message: String,
}

/// Why what the child wrote is not an answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The child wrote too little, too much, or a false length.
    #[error("reading the answer of the YARA process: its length is wrong")]
    Length,
    /// The child wrote something that is not an answer.
    #[error("reading the answer of the YARA process")]
    Syntax(#[source] serde_json::Error),
    /// It says that something is missing from an empty list.
    #[error("reading the answer of the YARA process: its lists are not whole")]
    Lists,
    /// The child was not locked in.
    #[error("reading the answer of the YARA process: it ran without its jail")]
    Unjailed,
}

/// Encodes what goes first.
///
/// # Errors
/// When the rules are too long.
pub fn encode_header(header: &Header) -> Result<Vec<u8>, std::io::Error> {
    with_length(&serde_json::to_vec(header)?, MAX_HEADER)
}

pub(crate) fn encode_answer(answer: &Answer) -> Result<Vec<u8>, std::io::Error> {
    with_length(&serde_json::to_vec(answer)?, MAX_ANSWER)
}

/// Reads everything that a child wrote.
///
/// # Errors
/// When the output is not exactly one answer from inside the jail.
pub fn parse_answer(output: &[u8]) -> Result<Answer, AnswerError> {
    let (length, json) = output.split_first_chunk::<4>().ok_or(AnswerError::Length)?;
    if u32::from_be_bytes(*length) as usize != json.len() || json.len() > MAX_ANSWER {
        return Err(AnswerError::Length);
    }
    let answer: Answer = serde_json::from_slice(json).map_err(AnswerError::Syntax)?;
    match &answer {
        Answer::Refused { errors } if errors.is_empty() => Err(AnswerError::Lists),
        Answer::Searched(report)
            if report.matches.is_empty() && report.matches_unlisted > 0
                || report.too_large.is_empty() && report.too_large_unlisted > 0 =>
        {
            Err(AnswerError::Lists)
        }
        Answer::Searched(report) if !report.jail.seccomp => Err(AnswerError::Unjailed),
        Answer::Searched(_) | Answer::Refused { .. } => Ok(answer),
    }
}

fn with_length(json: &[u8], most: usize) -> Result<Vec<u8>, std::io::Error> {
    let length = u32::try_from(json.len())
        .ok()
        .filter(|_| json.len() <= most);
    let length = length.ok_or_else(|| std::io::Error::other("a message is too long"))?;
    Ok([&length.to_be_bytes(), json].concat())
}

#[cfg(test)]
mod tests;
