//! What the filters of a stream make of its bytes (ISO 32000-1, 7.4).

use std::io::{self, BufReader, Read};

use flate2::read::ZlibDecoder;

use super::dictionary::{Dictionary, Value};
use super::lzw::Lzw;
use super::predictor::{Layout, Predictor};
use crate::bridge::carry;
use crate::limits::Budget;

/// The most filters over one another.
const MOST: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Flate(Option<Layout>),
    Lzw { early: bool, layout: Option<Layout> },
    Hex,
    Base85,
    RunLength,
}

/// How a stream is unpacked.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    pub filters: Vec<Filter>,
    /// What is left is a picture in a format of its own.
    pub picture: bool,
}

impl Chain {
    /// Reads it out of the dictionary of a stream; none when some filter is unknown.
    pub(super) fn of(dictionary: &Dictionary) -> Option<Self> {
        let parameters = match dictionary.get("DecodeParms").ok()? {
            None => dictionary.get("DP").ok()?,
            some => some,
        };
        let names = list(dictionary.get("Filter").ok()?)?;
        let parameters = list(parameters)?;
        let mut chain = Self {
            filters: Vec::new(),
            picture: false,
        };
        for (index, name) in names.iter().enumerate() {
            let Value::Name(name) = name else {
                return None;
            };
            let own = parameters.get(index);
            // Nothing can be unpacked from a picture.
            if chain.picture {
                return None;
            }
            chain.picture = PICTURES.contains(&name.as_slice());
            if !chain.picture {
                chain.filters.push(filter(name, own)?);
            }
        }
        (chain.filters.len() <= MOST).then_some(chain)
    }

    /// What comes out of the filters when `raw` goes in.
    pub(super) fn open<'r>(
        &self,
        raw: Box<dyn Read + 'r>,
        budget: &'r Budget,
    ) -> Box<dyn Read + 'r> {
        self.filters
            .iter()
            .enumerate()
            .fold(raw, |inner, (index, filter)| {
                // What lies in the file swells nothing; what comes out of a filter may.
                let inner: Box<dyn Read + 'r> = if index == 0 {
                    inner
                } else {
                    Box::new(Counted { inner, budget })
                };
                match filter {
                    Filter::Flate(layout) => predicted(Box::new(ZlibDecoder::new(inner)), *layout),
                    Filter::Lzw { early, layout } => {
                        predicted(Box::new(Lzw::new(inner, *early)), *layout)
                    }
                    Filter::Hex => Box::new(Hex::new(inner)),
                    Filter::Base85 => Box::new(Base85::new(inner)),
                    Filter::RunLength => Box::new(RunLength::new(inner)),
                }
            })
    }
}

/// Filters whose result is a picture that programs only show.
static PICTURES: &[&[u8]] = &[
    b"DCTDecode",
    b"DCT",
    b"JPXDecode",
    b"CCITTFaxDecode",
    b"CCF",
    b"JBIG2Decode",
];

fn predicted<'r>(inner: Box<dyn Read + 'r>, layout: Option<Layout>) -> Box<dyn Read + 'r> {
    match layout {
        Some(layout) => Box::new(Predictor::new(inner, layout)),
        None => inner,
    }
}

/// One value, or all of an array; none when it lies elsewhere.
fn list(value: Option<&Value>) -> Option<Vec<Value>> {
    match value {
        Some(Value::Array(values)) => Some(values.clone()),
        Some(Value::Reference) => None,
        // The word `null`.
        None | Some(Value::Other) => Some(Vec::new()),
        Some(value) => Some(vec![value.clone()]),
    }
}

fn filter(name: &[u8], parameters: Option<&Value>) -> Option<Filter> {
    match name {
        b"FlateDecode" | b"Fl" => Some(Filter::Flate(Layout::of(parameters).ok()?)),
        b"LZWDecode" | b"LZW" => Some(Filter::Lzw {
            early: is_early(parameters)?,
            layout: Layout::of(parameters).ok()?,
        }),
        b"ASCIIHexDecode" | b"AHx" => Some(Filter::Hex),
        b"ASCII85Decode" | b"A85" => Some(Filter::Base85),
        b"RunLengthDecode" | b"RL" => Some(Filter::RunLength),
        _ => None,
    }
}

/// Whether codes grow one earlier than they have to, as they do unless it is said otherwise.
fn is_early(parameters: Option<&Value>) -> Option<bool> {
    let Some(Value::Dictionary(parameters)) = parameters else {
        return Some(true);
    };
    match parameters.get("EarlyChange").ok()? {
        None | Some(Value::Number(1)) => Some(true),
        Some(Value::Number(0)) => Some(false),
        Some(_) => None,
    }
}

/// Counts what comes out of a filter before another one: that may make nothing of much.
struct Counted<'r> {
    inner: Box<dyn Read + 'r>,
    budget: &'r Budget,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.count_unpacked(count as u64).map_err(carry)?;
        Ok(count)
    }
}

pub const fn damaged() -> io::ErrorKind {
    io::ErrorKind::InvalidData
}

pub fn next(reader: &mut impl Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((reader.read(&mut byte)? > 0).then_some(byte[0]))
}

/// Two digits a byte, up to `>`.
struct Hex<R> {
    inner: BufReader<R>,
    ended: bool,
}

impl<R: Read> Hex<R> {
    fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            ended: false,
        }
    }

    /// The next digit; none at the end.
    fn digit(&mut self) -> io::Result<Option<u32>> {
        while !self.ended {
            match next(&mut self.inner)? {
                None | Some(b'>') => self.ended = true,
                Some(byte) if byte.is_ascii_whitespace() || byte == 0 => {}
                Some(byte) => {
                    let digit = char::from(byte).to_digit(16);
                    return digit.map(Some).ok_or_else(|| damaged().into());
                }
            }
        }
        Ok(None)
    }
}

impl<R: Read> Read for Hex<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let Some(high) = self.digit()? else {
                break;
            };
            let low = self.digit()?.unwrap_or(0);
            buffer[filled] = u8::try_from(high << 4 | low).unwrap_or(0);
            filled += 1;
        }
        Ok(filled)
    }
}

/// Five letters for four bytes, up to `~`.
struct Base85<R> {
    inner: BufReader<R>,
    ready: Vec<u8>,
    ended: bool,
}

impl<R: Read> Base85<R> {
    fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            ready: Vec::new(),
            ended: false,
        }
    }

    /// The next group of bytes, in `ready`.
    fn group(&mut self) -> io::Result<()> {
        let mut digits = Vec::with_capacity(5);
        while digits.len() < 5 {
            match next(&mut self.inner)? {
                None | Some(b'~') => {
                    self.ended = true;
                    break;
                }
                Some(b'z') if digits.is_empty() => {
                    self.ready.extend([0; 4]);
                    return Ok(());
                }
                Some(byte @ b'!'..=b'u') => digits.push(byte - b'!'),
                Some(byte) if byte.is_ascii_whitespace() || byte == 0 => {}
                Some(_) => return Err(damaged().into()),
            }
        }
        let bytes = match digits.len() {
            0 => return Ok(()),
            1 => return Err(damaged().into()),
            count => count - 1,
        };
        digits.resize(5, 84);
        let value = digits
            .iter()
            .fold(0_u64, |value, digit| value * 85 + u64::from(*digit));
        let value = u32::try_from(value).map_err(|_| damaged())?;
        self.ready.extend(&value.to_be_bytes()[..bytes]);
        Ok(())
    }
}

impl<R: Read> Read for Base85<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.len() < buffer.len() && !self.ended {
            self.group()?;
        }
        Ok(hand_over(&mut self.ready, buffer))
    }
}

pub fn hand_over(ready: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let count = ready.len().min(buffer.len());
    buffer[..count].copy_from_slice(&ready[..count]);
    ready.drain(..count);
    count
}

/// Runs of one byte and of several.
struct RunLength<R> {
    inner: BufReader<R>,
    ready: Vec<u8>,
    ended: bool,
}

impl<R: Read> RunLength<R> {
    fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            ready: Vec::new(),
            ended: false,
        }
    }
}

impl<R: Read> Read for RunLength<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.len() < buffer.len() && !self.ended {
            match next(&mut self.inner)? {
                None | Some(128) => self.ended = true,
                Some(length @ 0..128) => {
                    let start = self.ready.len();
                    self.ready.resize(start + usize::from(length) + 1, 0);
                    self.inner.read_exact(&mut self.ready[start..])?;
                }
                Some(length) => {
                    let byte = next(&mut self.inner)?.ok_or_else(damaged)?;
                    let end = self.ready.len() + 257 - usize::from(length);
                    self.ready.resize(end, byte);
                }
            }
        }
        Ok(hand_over(&mut self.ready, buffer))
    }
}

#[cfg(test)]
mod tests;
