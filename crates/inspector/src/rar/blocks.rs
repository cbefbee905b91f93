//! The blocks of an archive: RAR 5.0 archive format (rarlab.com), and the older one of RAR 1.5
//! to 4 (its `technote.txt`).

use crate::stream::Fault;

const TRUNCATED: Fault = Fault::Damaged("rar-truncated");
const DAMAGED: Fault = Fault::Damaged("rar-damaged");
const NEW: &[u8; 8] = b"Rar!\x1a\x07\x01\0";
const OLD: &[u8; 7] = b"Rar!\x1a\x07\0";

/// What the blocks say of the archive.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations")]
pub struct Surface {
    /// Names and sizes can't be read without a password.
    pub encrypted: bool,
    /// One of several files.
    pub split: bool,
    /// Something follows the end.
    pub trailing: bool,
    /// A block may hold content that the decoder steps over, such as a second stream of a file.
    pub unread: bool,
}

/// The services whose content no program writes to a file: comments, copies of headers for
/// faster opening, recovery records.
const HARMLESS_SERVICES: [&[u8]; 3] = [b"CMT", b"QO", b"RR"];

pub fn read(archive: &[u8]) -> Result<Surface, Fault> {
    if archive.starts_with(NEW) {
        return new_blocks(archive);
    }
    if archive.starts_with(OLD) {
        return old_blocks(archive);
    }
    Err(Fault::Damaged("rar-version-not-supported"))
}

fn new_blocks(archive: &[u8]) -> Result<Surface, Fault> {
    const MAIN: u64 = 1;
    const FILE: u64 = 2;
    const SERVICE: u64 = 3;
    const ENCRYPTION: u64 = 4;
    const END: u64 = 5;
    let mut surface = Surface::default();
    let mut at = NEW.len();
    loop {
        let rest = archive.get(at..).ok_or(TRUNCATED)?;
        let stated = rest.first_chunk::<4>().ok_or(TRUNCATED)?;
        let (size, header) = vint(&rest[4..]).ok_or(TRUNCATED)?;
        let prefix = rest.len() - 4 - header.len();
        let size = usize::try_from(size).map_err(|_| DAMAGED)?;
        let header = header.get(..size).ok_or(TRUNCATED)?;
        if crc32fast::hash(&rest[4..4 + prefix + size]) != u32::from_le_bytes(*stated) {
            return Err(DAMAGED);
        }
        let (kind, fields) = vint(header).ok_or(DAMAGED)?;
        let (flags, fields) = vint(fields).ok_or(DAMAGED)?;
        let (_, fields) = optional(fields, flags & 1 != 0)?;
        let (data, fields) = optional(fields, flags & 2 != 0)?;
        if kind == ENCRYPTION {
            surface.encrypted = true;
            return Ok(surface);
        }
        let own = vint(fields).map_or(0, |(own, _)| own);
        surface.split |= kind == MAIN && own & 1 != 0;
        surface.unread |= match kind {
            MAIN | FILE | END => false,
            SERVICE => !service(fields).is_some_and(|name| HARMLESS_SERVICES.contains(&name)),
            _ => true,
        };
        let data = usize::try_from(data).map_err(|_| TRUNCATED)?;
        at = at
            .checked_add(4 + prefix + size)
            .and_then(|at| at.checked_add(data))
            .filter(|at| *at <= archive.len())
            .ok_or(TRUNCATED)?;
        if kind == END {
            surface.split |= own & 1 != 0;
            surface.trailing = at < archive.len();
            return Ok(surface);
        }
    }
}

/// The name of a service, whose header is built like a file's.
fn service(fields: &[u8]) -> Option<&[u8]> {
    const TIME: u64 = 2;
    const CHECKSUM: u64 = 4;
    let (flags, fields) = vint(fields)?;
    let (_, fields) = vint(fields)?;
    let (_, fields) = vint(fields)?;
    let fixed = if flags & TIME == 0 { 0 } else { 4 } + if flags & CHECKSUM == 0 { 0 } else { 4 };
    let (_, fields) = vint(fields.get(fixed..)?)?;
    let (_, fields) = vint(fields)?;
    let (length, fields) = vint(fields)?;
    fields.get(..usize::try_from(length).ok()?)
}

fn optional(fields: &[u8], is_there: bool) -> Result<(u64, &[u8]), Fault> {
    if is_there {
        vint(fields).ok_or(DAMAGED)
    } else {
        Ok((0, fields))
    }
}

/// A number of seven bits a byte, the lowest first.
fn vint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(index).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

fn old_blocks(archive: &[u8]) -> Result<Surface, Fault> {
    const MAIN: u8 = 0x73;
    const FILE: u8 = 0x74;
    /// Blocks of RAR 2 that belong to the file before: streams, owners, attributes.
    const OLD_SERVICE: u8 = 0x77;
    const SERVICE: u8 = 0x7a;
    const END: u8 = 0x7b;
    let mut surface = Surface::default();
    let mut at = OLD.len();
    // Versions before 3 wrote no end block, so an archive may end behind any block.
    while at < archive.len() {
        let rest = &archive[at..];
        let head = rest.first_chunk::<7>().ok_or(TRUNCATED)?;
        let (kind, flags) = (head[2], u16::from_le_bytes([head[3], head[4]]));
        let size = usize::from(u16::from_le_bytes([head[5], head[6]]));
        let header = rest.get(..size).ok_or(TRUNCATED)?;
        if size < 7 || !(0x72..=0x7b).contains(&kind) {
            // Old programs take what follows for nothing of theirs.
            surface.trailing = true;
            return Ok(surface);
        }
        let mut data = 0;
        if flags & 0x8000 != 0 || kind == FILE || kind == SERVICE {
            data = u64::from(double(header, 7).ok_or(DAMAGED)?);
        }
        if flags & 0x100 != 0 && (kind == FILE || kind == SERVICE) {
            data |= u64::from(double(header, 32).ok_or(DAMAGED)?) << 32;
        }
        if (at == OLD.len()) != (kind == MAIN) {
            return Err(DAMAGED);
        }
        if kind == MAIN && flags & 0x80 != 0 {
            surface.encrypted = true;
            return Ok(surface);
        }
        surface.split |= kind == MAIN && flags & 1 != 0 || kind == FILE && flags & 3 != 0;
        surface.unread |= match kind {
            SERVICE => !old_service(header, flags & 0x100 != 0)
                .is_some_and(|name| HARMLESS_SERVICES.contains(&name)),
            MAIN | FILE | END => false,
            OLD_SERVICE => true,
            other => !is_true(header, other),
        };
        let data = usize::try_from(data).map_err(|_| TRUNCATED)?;
        at = (at + size)
            .checked_add(data)
            .filter(|at| *at <= archive.len())
            .ok_or(TRUNCATED)?;
        if kind == END {
            surface.split |= flags & 1 != 0;
            surface.trailing = at < archive.len();
            return Ok(surface);
        }
    }
    if at == OLD.len() {
        return Err(TRUNCATED);
    }
    Ok(surface)
}

/// Whether an old block that the decoder steps over is one, by its checksum. Without that, one
/// wrong byte could make such a block of a file.
fn is_true(header: &[u8], kind: u8) -> bool {
    const COMMENT: u8 = 0x75;
    let covered = if kind == COMMENT {
        header.get(..13)
    } else {
        Some(header)
    };
    covered.is_some_and(|block| crc32fast::hash(&block[2..]).to_le_bytes()[..2] == block[..2])
}

fn old_service(header: &[u8], wide: bool) -> Option<&[u8]> {
    let length = u16::from_le_bytes(*header.get(26..28)?.first_chunk()?);
    let start = if wide { 40 } else { 32 };
    header.get(start..start + usize::from(length))
}

fn double(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at + 4)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*field))
}
