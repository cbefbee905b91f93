//! PDF in tokens (ISO 32000-1, 7.2), with every byte that was read.

use crate::mail::hex_byte;
use crate::seek::Seekable;
use crate::stream::Fault;

pub const DAMAGED: Fault = Fault::Damaged("pdf-damaged");
/// Longest name, number or word.
const LONGEST_WORD: usize = 4096;
/// Longest string.
const LONGEST_TEXT: usize = 1 << 20;
/// Longest run of white space in one token.
const LONGEST_SPACE: usize = 32 << 10;
const WINDOW: usize = 64 << 10;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    End,
    /// White space and comments that are long by themselves.
    Space,
    /// Without the slash, and with escaped letters as they are meant.
    Name(Vec<u8>),
    /// A whole number.
    Number(u64),
    /// The bytes of a string, whichever way it is written.
    Text(Vec<u8>),
    OpenDictionary,
    CloseDictionary,
    OpenArray,
    CloseArray,
    /// Anything else, such as `obj` and numbers with a fraction.
    Word(Vec<u8>),
}

/// Reads tokens one after another.
pub struct Lexer<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    window: Vec<u8>,
    /// Where the window begins.
    at: u64,
    next: usize,
    /// The bytes of the last token and the white space before it.
    pub raw: Vec<u8>,
}

impl<'r, 'b, 'p, 's> Lexer<'r, 'b, 'p, 's> {
    pub(crate) fn new(whole: &'r mut Seekable<'b, 'p, 's>) -> Self {
        Self {
            whole,
            window: Vec::new(),
            at: 0,
            next: 0,
            raw: Vec::new(),
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.at + self.next as u64
    }

    /// Goes on at `position`.
    pub(crate) fn seek(&mut self, position: u64) {
        self.window.clear();
        (self.at, self.next) = (position, 0);
    }

    /// Up to `count` bytes at `offset`.
    pub(crate) fn glance(&mut self, offset: u64, count: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while filled < count {
            match self
                .whole
                .read_at(offset + filled as u64, &mut bytes[filled..])?
            {
                0 => break,
                some => filled += some,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Where `mark` is next, from here on; this place stays.
    pub(crate) fn find(&mut self, mark: &[u8]) -> Result<Option<u64>, Fault> {
        let mut offset = self.position();
        loop {
            let window = self.glance(offset, WINDOW)?;
            if let Some(found) = memchr::memmem::find(&window, mark) {
                return Ok(Some(offset + found as u64));
            }
            let step = window.len().saturating_sub(mark.len());
            if window.len() < WINDOW || step == 0 {
                return Ok(None);
            }
            offset += step as u64;
        }
    }

    /// The next token.
    pub(crate) fn token(&mut self) -> Result<Token, Fault> {
        self.raw.clear();
        while let Some(byte) = self.peek()? {
            if byte == b'%' {
                self.comment()?;
            } else if is_space(byte) {
                self.bump();
            } else {
                break;
            }
            if self.raw.len() > LONGEST_SPACE {
                return Ok(Token::Space);
            }
        }
        let Some(first) = self.peek()? else {
            return Ok(if self.raw.is_empty() {
                Token::End
            } else {
                Token::Space
            });
        };
        self.bump();
        match first {
            b'/' => self
                .regular(Vec::new())
                .map(|name| Token::Name(unescaped(&name))),
            b'(' => self.literal(),
            b'<' if self.peek()? == Some(b'<') => Ok(self.second(Token::OpenDictionary)),
            b'<' => self.hexadecimal(),
            b'>' if self.peek()? == Some(b'>') => Ok(self.second(Token::CloseDictionary)),
            b'[' => Ok(Token::OpenArray),
            b']' => Ok(Token::CloseArray),
            other if is_regular(other) => {
                let word = self.regular(vec![other])?;
                let number = std::str::from_utf8(&word)
                    .ok()
                    .and_then(|it| it.parse().ok());
                Ok(number.map_or(Token::Word(word), Token::Number))
            }
            other => Ok(Token::Word(vec![other])),
        }
    }

    fn second(&mut self, token: Token) -> Token {
        self.bump();
        token
    }

    fn comment(&mut self) -> Result<(), Fault> {
        while let Some(byte) = self.peek()? {
            if matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.bump();
            // What is behind a part of a comment would look like more than a comment.
            if self.raw.len() > 2 * LONGEST_SPACE {
                return Err(DAMAGED);
            }
        }
        Ok(())
    }

    fn regular(&mut self, mut word: Vec<u8>) -> Result<Vec<u8>, Fault> {
        while let Some(byte) = self.peek()?.filter(|byte| is_regular(*byte)) {
            word.push(byte);
            self.bump();
            if word.len() > LONGEST_WORD {
                return Err(DAMAGED);
            }
        }
        Ok(word)
    }

    fn literal(&mut self) -> Result<Token, Fault> {
        let mut text = Vec::new();
        let mut depth = 1;
        loop {
            if self.raw.len() > 2 * LONGEST_TEXT {
                return Err(DAMAGED);
            }
            match self.take()? {
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(Token::Text(text)),
                b')' => depth -= 1,
                b'\\' => {
                    self.escaped(&mut text)?;
                    continue;
                }
                b'\r' => {
                    if self.peek()? == Some(b'\n') {
                        self.bump();
                    }
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.extend(self.raw.last());
        }
    }

    fn escaped(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let byte = self.take()?;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek()? == Some(b'\n') {
                    self.bump();
                }
            }
            b'0'..=b'7' => {
                let mut value = byte - b'0';
                for _ in 0..2 {
                    let digit = self.peek()?.filter(|it| matches!(it, b'0'..=b'7'));
                    let Some(digit) = digit else { break };
                    self.bump();
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                text.push(value);
            }
            other => text.push(other),
        }
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<Token, Fault> {
        let mut text = Vec::new();
        let mut high = None;
        loop {
            let byte = self.take()?;
            let digit = char::from(byte)
                .to_digit(16)
                .and_then(|it| u8::try_from(it).ok());
            match (byte, digit, high) {
                (b'>', ..) => {
                    text.extend(high.map(|high: u8| high << 4));
                    return Ok(Token::Text(text));
                }
                (_, Some(digit), None) => high = Some(digit),
                (_, Some(digit), Some(first)) => {
                    text.push(first << 4 | digit);
                    high = None;
                }
                _ if is_space(byte) => {}
                _ => return Err(DAMAGED),
            }
            if self.raw.len() > 2 * LONGEST_TEXT {
                return Err(DAMAGED);
            }
        }
    }

    fn refill(&mut self) -> Result<(), Fault> {
        self.at += self.window.len() as u64;
        self.next = 0;
        self.window.resize(WINDOW, 0);
        let count = self.whole.read_at(self.at, &mut self.window)?;
        self.window.truncate(count);
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.next == self.window.len() {
            self.refill()?;
        }
        Ok(self.window.get(self.next).copied())
    }

    /// Steps over the byte that [`Self::peek`] showed.
    fn bump(&mut self) {
        self.raw.extend(self.window.get(self.next));
        self.next += 1;
    }

    fn take(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?.ok_or(DAMAGED)?;
        self.bump();
        Ok(byte)
    }
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).and_then(hex_byte).filter(|_| *first == b'#');
        plain.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    plain
}
