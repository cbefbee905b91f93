//! One header block.

/// Length of a block.
pub const BLOCK: usize = 512;

/// Where the checksum is.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// What follows a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    File,
    Directory,
    SymbolicLink,
    HardLink,
    /// Device or pipe.
    Device,
    /// pax records for the next entry.
    Extended,
    /// pax records for all following entries.
    Global,
    /// GNU: the next entry's name.
    LongName,
    /// GNU: the next entry's link target.
    LongLink,
    /// Something this reader doesn't know.
    Other,
}

/// The fields that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub entry: Entry,
    pub name: Vec<u8>,
    /// Where a link leads.
    pub target: Vec<u8>,
    pub size: u64,
}

/// Why a block is not a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHeader {
    /// All zero: the end.
    Zero,
    Checksum,
    Number,
}

/// Whether a file that begins so is a tar archive.
pub fn looks_like(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK>() else {
        return false;
    };
    // Before ustar there was no magic; then the name must at least be a name.
    let magic = &block[257..262] == b"ustar" || block[0].is_ascii_graphic();
    magic && matches!(parse(block), Ok(_) | Err(NotHeader::Number))
}

pub fn parse(block: &[u8; BLOCK]) -> Result<Header, NotHeader> {
    if block.iter().all(|byte| *byte == 0) {
        return Err(NotHeader::Zero);
    }
    if !checksum_holds(block) {
        return Err(NotHeader::Checksum);
    }
    let ustar = &block[257..263] == b"ustar\0";
    let mut name = Vec::new();
    let prefix = until_zero(&block[345..500]);
    if ustar && !prefix.is_empty() {
        name.extend_from_slice(prefix);
        name.push(b'/');
    }
    name.extend_from_slice(until_zero(&block[..100]));
    let size = number(&block[124..136]).ok_or(NotHeader::Number)?;
    let entry = match block[156] {
        // Old archives mark a directory by its name only.
        0 | b'0' | b'7' if name.ends_with(b"/") && size == 0 => Entry::Directory,
        0 | b'0' | b'7' => Entry::File,
        b'1' => Entry::HardLink,
        b'2' => Entry::SymbolicLink,
        b'3' | b'4' | b'6' => Entry::Device,
        b'5' => Entry::Directory,
        b'x' => Entry::Extended,
        b'g' => Entry::Global,
        b'L' => Entry::LongName,
        b'K' => Entry::LongLink,
        _ => Entry::Other,
    };
    let target = until_zero(&block[157..257]).to_vec();
    Ok(Header {
        entry,
        name,
        target,
        size,
    })
}

/// The sum of all bytes with the checksum itself taken as spaces; old programs summed signed.
fn checksum_holds(block: &[u8; BLOCK]) -> bool {
    let Some(stated) = number(&block[CHECKSUM]) else {
        return false;
    };
    let counted = |index: usize| {
        if CHECKSUM.contains(&index) {
            b' '
        } else {
            block[index]
        }
    };
    let unsigned: u64 = (0..BLOCK).map(|index| u64::from(counted(index))).sum();
    let signed: i64 = (0..BLOCK)
        .map(|index| i64::from(counted(index).cast_signed()))
        .sum();
    stated == unsigned || i64::try_from(stated) == Ok(signed)
}

/// Octal digits with blanks around, or GNU's big-endian binary.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return field[1..].iter().try_fold(0_u64, |value, byte| {
            value.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let text = std::str::from_utf8(until_zero(field))
        .ok()?
        .trim_matches(' ');
    if text.is_empty() {
        return Some(0);
    }
    let octal = text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    if octal {
        u64::from_str_radix(text, 8).ok()
    } else {
        None
    }
}

fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}
