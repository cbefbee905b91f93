//! Objects one after another, as they lie in the file.

use super::dictionary::Dictionary;
use super::lexer::{DAMAGED, Lexer, Token, is_space};
use crate::stream::Fault;

/// The longest line end and white space before `endstream`.
const BEFORE_END: usize = 16;
const END: &[u8] = b"endstream";

/// Number and generation of an object.
pub type Id = (u32, u16);

/// What came next.
pub enum Step {
    End,
    /// A token without a meaning of its own; its bytes are in the lexer.
    Token,
    Name(Vec<u8>),
    Text(Vec<u8>),
    /// The dictionary of a trailer is complete.
    Trailer,
    /// The data of a stream begins here; its dictionary is complete.
    Stream(Id),
    /// An object is complete; with the number if it is nothing but that.
    Object(Id, Option<u64>),
}

/// Reads a file from its beginning.
pub struct Objects<'r, 'b, 'p, 's> {
    pub lexer: Lexer<'r, 'b, 'p, 's>,
    pub dictionary: Dictionary,
    pub object: Option<Id>,
    in_trailer: bool,
    /// The last two tokens, if they were numbers.
    numbers: [Option<u64>; 2],
    /// Tokens since the object began.
    tokens: u32,
}

impl<'r, 'b, 'p, 's> Objects<'r, 'b, 'p, 's> {
    pub(crate) fn new(lexer: Lexer<'r, 'b, 'p, 's>) -> Self {
        Self {
            lexer,
            dictionary: Dictionary::default(),
            object: None,
            in_trailer: false,
            numbers: [None; 2],
            tokens: 0,
        }
    }

    pub(crate) fn step(&mut self) -> Result<Step, Fault> {
        let token = self.lexer.token()?;
        let numbers = self.numbers;
        self.numbers = match token {
            Token::Number(number) => [numbers[1], Some(number)],
            Token::Space => numbers,
            _ => [None; 2],
        };
        let alone = self.tokens == 1;
        self.tokens = self.tokens.saturating_add(u32::from(token != Token::Space));
        match token {
            Token::End => return Ok(Step::End),
            Token::Word(ref word) => match word.as_slice() {
                b"obj" => self.begin(numbers),
                b"trailer" => {
                    self.dictionary = Dictionary::default();
                    (self.object, self.in_trailer) = (None, true);
                }
                b"endobj" => {
                    let number = numbers[1].filter(|_| alone);
                    let ended = self.object.take();
                    return Ok(ended.map_or(Step::Token, |id| Step::Object(id, number)));
                }
                b"stream" if self.dictionary.is_whole() => {
                    if let Some(id) = self.object {
                        self.begin_data()?;
                        return Ok(Step::Stream(id));
                    }
                }
                _ => self.dictionary.see(&token),
            },
            _ => {
                self.dictionary.see(&token);
                if self.in_trailer && token == Token::CloseDictionary && self.dictionary.is_whole()
                {
                    self.in_trailer = false;
                    return Ok(Step::Trailer);
                }
            }
        }
        Ok(match token {
            Token::Name(name) => Step::Name(name),
            Token::Text(text) => Step::Text(text),
            _ => Step::Token,
        })
    }

    fn begin(&mut self, numbers: [Option<u64>; 2]) {
        let [number, generation] = numbers;
        let number = number.and_then(|number| u32::try_from(number).ok());
        let generation = generation.and_then(|generation| u16::try_from(generation).ok());
        self.object = number.zip(generation);
        self.dictionary = Dictionary::default();
        self.in_trailer = false;
        self.tokens = 0;
    }

    /// Steps over the line end behind `stream`.
    fn begin_data(&mut self) -> Result<(), Fault> {
        let start = self.lexer.position();
        let next = self.lexer.glance(start, 2)?;
        let length = match next.as_slice() {
            [b'\r', b'\n'] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => 0,
        };
        self.lexer.seek(start + length);
        Ok(())
    }

    /// How long the data is that begins here: as it is stated, which must be true, or up to its
    /// end mark.
    pub(crate) fn data_length(&mut self, stated: Option<u64>) -> Result<u64, Fault> {
        let start = self.lexer.position();
        if let Some(length) = stated {
            let end = start.checked_add(length).ok_or(DAMAGED)?;
            let behind = self.lexer.glance(end, BEFORE_END + END.len())?;
            let blanks = behind.iter().take_while(|byte| is_space(**byte)).count();
            let is_true = behind[blanks..].starts_with(END);
            return is_true.then_some(length).ok_or(DAMAGED);
        }
        let end = self.lexer.find(END)?.ok_or(DAMAGED)?;
        let from = end.saturating_sub(2).max(start);
        let line = self.lexer.glance(from, 2)?;
        let line_end = match line.as_slice() {
            [b'\r', b'\n'] => 2,
            [_, b'\n' | b'\r'] => 1,
            _ => 0,
        };
        Ok(end - start - line_end)
    }
}
