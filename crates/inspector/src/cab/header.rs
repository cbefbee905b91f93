//! What a cabinet says that it holds.

use super::{DAMAGED, TRUNCATED, double, word};
use crate::limits::Lease;
use crate::seek::Seekable;
use crate::stream::Fault;

const PREVIOUS: u16 = 1;
const NEXT: u16 = 2;
const RESERVE: u16 = 4;
/// Length of the reserved area that says where a signature is.
const SIGNATURE: usize = 20;

pub struct Folder {
    pub start: u64,
    pub blocks: u16,
    pub method: u16,
}

pub struct File {
    pub name: String,
    pub folder: u16,
    pub start: u64,
    pub size: u64,
}

pub struct Cabinet<'b> {
    pub folders: Vec<Folder>,
    /// By folder, then by place in it.
    pub files: Vec<File>,
    /// Where the list of files should begin, where it does, and where it ends.
    pub listed: [u64; 3],
    pub length: u64,
    /// Reserved bytes in every block's header.
    pub block_reserve: u64,
    memory: Lease<'b>,
}

pub fn read<'b>(whole: &mut Seekable<'_, '_, '_>, memory: Lease<'b>) -> Result<Cabinet<'b>, Fault> {
    let head = whole.array_at::<36>(0, TRUNCATED)?;
    if head[24..26] != [3, 1] {
        return Err(Fault::Damaged("cab-version-not-supported"));
    }
    let flags = word(&head, 30);
    if flags & (PREVIOUS | NEXT) != 0 {
        return Err(Fault::Damaged("cab-split"));
    }
    let mut at = 36;
    let (mut folder_reserve, mut block_reserve, mut signature) = (0, 0, None);
    if flags & RESERVE != 0 {
        let sizes = whole.array_at::<4>(at, TRUNCATED)?;
        at += 4;
        folder_reserve = u64::from(sizes[2]);
        block_reserve = u64::from(sizes[3]);
        if usize::from(word(&sizes, 0)) == SIGNATURE {
            let area = whole.array_at::<SIGNATURE>(at, TRUNCATED)?;
            signature = Some((u64::from(double(&area, 4)), u64::from(double(&area, 8))));
        }
        at += u64::from(word(&sizes, 0));
    }
    let length = u64::from(double(&head, 8));
    check_end(whole, length, signature)?;
    // Some programs take a cabinet with anything else here for none.
    if [4, 12, 20].iter().any(|at| double(&head, *at) != 0) {
        return Err(Fault::Ambiguous("cab-reserved-bytes"));
    }
    let begun = u64::from(double(&head, 16));
    let mut cabinet = Cabinet {
        folders: Vec::new(),
        files: Vec::new(),
        listed: [0, begun, begun],
        length,
        block_reserve,
        memory,
    };
    let folders = usize::from(word(&head, 26));
    // Themselves, and in the order of their data.
    let bytes = folders * (size_of::<Folder>() + size_of::<&Folder>());
    cabinet.memory.grow(bytes as u64)?;
    cabinet.folders.reserve_exact(folders);
    for _ in 0..folders {
        let folder = whole.array_at::<8>(at, TRUNCATED)?;
        at += 8 + folder_reserve;
        cabinet.folders.push(Folder {
            start: u64::from(double(&folder, 0)),
            blocks: word(&folder, 4),
            method: word(&folder, 6),
        });
    }
    cabinet.listed[0] = at;
    read_list(whole, &mut cabinet, word(&head, 28))?;
    Ok(cabinet)
}

/// Nothing but a signature may follow the cabinet.
fn check_end(
    whole: &mut Seekable<'_, '_, '_>,
    length: u64,
    signature: Option<(u64, u64)>,
) -> Result<(), Fault> {
    if length > whole.length() {
        return Err(Fault::Damaged(TRUNCATED));
    }
    let signed = signature.is_some_and(|(offset, size)| {
        offset == length && offset.saturating_add(size) == whole.length()
    });
    if length < whole.length()
        && !(signed && whole.array_at::<2>(length, TRUNCATED)? == [0x30, 0x82])
    {
        return Err(Fault::Ambiguous("cab-trailing-data"));
    }
    Ok(())
}

fn read_list(
    whole: &mut Seekable<'_, '_, '_>,
    cabinet: &mut Cabinet<'_>,
    count: u16,
) -> Result<(), Fault> {
    let bytes = size_of::<File>() * usize::from(count);
    cabinet.memory.grow(bytes as u64)?;
    cabinet.files = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (file, next) = file(whole, cabinet.listed[2])?;
        if usize::from(file.folder) >= cabinet.folders.len() {
            return Err(Fault::Damaged(DAMAGED));
        }
        cabinet.memory.grow(file.name.capacity() as u64)?;
        cabinet.listed[2] = next;
        cabinet.files.push(file);
    }
    // Empty files lie where the next one begins.
    let place = |file: &File| (file.folder, file.start, file.size);
    cabinet.files.sort_by_key(place);
    Ok(())
}

fn file(whole: &mut Seekable<'_, '_, '_>, at: u64) -> Result<(File, u64), Fault> {
    const UTF8: u16 = 0x80;
    let head = whole.array_at::<16>(at, TRUNCATED)?;
    let raw = name_at(whole, at + 16)?;
    let utf8 = word(&head, 14) & UTF8 != 0;
    let name = match std::str::from_utf8(&raw) {
        Ok(text) if utf8 || raw.is_ascii() => text.to_owned(),
        _ => raw.iter().copied().map(char::from).collect(),
    };
    let next = at + 16 + raw.len() as u64 + 1;
    let file = File {
        name: name.replace('\\', "/"),
        folder: word(&head, 8),
        start: u64::from(double(&head, 4)),
        size: u64::from(double(&head, 0)),
    };
    Ok((file, next))
}

/// The bytes before the next zero, of which there may be 256.
fn name_at(whole: &mut Seekable<'_, '_, '_>, at: u64) -> Result<Vec<u8>, Fault> {
    let mut name = vec![0; 257];
    let mut count = 0;
    loop {
        let more = whole.read_at(at + count as u64, &mut name[count..])?;
        if more == 0 {
            return Err(Fault::Damaged(DAMAGED));
        }
        let end = name[count..count + more].iter().position(|byte| *byte == 0);
        if let Some(end) = end {
            name.truncate(count + end);
            return Ok(name);
        }
        count += more;
    }
}
