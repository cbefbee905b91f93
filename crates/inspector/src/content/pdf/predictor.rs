//! Rows of samples that were written as differences (ISO 32000-1, 7.4.4.4; PNG, 9).

use std::io::{self, Read};

use super::dictionary::{Dictionary, Value};

/// Longest row that is read.
const LONGEST_ROW: u64 = 1 << 20;

/// How samples lie in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Every row says in its first byte how it was written; otherwise all are TIFF's.
    png: bool,
    /// Bytes of a whole pixel, at least one.
    pixel: usize,
    row: usize,
}

/// The parameters of a filter ask for something that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown;

impl Layout {
    /// Reads it out of the parameters of a filter; none when there are no differences.
    pub(super) fn of(parameters: Option<&Value>) -> Result<Option<Self>, Unknown> {
        let parameters = match parameters {
            Some(Value::Dictionary(parameters)) => parameters,
            Some(Value::Reference) => return Err(Unknown),
            _ => return Ok(None),
        };
        match number(parameters, "Predictor", 1).ok_or(Unknown)? {
            1 => Ok(None),
            2 => Self::rows(parameters, false).map(Some).ok_or(Unknown),
            10..=15 => Self::rows(parameters, true).map(Some).ok_or(Unknown),
            _ => Err(Unknown),
        }
    }

    fn rows(parameters: &Dictionary, png: bool) -> Option<Self> {
        let number = |name, usual| number(parameters, name, usual);
        let (colours, bits) = (number("Colors", 1)?, number("BitsPerComponent", 8)?);
        if colours == 0 || colours > 32 || ![1, 2, 4, 8, 16].contains(&bits) {
            return None;
        }
        // Differences of TIFF count in samples, which are whole bytes nearly always.
        if !png && bits != 8 {
            return None;
        }
        let row = number("Columns", 1)?
            .checked_mul(colours * bits)?
            .div_ceil(8);
        let fits = (1..=LONGEST_ROW).contains(&row);
        let layout = Self {
            png,
            pixel: usize::try_from((colours * bits).div_ceil(8)).ok()?,
            row: usize::try_from(row).ok()?,
        };
        fits.then_some(layout)
    }
}

fn number(parameters: &Dictionary, name: &str, usual: u64) -> Option<u64> {
    match parameters.get(name).ok()? {
        None => Some(usual),
        Some(Value::Number(number)) => Some(*number),
        Some(_) => None,
    }
}

/// Undoes the differences, row by row.
pub struct Predictor<R> {
    inner: R,
    layout: Layout,
    above: Vec<u8>,
    current: Vec<u8>,
    /// How much of the current row was given.
    given: usize,
}

impl<R: Read> Predictor<R> {
    pub(super) fn new(inner: R, layout: Layout) -> Self {
        Self {
            inner,
            layout,
            above: vec![0; layout.row],
            current: Vec::new(),
            given: 0,
        }
    }

    /// Reads the next row; the last one may be short.
    fn row(&mut self) -> io::Result<()> {
        let mut kind = [2];
        if self.layout.png && self.inner.read(&mut kind)? == 0 {
            self.current.clear();
            return Ok(());
        }
        let mut row = Vec::with_capacity(self.layout.row);
        let most = self.layout.row as u64;
        Read::take(&mut self.inner, most).read_to_end(&mut row)?;
        let pixel = self.layout.pixel;
        for at in 0..row.len() {
            let left = at.checked_sub(pixel).map_or(0, |at| row[at]);
            let above = self.above[at];
            let corner = at.checked_sub(pixel).map_or(0, |at| self.above[at]);
            let more = match (self.layout.png, kind[0]) {
                (false, _) | (true, 1) => left,
                (true, 0) => 0,
                (true, 2) => above,
                (true, 3) => u8::midpoint(left, above),
                (true, 4) => nearest(left, above, corner),
                (true, _) => return Err(io::ErrorKind::InvalidData.into()),
            };
            row[at] = row[at].wrapping_add(more);
        }
        self.current = row;
        Ok(())
    }
}

/// The one of three neighbours that is nearest to what they let expect.
fn nearest(left: u8, above: u8, corner: u8) -> u8 {
    let expected = i16::from(left) + i16::from(above) - i16::from(corner);
    let away = |from: u8| (expected - i16::from(from)).abs();
    if away(left) <= away(above) && away(left) <= away(corner) {
        left
    } else if away(above) <= away(corner) {
        above
    } else {
        corner
    }
}

impl<R: Read> Read for Predictor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.current.len() {
            if self.current.len() == self.layout.row {
                self.above.copy_from_slice(&self.current);
            }
            self.row()?;
            self.given = 0;
        }
        let ready = &self.current[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}
