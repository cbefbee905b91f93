//! RTF as Outlook packs it ([MS-OXRTFCP]).

use crate::limits::Budget;
use crate::stream::Fault;

const PACKED: &[u8; 4] = b"LZFu";
const PLAIN: &[u8; 4] = b"MELA";
/// What the window holds before the first byte.
const PRELOADED: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;
/// Longest text that is unpacked.
const LONGEST: usize = 64 << 20;

/// Unpacks; none when it isn't what it should be.
pub fn unpack(packed: &[u8], budget: &Budget) -> Result<Option<Vec<u8>>, Fault> {
    let (Some(header), Some(body)) = (packed.first_chunk::<16>(), packed.get(16..)) else {
        return Ok(None);
    };
    match &header[8..12] {
        mark if mark == PLAIN => Ok(Some(body.to_vec())),
        mark if mark == PACKED => unpack_body(body, budget),
        _ => Ok(None),
    }
}

fn unpack_body(body: &[u8], budget: &Budget) -> Result<Option<Vec<u8>>, Fault> {
    let mut window = [b' '; WINDOW];
    window[..PRELOADED.len()].copy_from_slice(PRELOADED);
    let mut write = PRELOADED.len();
    let mut text = Vec::new();
    let mut bytes = body.iter().copied();
    'groups: while let Some(flags) = bytes.next() {
        let before = text.len();
        for bit in 0..8 {
            if flags & 1 << bit == 0 {
                let Some(byte) = bytes.next() else {
                    break 'groups;
                };
                window[write] = byte;
                write = (write + 1) % WINDOW;
                text.push(byte);
                continue;
            }
            let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else {
                return Ok(None);
            };
            let offset = usize::from(high) << 4 | usize::from(low >> 4);
            if offset == write {
                return Ok(Some(text));
            }
            for step in 0..usize::from(low & 15) + 2 {
                let byte = window[(offset + step) % WINDOW];
                window[write] = byte;
                write = (write + 1) % WINDOW;
                text.push(byte);
            }
        }
        budget.count_unpacked((text.len() - before) as u64)?;
        if text.len() > LONGEST {
            return Err(Fault::Limit(crate::report::Limit::Memory));
        }
    }
    Ok(Some(text))
}
