//! compress (`.Z`): LZW with codes that grow from 9 to at most 16 bits.
//!
//! Codes come in groups of eight: when their width changes, or the table is cleared, what is
//! left of the group is skipped. That is how every version of the program has written them.

use std::io::{self, BufRead, Read};

use crate::bridge::Input;
use crate::stream::Fault;

const CLEAR: u32 = 256;
const BLOCK_MODE: u8 = 0x80;
const FIRST_WIDTH: u32 = 9;

pub struct Decoder<'p, 's> {
    input: Input<'p, 's>,
    widest: u32,
    clears: bool,
    /// Previous code and last byte, by code.
    table: Vec<(u16, u8)>,
    width: u32,
    bits: u32,
    held: u32,
    /// Bytes read of the current group of eight codes.
    of_group: u32,
    previous: Option<u32>,
    first: u8,
    /// What is unpacked and not yet given, backwards.
    pending: Vec<u8>,
}

impl<'p, 's> Decoder<'p, 's> {
    pub(crate) fn new(input: Input<'p, 's>) -> Result<Self, Fault> {
        let [_, _, flags] = input.0.array("compress-damaged")?;
        let widest = u32::from(flags & 0x1f);
        if !(FIRST_WIDTH..=16).contains(&widest) || flags & 0x60 != 0 {
            return Err(Fault::Damaged("compress-damaged"));
        }
        let clears = flags & BLOCK_MODE != 0;
        Ok(Self {
            input,
            widest,
            clears,
            table: Vec::new(),
            width: FIRST_WIDTH,
            bits: 0,
            held: 0,
            of_group: 0,
            previous: None,
            first: 0,
            pending: Vec::new(),
        })
    }

    /// The number of the next code that the table gets.
    fn free(&self) -> u32 {
        let reserved = if self.clears { 257 } else { 256 };
        reserved + u32::try_from(self.table.len()).unwrap_or(u32::MAX - reserved)
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.input.fill_buf()?.first().copied() else {
            return Ok(None);
        };
        self.input.consume(1);
        self.of_group += 1;
        Ok(Some(byte))
    }

    /// The next code; none at the end, where a few bits may be left over.
    fn code(&mut self) -> io::Result<Option<u32>> {
        while self.held < self.width {
            let Some(byte) = self.byte()? else {
                return Ok(None);
            };
            self.bits |= u32::from(byte) << self.held;
            self.held += 8;
        }
        let code = self.bits & ((1 << self.width) - 1);
        self.bits >>= self.width;
        self.held -= self.width;
        Ok(Some(code))
    }

    /// Skips to the end of the group of eight codes.
    fn align(&mut self) -> io::Result<()> {
        while !self.of_group.is_multiple_of(self.width) {
            if self.byte()?.is_none() {
                break;
            }
        }
        (self.bits, self.held, self.of_group) = (0, 0, 0);
        Ok(())
    }

    fn widen(&mut self) -> io::Result<()> {
        if self.free() >= 1 << self.width && self.width < self.widest {
            self.align()?;
            self.width += 1;
        }
        Ok(())
    }

    /// Unpacks one code into `pending`; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        self.widen()?;
        let Some(code) = self.code()? else {
            return Ok(false);
        };
        if self.clears && code == CLEAR {
            self.align()?;
            self.table.clear();
            (self.width, self.previous) = (FIRST_WIDTH, None);
            return Ok(true);
        }
        let Some(previous) = self.previous else {
            self.first = u8::try_from(code).map_err(|_| io::ErrorKind::InvalidData)?;
            self.pending.push(self.first);
            self.previous = Some(code);
            return Ok(true);
        };
        let new = code == self.free();
        if code > self.free() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if new {
            self.pending.push(self.first);
        }
        let mut at = if new { previous } else { code };
        let reserved = self.free() - u32::try_from(self.table.len()).unwrap_or(0);
        while at >= reserved {
            let index = usize::try_from(at - reserved).unwrap_or(usize::MAX);
            let (parent, byte) = *self.table.get(index).ok_or(io::ErrorKind::InvalidData)?;
            self.pending.push(byte);
            at = u32::from(parent);
        }
        self.first = u8::try_from(at).map_err(|_| io::ErrorKind::InvalidData)?;
        self.pending.push(self.first);
        if self.free() < 1 << self.widest {
            let parent = u16::try_from(previous).map_err(|_| io::ErrorKind::InvalidData)?;
            self.table.push((parent, self.first));
        }
        self.previous = Some(code);
        Ok(true)
    }
}

impl Read for Decoder<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() {
            if let Some(byte) = self.pending.pop() {
                buffer[count] = byte;
                count += 1;
            } else if !self.step()? {
                break;
            }
        }
        Ok(count)
    }
}
