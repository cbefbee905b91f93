//! LZW of PDF (ISO 32000-1, 7.4.4): codes from 9 to 12 bits, the highest bit first.

use std::io::{self, BufReader, Read};

use super::filters::{damaged, hand_over, next};

/// The state of unpacking.
pub struct Lzw<R> {
    inner: BufReader<R>,
    early: u32,
    bits: u32,
    held: u32,
    /// Previous code and last byte, by code.
    table: Vec<(u16, u8)>,
    previous: Option<u16>,
    ready: Vec<u8>,
    ended: bool,
}

impl<R: Read> Lzw<R> {
    const CLEAR: u16 = 256;
    const END: u16 = 257;
    const FIRST: u16 = 258;

    /// `early`: codes grow one before they have to.
    pub(super) fn new(inner: R, early: bool) -> Self {
        Self {
            inner: BufReader::new(inner),
            early: u32::from(early),
            bits: 0,
            held: 0,
            table: Vec::new(),
            previous: None,
            ready: Vec::new(),
            ended: false,
        }
    }

    fn code(&mut self) -> io::Result<Option<u16>> {
        let free = u32::from(Self::FIRST) + u32::try_from(self.table.len()).unwrap_or(0);
        let width = match free + self.early {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        while self.held < width {
            let Some(byte) = next(&mut self.inner)? else {
                return Ok(None);
            };
            self.bits = self.bits << 8 | u32::from(byte);
            self.held += 8;
        }
        self.held -= width;
        let code = self.bits >> self.held & ((1 << width) - 1);
        Ok(u16::try_from(code).ok())
    }

    /// Appends what a code stands for; the first byte of it.
    fn expand(&mut self, code: u16) -> io::Result<u8> {
        let start = self.ready.len();
        let mut code = code;
        while code >= Self::FIRST {
            let (before, last) = *self
                .table
                .get(usize::from(code - Self::FIRST))
                .ok_or_else(damaged)?;
            self.ready.push(last);
            code = before;
        }
        let first = u8::try_from(code).map_err(|_| damaged())?;
        self.ready.push(first);
        self.ready[start..].reverse();
        Ok(first)
    }

    fn step(&mut self) -> io::Result<()> {
        let code = match self.code()? {
            None | Some(Self::END) => {
                self.ended = true;
                return Ok(());
            }
            Some(Self::CLEAR) => {
                self.table.clear();
                self.previous = None;
                return Ok(());
            }
            Some(code) => code,
        };
        let Some(previous) = self.previous.replace(code) else {
            return self.expand(code).map(drop);
        };
        let free = usize::from(Self::FIRST) + self.table.len();
        if usize::from(code) == free {
            // What is just being defined: the one before and its own first byte.
            let first = self.expand(previous)?;
            self.ready.push(first);
            self.define(previous, first);
        } else {
            let first = self.expand(code)?;
            self.define(previous, first);
        }
        Ok(())
    }

    fn define(&mut self, previous: u16, last: u8) {
        if self.table.len() < 4096 - usize::from(Self::FIRST) {
            self.table.push((previous, last));
        }
    }
}

impl<R: Read> Read for Lzw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.len() < buffer.len() && !self.ended {
            self.step()?;
        }
        Ok(hand_over(&mut self.ready, buffer))
    }
}
