//! Cabinets ([MS-CAB]): stored, MSZIP and LZX; the older Quantum is not read.

use flate2::{Decompress, FlushDecompress};
use lzxd::{Lzxd, WindowSize};

use crate::limits::{Budget, Lease};
use crate::names;
use crate::report::{Engine, Outcome};
use crate::seek::Seekable;
use crate::stream::{Fault, Feed, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const DAMAGED: &str = "cab-damaged";
const TRUNCATED: &str = "cab-truncated";
const PREVIOUS: u16 = 1;
const NEXT: u16 = 2;
const RESERVE: u16 = 4;
/// What a block unpacks to at most.
const BLOCK: usize = 32 << 10;
/// Length of the reserved area that says where a signature is.
const SIGNATURE: usize = 20;

struct Folder {
    start: u64,
    blocks: u16,
    method: u16,
}

struct File {
    name: String,
    folder: u16,
    start: u64,
    size: u64,
}

struct Cabinet {
    folders: Vec<Folder>,
    files: Vec<File>,
    /// Reserved bytes in every block's header.
    block_reserve: u64,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let budget = walk.budget();
    let mut whole = Seekable::of(budget, stream)?;
    let cabinet = read(&mut whole)?;
    for (index, folder) in cabinet.folders.iter().enumerate() {
        let mut files: Vec<&File> = cabinet
            .files
            .iter()
            .filter(|file| usize::from(file.folder) == index)
            .collect();
        files.sort_by_key(|file| file.start);
        let (codec, _lease) = match Codec::new(folder.method, budget) {
            Ok(codec) => codec,
            Err(Fault::Damaged(code)) => {
                walk.find(Engine::Container, Outcome::Unsupported, code, place, "");
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let mut data = Data {
            whole: &mut whole,
            budget,
            codec,
            at: folder.start,
            left: folder.blocks,
            reserve: cabinet.block_reserve,
            block: Vec::new(),
            given: 0,
            failed: None,
        };
        let mut content = Stream::new(&mut data, Watch::new());
        read_files(walk, place, &files, &mut content)?;
    }
    Ok(())
}

/// The files of a folder must lie back to back in what it unpacks to.
fn read_files(
    walk: &mut Walk<'_>,
    place: &Place,
    files: &[&File],
    content: &mut Stream<'_>,
) -> Result<(), Fault> {
    for file in files {
        let member = place.member(&file.name);
        walk.check_depth(&member)?;
        if names::escapes(&file.name) {
            walk.find_ambiguous("name-traversal", &member, "");
        }
        if file.start != content.position() {
            return Err(Fault::Ambiguous("cab-gap"));
        }
        let mut window = Window::new(content, file.size);
        walk.object(&member, &mut Stream::new(&mut window, Watch::new()))?;
        window.finish(TRUNCATED)?;
    }
    if !content.at_end()? {
        return Err(Fault::Ambiguous("cab-gap"));
    }
    Ok(())
}

fn read(whole: &mut Seekable<'_, '_, '_>) -> Result<Cabinet, Fault> {
    let head = whole.array_at::<36>(0, TRUNCATED)?;
    let flags = word(&head, 30);
    if flags & (PREVIOUS | NEXT) != 0 {
        return Err(Fault::Damaged("cab-split"));
    }
    let length = u64::from(double(&head, 8));
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
    let mut cabinet = Cabinet {
        folders: Vec::new(),
        files: Vec::new(),
        block_reserve,
    };
    for _ in 0..word(&head, 26) {
        let folder = whole.array_at::<8>(at, TRUNCATED)?;
        at += 8 + folder_reserve;
        cabinet.folders.push(Folder {
            start: u64::from(double(&folder, 0)),
            blocks: word(&folder, 4),
            method: word(&folder, 6),
        });
    }
    at = u64::from(double(&head, 16));
    for _ in 0..word(&head, 28) {
        let (file, next) = file(whole, at)?;
        if usize::from(file.folder) >= cabinet.folders.len() {
            return Err(Fault::Damaged(DAMAGED));
        }
        at = next;
        cabinet.files.push(file);
    }
    Ok(cabinet)
}

fn file(whole: &mut Seekable<'_, '_, '_>, at: u64) -> Result<(File, u64), Fault> {
    const UTF8: u16 = 0x80;
    let head = whole.array_at::<16>(at, TRUNCATED)?;
    let mut name = vec![0; 257];
    let count = whole.read_at(at + 16, &mut name)?;
    let length = name[..count].iter().position(|byte| *byte == 0);
    let raw = &name[..length.ok_or(Fault::Damaged(DAMAGED))?];
    let utf8 = word(&head, 14) & UTF8 != 0;
    let name = match std::str::from_utf8(raw) {
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

enum Codec {
    Stored,
    /// What went before, at most 32 KiB.
    MsZip(Vec<u8>),
    Lzx(Box<Lzxd>),
}

impl Codec {
    fn new(method: u16, budget: &Budget) -> Result<(Self, Lease<'_>), Fault> {
        let lease = budget.lease(4 * BLOCK as u64)?;
        let codec = match method & 0x000f {
            0 => Self::Stored,
            1 => Self::MsZip(Vec::new()),
            3 => {
                let mut lease = lease;
                let window = match method >> 8 & 0x1f {
                    15 => WindowSize::KB32,
                    16 => WindowSize::KB64,
                    17 => WindowSize::KB128,
                    18 => WindowSize::KB256,
                    19 => WindowSize::KB512,
                    20 => WindowSize::MB1,
                    21 => WindowSize::MB2,
                    _ => return Err(Fault::Damaged(DAMAGED)),
                };
                lease.grow(4 << 20)?;
                return Ok((Self::Lzx(Box::new(Lzxd::new(window))), lease));
            }
            _ => return Err(Fault::Damaged("cab-method-not-supported")),
        };
        Ok((codec, lease))
    }

    /// Unpacks one block.
    fn unpack(&mut self, packed: &[u8], length: usize) -> Option<Vec<u8>> {
        match self {
            Self::Stored => Some(packed.to_vec()),
            Self::MsZip(past) => {
                let mut raw = Decompress::new(false);
                if !past.is_empty() {
                    raw.set_dictionary(past).ok()?;
                }
                let mut block = vec![0; length];
                let packed = packed.strip_prefix(b"CK")?;
                raw.decompress(packed, &mut block, FlushDecompress::Finish)
                    .ok()?;
                block.truncate(usize::try_from(raw.total_out()).ok()?);
                past.extend_from_slice(&block);
                let old = past.len().saturating_sub(BLOCK);
                past.drain(..old);
                Some(block)
            }
            Self::Lzx(state) => state
                .decompress_next(packed, length)
                .ok()
                .map(<[u8]>::to_vec),
        }
    }
}

/// What the blocks of one folder unpack to.
struct Data<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    budget: &'b Budget,
    codec: Codec,
    at: u64,
    left: u16,
    reserve: u64,
    block: Vec<u8>,
    given: usize,
    failed: Option<&'static str>,
}

impl Data<'_, '_, '_, '_> {
    fn next(&mut self) -> Result<(), Fault> {
        let head = self.whole.array_at::<8>(self.at, TRUNCATED)?;
        let (length, unpacked) = (word(&head, 4), usize::from(word(&head, 6)));
        if unpacked == 0 || unpacked > BLOCK {
            return Err(Fault::Damaged("cab-split"));
        }
        let mut packed = vec![0; usize::from(length)];
        self.whole
            .fill_at(self.at + 8 + self.reserve, &mut packed, TRUNCATED)?;
        self.at += 8 + self.reserve + u64::from(length);
        self.left -= 1;
        let block = self.codec.unpack(&packed, unpacked);
        self.block = block
            .filter(|block| block.len() == unpacked)
            .ok_or(Fault::Damaged(DAMAGED))?;
        self.given = 0;
        self.budget.count_unpacked(unpacked as u64)
    }
}

impl Feed for Data<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        while self.given == self.block.len() {
            if self.left == 0 {
                return Ok(0);
            }
            if let Some(code) = self.failed {
                return Err(Fault::Damaged(code));
            }
            self.next().inspect_err(|fault| {
                if let Fault::Damaged(code) = fault {
                    self.failed = Some(code);
                }
            })?;
        }
        let some = &self.block[self.given..];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.given += count;
        Ok(count)
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
