//! Workbooks of Excel 97 ([MS-XLS]): which kinds of sheets they have.

use crate::stream::{Fault, Stream};

const SHEET: u16 = 0x0085;
const END: u16 = 0x000a;
/// A sheet of macros of Excel 4 ([MS-XLS] 2.4.28, `dt`).
const MACROS: u8 = 1;

/// Whether the list of sheets at the front of a workbook has a sheet of macros.
pub fn has_macro_sheet(workbook: &mut Stream<'_>) -> Result<bool, Fault> {
    loop {
        let head = workbook.peek(10)?;
        let [low, high, short, long, body @ ..] = head else {
            return Ok(false);
        };
        let kind = u16::from_le_bytes([*low, *high]);
        let length = u16::from_le_bytes([*short, *long]);
        if kind == SHEET && body.get(5) == Some(&MACROS) {
            return Ok(true);
        }
        if kind == END {
            return Ok(false);
        }
        match workbook.skip(4 + u64::from(length), "compound-damaged") {
            Err(Fault::Damaged(_)) => return Ok(false),
            other => other?,
        }
    }
}
