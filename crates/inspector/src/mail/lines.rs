//! A stream line by line.

use crate::stream::{Fault, Stream};

/// Longer lines come in pieces of this length.
const PIECE: usize = 4096;

/// A reader of lines; the current one can be held back for the next reader.
pub struct Lines<'p, 's> {
    stream: &'p mut Stream<'s>,
    line: Vec<u8>,
    begins: bool,
    ends: bool,
    held: bool,
}

impl<'p, 's> Lines<'p, 's> {
    pub(super) fn new(stream: &'p mut Stream<'s>) -> Self {
        Self {
            stream,
            line: Vec::new(),
            begins: true,
            ends: true,
            held: false,
        }
    }

    /// Reads the next line, or piece of one; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        if std::mem::take(&mut self.held) {
            return Ok(true);
        }
        self.begins = self.ends;
        self.line.clear();
        let window = self.stream.peek(PIECE)?;
        let feed = memchr::memchr(b'\n', window);
        let length = feed.map_or(window.len(), |at| at + 1);
        self.line.extend_from_slice(&window[..length]);
        self.stream.consume(length);
        self.ends = feed.is_some();
        if length == 0 {
            // Damage of the layer below speaks up now.
            self.stream.chunk()?;
        }
        Ok(length > 0)
    }

    /// The current line with its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The current line without its end.
    pub(super) fn content(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Whether the current piece is where a line begins.
    pub(super) fn begins(&self) -> bool {
        self.begins
    }

    /// Gives the current line to whoever asks next.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }
}
