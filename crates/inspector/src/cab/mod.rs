//! Cabinets ([MS-CAB]): stored, MSZIP and LZX; the older Quantum is not read.
//!
//! Header, folders, files and the data of all folders must lie back to back and fill the
//! cabinet; so must the files in what their folder unpacks to.

mod data;
mod header;

use data::{Codec, Data};
use header::{Cabinet, File, Folder};

use crate::limits::Budget;
use crate::names;
use crate::report::{Engine, Outcome};
use crate::seek::Seekable;
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const DAMAGED: &str = "cab-damaged";
const TRUNCATED: &str = "cab-truncated";

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let budget = walk.budget();
    let mut whole = Seekable::of(budget, stream)?;
    let cabinet = header::read(&mut whole, budget.lease(0)?)?;
    if !is_filled(&mut whole, &cabinet, budget)? {
        walk.find_ambiguous("cab-gap", place, "");
    }
    let mut rest = cabinet.files.as_slice();
    for (index, folder) in cabinet.folders.iter().enumerate() {
        let own = rest.partition_point(|file| usize::from(file.folder) == index);
        let (files, others) = rest.split_at(own);
        rest = others;
        let (codec, _lease) = match Codec::new(folder.method, budget) {
            Ok(codec) => codec,
            Err(Fault::Damaged(code)) => {
                walk.find(Engine::Container, Outcome::Unsupported, code, place, "");
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let reserve = cabinet.block_reserve;
        let mut data = Data::new(&mut whole, budget, codec, folder, reserve);
        let mut content = Stream::new(&mut data, Watch::new());
        read_files(walk, place, files, &mut content)?;
    }
    Ok(())
}

/// Whether nothing is between the parts of the cabinet, nor twice a part of it.
fn is_filled(
    whole: &mut Seekable<'_, '_, '_>,
    cabinet: &Cabinet<'_>,
    budget: &Budget,
) -> Result<bool, Fault> {
    let [expected, begun, ended] = cabinet.listed;
    let mut folders: Vec<&Folder> = cabinet.folders.iter().collect();
    folders.retain(|folder| folder.blocks > 0);
    folders.sort_by_key(|folder| folder.start);
    let mut at = ended;
    for folder in folders {
        if folder.start != at {
            return Ok(false);
        }
        for _ in 0..folder.blocks {
            if at + 8 > cabinet.length {
                return Ok(false);
            }
            let head = whole.array_at::<8>(at, TRUNCATED)?;
            at += 8 + cabinet.block_reserve + u64::from(word(&head, 4));
            budget.check_time()?;
        }
    }
    Ok(begun == expected && at == cabinet.length)
}

/// The files of a folder must lie back to back in what it unpacks to.
fn read_files(
    walk: &mut Walk<'_>,
    place: &Place,
    files: &[File],
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

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
