//! Compressors of one content: bzip2, xz, lzma, lzip, zstd, lz4 and compress.
//!
//! What several packed pieces behind one another unpack to is one content, as the usual
//! programs do it; anything else behind them is a finding.

mod bzip2;
mod lz4;
mod lzma;
mod lzw;
mod zstd;

pub use lzma::{lzma2_window, model as lzma_model};

use std::io::Read;

use crate::bridge::{Input, Unpacked};
use crate::kinds::Pack;
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// Endings and what is left of a name when its content is unpacked.
static ENDINGS: &[(&str, &str)] = &[
    (".tgz", ".tar"),
    (".tbz2", ".tar"),
    (".tbz", ".tar"),
    (".txz", ".tar"),
    (".tlz", ".tar"),
    (".tzst", ".tar"),
    (".taz", ".tar"),
    (".svgz", ".svg"),
    (".gz", ""),
    (".bz2", ""),
    (".xz", ""),
    (".lzma", ""),
    (".lz", ""),
    (".zst", ""),
    (".lz4", ""),
    (".z", ""),
];

/// The name of the content of a packed file of this name.
pub fn unpacked_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS
        .iter()
        .find(|(ending, _)| lower.ends_with(ending) && lower.len() > ending.len());
    match ending.and_then(|(ending, left)| Some((name.get(..name.len() - ending.len())?, left))) {
        Some((stem, left)) => format!("{stem}{left}"),
        None => "content".to_owned(),
    }
}

pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    pack: Pack,
) -> Result<(), Fault> {
    let inner = place.member(&unpacked_name(&place.name));
    walk.check_depth(&inner)?;
    let budget = walk.budget();
    match pack {
        Pack::Bzip2 => unpack(walk, &inner, stream, "bzip2-damaged", |input| {
            Ok(bzip2::Decoder::new(input))
        }),
        Pack::Xz => {
            // Later blocks may want larger windows than the first one.
            let first = lzma::xz_memory(stream)?;
            let memory = first.max(lzma::USUAL_XZ.min(budget.memory_left()));
            let _lease = budget.lease(memory)?;
            unpack(walk, &inner, stream, "xz-damaged", |input| {
                Ok(lzma::xz(input, memory))
            })
        }
        Pack::Lzip => unpack(walk, &inner, stream, "lzip-damaged", |input| {
            lzma::Lzip::new(input, budget)
        }),
        Pack::Lzma => {
            let _lease = budget.lease(lzma::alone_memory(stream)?)?;
            unpack(walk, &inner, stream, "lzma-damaged", lzma::alone)
        }
        Pack::Zstd => unpack(walk, &inner, stream, "zstd-damaged", |input| {
            Ok(zstd::Decoder::new(input, budget))
        }),
        Pack::Lz4 => {
            let _lease = budget.lease(lz4::MOST_MEMORY)?;
            unpack(walk, &inner, stream, "lz4-damaged", |input| {
                Ok(lz4::Decoder::new(input))
            })
        }
        Pack::Compress => unpack(walk, &inner, stream, "compress-damaged", lzw::Decoder::new),
    }?;
    if !stream.at_end()? {
        walk.find_ambiguous("packed-trailing-data", place, "");
    }
    Ok(())
}

fn unpack<'p, 's, R: Read>(
    walk: &mut Walk<'_>,
    inner: &Place,
    stream: &'p mut Stream<'s>,
    code: &'static str,
    decoder: impl FnOnce(Input<'p, 's>) -> Result<R, Fault>,
) -> Result<(), Fault> {
    let decoder = decoder(Input(stream))?;
    let mut unpacked = Unpacked::new(decoder, walk.budget(), code);
    walk.object(inner, &mut Stream::new(&mut unpacked, Watch::new()))?;
    if unpacked.failed() {
        // The finding is there; what is behind the damage can't be told from trailing data.
        return Err(Fault::Damaged(code));
    }
    Ok(())
}
