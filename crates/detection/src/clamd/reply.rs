//! What clamd answers to a stream.

use crate::names::finding;
use crate::text;
use crate::verdict::Finding;

/// Longest answer that is one.
pub const LONGEST: usize = 64 << 10;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Exactly `stream: OK`.
    Ok,
    /// A name, and what it means.
    Found(Finding),
    /// The content is larger than `StreamMaxLength`.
    TooLarge,
    /// It gave up waiting for us.
    TimedOut,
    /// It says that it failed, in these words.
    Failed(String),
    /// Anything else.
    Unknown,
}

/// Reads everything that clamd wrote before it closed.
///
/// Only the ten characters of `stream: OK` and their terminator are *OK*: no more, no less,
/// no other ending.
pub fn parse(answer: &[u8]) -> Reply {
    // This one ends with a new line, whatever the question ended with.
    if answer == b"COMMAND READ TIMED OUT\n" {
        return Reply::TimedOut;
    }
    let Some(line) = answer.strip_suffix(b"\0") else {
        return Reply::Unknown;
    };
    if line.len() >= LONGEST || line.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
        return Reply::Unknown;
    }
    if line == b"INSTREAM size limit exceeded. ERROR" {
        return Reply::TooLarge;
    }
    let Some(said) = line.strip_prefix(b"stream: ") else {
        return failure(line);
    };
    if said == b"OK" {
        return Reply::Ok;
    }
    match said.strip_suffix(b" FOUND") {
        Some(name) if !name.is_empty() => Reply::Found(finding(name)),
        Some(_) => Reply::Unknown,
        None => failure(said),
    }
}

fn failure(said: &[u8]) -> Reply {
    match said.strip_suffix(b" ERROR") {
        Some(words) => Reply::Failed(text::displayable_bytes(words, 500)),
        None => Reply::Unknown,
    }
}

#[cfg(test)]
mod tests;
