//! Mailboxes: messages one after another, each behind a line `From sender date` (RFC 4155).

use super::lines::Lines;
use crate::kinds;
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(stream);
    let mut number = 0;
    while lines.advance()? {
        number += 1;
        let mut member = place.member(&format!("message-{number}.eml"));
        walk.check_depth(&member)?;
        member.announced = Some(&kinds::MAIL);
        let mut message = Message {
            lines: &mut lines,
            given: 0,
            blank: false,
            first: true,
            state: State::Take,
        };
        let mut content = Stream::new(&mut message, Watch::new());
        // A message that another program would not cut here has no header of its own.
        let odd = !kinds::begins_as_mail(content.peek(8 << 10)?);
        walk.object(&member, &mut content)?;
        if odd {
            walk.find_ambiguous("mbox-odd-message", &member, "");
        }
    }
    Ok(())
}

/// Whether a line parts messages: it ends with a time and a year, as `asctime` writes them.
fn separates(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let text = String::from_utf8_lossy(rest);
    let words: Vec<&str> = text.split_whitespace().collect();
    let time = words.iter().any(|word| {
        let mut digits = word.split(':');
        digits.clone().count() >= 2
            && digits.all(|two| two.len() <= 2 && two.bytes().all(|b| b.is_ascii_digit()))
    });
    let year = |word: &&str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    time && words.iter().any(year)
}

#[derive(PartialEq, Eq)]
enum State {
    /// The current line is to be given.
    Take,
    /// The next line is to be read.
    Next,
    End,
}

/// The lines of one message, without the one that parts it from others.
struct Message<'l, 'p, 's> {
    lines: &'l mut Lines<'p, 's>,
    given: usize,
    /// The line before was empty.
    blank: bool,
    first: bool,
    state: State,
}

impl Feed for Message<'_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        loop {
            match self.state {
                State::End => return Ok(0),
                State::Next => {
                    self.blank = self.lines.content().is_empty();
                    if !self.lines.advance()? {
                        self.state = State::End;
                        continue;
                    }
                    if self.lines.begins() && self.blank && separates(self.lines.content()) {
                        self.lines.hold();
                        self.state = State::End;
                        continue;
                    }
                    self.given = 0;
                    self.state = State::Take;
                }
                State::Take => {
                    let envelope = std::mem::take(&mut self.first)
                        && self.lines.content().starts_with(b"From ");
                    let some = &self.lines.line()[self.given..];
                    let count = some.len().min(buffer.len());
                    if !envelope {
                        buffer[..count].copy_from_slice(&some[..count]);
                    }
                    self.given += count;
                    if envelope || self.given == self.lines.line().len() {
                        self.state = State::Next;
                    }
                    if !envelope && count > 0 {
                        return Ok(count);
                    }
                }
            }
        }
    }
}
