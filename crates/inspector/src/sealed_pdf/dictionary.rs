//! The dictionary that an object or a trailer begins with.

use super::lexer::Token;

/// The most tokens that are kept of one dictionary, and the most bytes of its strings and names.
const MOST: usize = 4096;
const LONGEST: usize = 64 << 10;

/// The keys of a dictionary, each with the tokens of its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    entries: Vec<(Vec<u8>, Vec<Token>)>,
    /// How deep the reader is in it; 1 is the dictionary itself.
    depth: usize,
    kept: usize,
    length: usize,
    /// What was opened at depth 0 was not a dictionary, or there were two.
    other: bool,
    complete: bool,
}

impl Dictionary {
    /// Takes the next token.
    pub(crate) fn see(&mut self, token: &Token) {
        match token {
            Token::OpenDictionary | Token::OpenArray => {
                if self.depth == 0 {
                    let first = !self.complete && *token == Token::OpenDictionary;
                    self.other |= !first;
                } else {
                    self.keep(token);
                }
                self.depth += 1;
            }
            Token::CloseDictionary | Token::CloseArray => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.complete = true;
                } else {
                    self.keep(token);
                }
            }
            Token::Name(name) if self.depth == 1 && self.expects_key() => {
                self.length += name.len();
                self.kept += 1;
                if self.fits() {
                    self.entries.push((name.clone(), Vec::new()));
                }
            }
            Token::Space | Token::End => {}
            _ if self.depth > 0 => self.keep(token),
            _ => {}
        }
    }

    /// Whether it was read to its end and nothing of it was left out.
    pub(crate) fn is_whole(&self) -> bool {
        self.complete && self.depth == 0 && !self.other && self.fits()
    }

    /// The value of a key, as its tokens; none when it is there twice.
    pub(crate) fn get(&self, key: &str) -> Option<&[Token]> {
        let mut found = self.entries.iter().filter(|(own, _)| own == key.as_bytes());
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(own, _)| own == key.as_bytes())
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            [Token::Number(number)] => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&[u8]> {
        match self.get(key)? {
            [Token::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn name(&self, key: &str) -> Option<&[u8]> {
        match self.get(key)? {
            [Token::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// The dictionary that is the value of a key.
    pub(crate) fn inner(&self, key: &str) -> Option<Self> {
        let mut inner = Self::default();
        self.get(key)?.iter().for_each(|token| inner.see(token));
        inner.is_whole().then_some(inner)
    }

    fn expects_key(&self) -> bool {
        self.entries
            .last()
            .is_none_or(|(_, value)| !value.is_empty())
    }

    fn keep(&mut self, token: &Token) {
        self.kept += 1;
        if let Token::Name(bytes) | Token::Text(bytes) | Token::Word(bytes) = token {
            self.length += bytes.len();
        }
        let fits = self.fits();
        if let Some((_, value)) = self.entries.last_mut().filter(|_| fits) {
            value.push(token.clone());
        }
    }

    fn fits(&self) -> bool {
        self.kept <= MOST && self.length <= LONGEST
    }
}
