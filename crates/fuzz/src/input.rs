//! Bytes cut up into decisions.

use std::borrow::Cow;

/// Reads decisions from the front of an input; past its end everything is zero.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (front, back) = self.0.split_at(count.min(self.0.len()));
        self.0 = back;
        front
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let mut number = [0; 4];
        let bytes = self.take(4);
        number[..bytes.len()].copy_from_slice(bytes);
        u32::from_le_bytes(number) as usize % end
    }

    pub(crate) fn number(&mut self) -> u64 {
        let mut number = [0; 8];
        let bytes = self.take(8);
        number[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(number)
    }

    /// Some bytes with their length before them.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte());
        self.take(count)
    }

    pub(crate) fn text(&mut self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes())
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn rest_text(&mut self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.rest())
    }

    /// Damages `bytes` as the input says, until it has nothing more to say or sixteen times.
    /// `other` lends bytes of the same kind.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..16 {
            if self.is_empty() {
                return;
            }
            let act = self.byte() % 6;
            let at = self.below(bytes.len() + 1);
            let count = self.below(bytes.len() + 1);
            match act {
                0 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= self.byte();
                    }
                }
                1 => bytes.truncate(at),
                2 => bytes.extend_from_slice(self.bytes()),
                3 => {
                    let end = (at + count).min(bytes.len());
                    bytes.drain(at..end);
                }
                4 => {
                    // A block is put elsewhere: parts exchanged, records repeated.
                    let to = self.below(bytes.len() + 1);
                    let count = count.min(bytes.len() - at.max(to));
                    bytes.copy_within(at..at + count, to);
                }
                _ => {
                    let end = (at + count).min(bytes.len()).min(other.len());
                    if at < end {
                        bytes[at..end].copy_from_slice(&other[at..end]);
                    }
                }
            }
        }
    }
}

/// An input made by hand: the counterpart of [`Input`].
#[derive(Default)]
pub(crate) struct Script(Vec<u8>);

impl Script {
    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn below(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// At most 255 bytes.
    pub(crate) fn text(mut self, text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(255)];
        self.0.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn rest(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.extend_from_slice(bytes);
        self.0
    }
}
