//! The second look at a document: what it would be if it were not encrypted.

use super::dictionary::Dictionary;
use super::lexer::{DAMAGED, Token};
use super::objects::{Id, Objects, Step};
use super::security::{Encrypt, Key, Method};
use super::survey::Lengths;
use crate::crypt::{BLOCK, Blocks, Rc4};
use crate::stream::{Fault, Feed};

/// How much is made before it is handed on.
const PIECE: usize = 64 << 10;

enum Cipher {
    None,
    Rc4(Box<Rc4>),
    /// The keys, and the last encrypted block.
    Aes(Box<Blocks>, [u8; BLOCK]),
}

/// The data of a stream that is being decrypted.
struct Data {
    cipher: Cipher,
    left: u64,
}

/// The decrypted document as a feed.
pub struct Plain<'r, 'b, 'p, 's> {
    objects: Objects<'r, 'b, 'p, 's>,
    encrypt: Encrypt,
    key: Key,
    lengths: Lengths,
    data: Option<Data>,
    made: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'r, 'b, 'p, 's> Plain<'r, 'b, 'p, 's> {
    pub(crate) fn new(
        objects: Objects<'r, 'b, 'p, 's>,
        encrypt: Encrypt,
        key: Key,
        lengths: Lengths,
    ) -> Self {
        Self {
            objects,
            encrypt,
            key,
            lengths,
            data: None,
            made: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn make(&mut self) -> Result<(), Fault> {
        if let Some(data) = self.data.take() {
            return self.decrypt(data);
        }
        match self.objects.step()? {
            Step::End => self.ended = true,
            Step::Stream(id) => {
                self.made.extend_from_slice(&self.objects.lexer.raw);
                self.made.push(b'\n');
                self.begin(id)?;
            }
            Step::Text(text) => self.text(text)?,
            // The one word that would say that this is still encrypted.
            Step::Name(name) if name == b"Encrypt" => self.made.extend(b" /Decrypted"),
            _ => self.made.extend_from_slice(&self.objects.lexer.raw),
        }
        Ok(())
    }

    /// Decrypts the next piece of a stream.
    fn decrypt(&mut self, mut data: Data) -> Result<(), Fault> {
        let lexer = &mut self.objects.lexer;
        let at = lexer.position();
        let count = usize::try_from(data.left).map_or(PIECE, |left| left.min(PIECE));
        let mut bytes = lexer.glance(at, count)?;
        if bytes.len() < count {
            return Err(DAMAGED);
        }
        lexer.seek(at + count as u64);
        data.left -= count as u64;
        data.cipher.apply(&mut bytes, data.left == 0)?;
        self.made.append(&mut bytes);
        self.data = Some(data).filter(|data| data.left > 0);
        Ok(())
    }

    /// Begins the data of a stream.
    fn begin(&mut self, id: Id) -> Result<(), Fault> {
        let stated = self.length();
        let mut left = self.objects.data_length(stated)?;
        let method = self.method(&self.objects.dictionary)?;
        let mut cipher = Cipher::new(&self.key, method, id)?;
        if let Cipher::Aes(_, start) = &mut cipher {
            let lexer = &mut self.objects.lexer;
            let position = lexer.position();
            let first = lexer.glance(position, BLOCK)?;
            if let Some(first) = first.first_chunk().filter(|_| left >= BLOCK as u64) {
                *start = *first;
                lexer.seek(position + BLOCK as u64);
                left -= BLOCK as u64;
            }
        }
        self.data = (left > 0).then_some(Data { cipher, left });
        Ok(())
    }

    fn length(&self) -> Option<u64> {
        match self.objects.dictionary.get("Length")? {
            [Token::Number(length)] => Some(*length),
            [Token::Number(number), Token::Number(_), Token::Word(_)] => {
                let number = u32::try_from(*number).ok()?;
                self.lengths.get(&number).copied().flatten()
            }
            _ => None,
        }
    }

    /// How this stream is encrypted.
    fn method(&self, dictionary: &Dictionary) -> Result<Method, Fault> {
        let kind = dictionary.name("Type");
        let open = kind == Some(b"XRef") || kind == Some(b"Metadata") && !self.encrypt.metadata;
        if open {
            return Ok(Method::None);
        }
        let filters = dictionary.get("Filter").unwrap_or_default();
        if filters.contains(&Token::Name(b"Crypt".to_vec())) {
            return Err(DAMAGED);
        }
        Ok(self.encrypt.streams)
    }

    /// Writes a string, decrypted.
    fn text(&mut self, mut text: Vec<u8>) -> Result<(), Fault> {
        if let Some(id) = self.objects.object {
            let mut cipher = Cipher::new(&self.key, self.encrypt.strings, id)?;
            if let Cipher::Aes(_, start) = &mut cipher
                && let Some(first) = text.first_chunk()
            {
                *start = *first;
                text.drain(..BLOCK);
            }
            cipher.apply(&mut text, true)?;
        }
        self.made.extend(b" (");
        for byte in text {
            if matches!(byte, b'(' | b')' | b'\\') {
                self.made.push(b'\\');
            }
            self.made.push(byte);
        }
        self.made.push(b')');
        Ok(())
    }
}

impl Cipher {
    fn new(key: &Key, method: Method, id: Id) -> Result<Self, Fault> {
        let own = key.of(method, id);
        Ok(match method {
            Method::None => Self::None,
            Method::Rc4 => Self::Rc4(Box::new(Rc4::new(&own))),
            Method::Aes128 | Method::Aes256 => Self::Aes(Box::new(Blocks::new(&own)?), [0; BLOCK]),
        })
    }

    /// Decrypts the next bytes; only the last ones may be no whole blocks.
    fn apply(&mut self, bytes: &mut Vec<u8>, last: bool) -> Result<(), Fault> {
        match self {
            Self::None => {}
            Self::Rc4(keys) => keys.apply(bytes),
            Self::Aes(blocks, start) => {
                bytes.truncate(bytes.len() - bytes.len() % BLOCK);
                let next = bytes.last_chunk().copied().unwrap_or(*start);
                blocks.chained(*start, bytes)?;
                *start = next;
                let filling = bytes.last().map_or(0, |last| usize::from(*last));
                if last && (1..=BLOCK).contains(&filling) {
                    bytes.truncate(bytes.len() - filling);
                }
            }
        }
        Ok(())
    }
}

impl Feed for Plain<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while self.given == self.made.len() && !self.ended {
            self.made.clear();
            self.given = 0;
            self.make()?;
        }
        let some = &self.made[self.given..];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.given += count;
        Ok(count)
    }
}
