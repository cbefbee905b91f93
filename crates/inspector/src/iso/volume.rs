//! The descriptors at the beginning of an image.

use super::{DAMAGED, Extent, SECTOR, tree};
use crate::seek::Seekable;
use crate::stream::Fault;

const FIRST: u64 = 16;
/// Descriptors that are looked at.
const MOST: u64 = 64;
const HIDDEN: Fault = Fault::Ambiguous("iso-hidden-descriptor");

/// The root folders that the descriptors name.
#[derive(Default)]
pub struct Roots {
    pub plain: Option<Extent>,
    pub joliet: Option<Extent>,
    /// Those of trees that are not Joliet's.
    others: Vec<Extent>,
    pub udf: bool,
    ended: bool,
}

impl Roots {
    /// Whether there is a tree that is neither of the two; a newer kind of descriptor
    /// (ISO 9660:1999) usually names the plain one once more.
    pub(crate) fn has_other(&self) -> bool {
        self.others.iter().any(|other| Some(*other) != self.plain)
    }

    fn add(&mut self, descriptor: &[u8; 190]) -> Result<(), Fault> {
        match descriptor[0] {
            1 if self.plain.is_some() => return Err(Fault::Ambiguous("iso-two-volumes")),
            1 => self.plain = Some(root(descriptor)?),
            2 if matches!(&descriptor[88..91], b"%/@" | b"%/C" | b"%/E") => {
                if self.joliet.is_some() {
                    return Err(Fault::Ambiguous("iso-two-volumes"));
                }
                self.joliet = Some(root(descriptor)?);
            }
            2 => self.others.push(root(descriptor)?),
            255 => self.ended = true,
            _ => {}
        }
        Ok(())
    }
}

/// Reads the descriptors up to the one that ends them, behind which some programs look on.
pub fn roots(whole: &mut Seekable<'_, '_, '_>) -> Result<Roots, Fault> {
    let mut roots = Roots::default();
    for sector in FIRST..FIRST + MOST {
        if (sector + 1) * SECTOR > whole.length() {
            break;
        }
        let head = whole.array_at::<190>(sector * SECTOR, DAMAGED)?;
        match &head[1..6] {
            b"CD001" if roots.ended && head[0] != 255 => return Err(HIDDEN),
            b"CD001" => roots.add(&head)?,
            b"BEA01" | b"NSR02" | b"NSR03" | b"TEA01" | b"BOOT2" => roots.udf = true,
            _ if roots.ended => break,
            _ if roots.plain.is_some() => return Err(HIDDEN),
            _ => {}
        }
    }
    if roots.plain.is_some() && !roots.ended {
        return Err(HIDDEN);
    }
    Ok(roots)
}

/// The root folder of a descriptor, whose blocks must be sectors.
fn root(descriptor: &[u8; 190]) -> Result<Extent, Fault> {
    let block = u16::from_le_bytes([descriptor[128], descriptor[129]]);
    if u64::from(block) != SECTOR {
        return Err(Fault::Damaged("iso-block-size-not-supported"));
    }
    tree::extent(&descriptor[156..])
}
