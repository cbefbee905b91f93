//! CD images (ECMA-119, ISO 9660) with Joliet's second tree of names.
//!
//! Both trees are walked; they must show the same data. An image that also carries UDF could
//! show something else again to another system and is not taken for read.

mod tree;
mod volume;

use std::collections::{BTreeMap, BTreeSet};

use tree::{File, Tree};

use crate::kinds::Kind;
use crate::limits::Budget;
use crate::names;
use crate::report::{Category, Engine, Outcome};
use crate::seek::{Range, Seekable};
use crate::stream::{Fault, Feed, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const DAMAGED: &str = "iso-damaged";
const SECTOR: u64 = 2048;

/// Where data lies: its first byte and its length.
type Extent = (u64, u64);

/// What was read under a name.
struct Known<'t> {
    name: &'t str,
    kind: &'static Kind,
    size: u64,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let budget = walk.budget();
    let mut whole = Seekable::of(budget, stream)?;
    let roots = volume::roots(&mut whole)?;
    for (is_there, code) in [
        (roots.udf, "iso-udf"),
        (roots.has_other(), "iso-tree-not-supported"),
    ] {
        if is_there {
            let outcome = Outcome::Unsupported;
            walk.find(Engine::Container, outcome, code, place, "");
        }
    }
    let Some(plain) = roots.plain else {
        return if roots.udf {
            Ok(())
        } else {
            Err(Fault::Damaged(DAMAGED))
        };
    };
    let plain = Tree::read(budget, &mut whole, plain, false)?;
    let Some(joliet) = roots.joliet else {
        return read_files(walk, place, &mut whole, &plain).map(drop);
    };
    let joliet = Tree::read(budget, &mut whole, joliet, true)?;
    if data(&plain) != data(&joliet) {
        walk.find_ambiguous("iso-trees-differ", place, "");
    }
    // The longer names are the better ones.
    let known = read_files(walk, place, &mut whole, &joliet)?;
    for file in &plain.files {
        match known.get(file.pieces.as_slice()) {
            Some(known) => judge_short_name(walk, place, file, known),
            None => drop(read_file(walk, place, &mut whole, file)?),
        }
    }
    Ok(())
}

/// The data of all files, without names.
fn data<'t>(tree: &'t Tree<'_>) -> BTreeSet<&'t [Extent]> {
    let files = tree.files.iter().map(|file| file.pieces.as_slice());
    files.filter(|pieces| !pieces.is_empty()).collect()
}

fn read_files<'t>(
    walk: &mut Walk<'_>,
    place: &Place,
    whole: &mut Seekable<'_, '_, '_>,
    tree: &'t Tree<'_>,
) -> Result<BTreeMap<&'t [Extent], Known<'t>>, Fault> {
    let mut known = BTreeMap::new();
    for file in &tree.files {
        let kind = read_file(walk, place, whole, file)?;
        let read = Known {
            name: &file.name,
            kind,
            size: file.pieces.iter().map(|piece| piece.1).sum(),
        };
        known.insert(file.pieces.as_slice(), read);
    }
    Ok(known)
}

fn read_file(
    walk: &mut Walk<'_>,
    place: &Place,
    whole: &mut Seekable<'_, '_, '_>,
    file: &File,
) -> Result<&'static Kind, Fault> {
    let member = place.member(&file.name);
    walk.check_depth(&member)?;
    if names::escapes(&file.name) {
        walk.find_ambiguous("name-traversal", &member, "");
    }
    let mut pieces = Pieces {
        whole,
        budget: walk.budget(),
        rest: &file.pieces,
        at: 0,
    };
    walk.object(&member, &mut Stream::new(&mut pieces, Watch::new()))
}

/// What a system that does not know Joliet shows of a file that was read under another name.
fn judge_short_name(walk: &mut Walk<'_>, place: &Place, file: &File, known: &Known<'_>) {
    if file.name.eq_ignore_ascii_case(known.name) {
        return;
    }
    let member = place.member(&file.name);
    if names::escapes(&file.name) {
        walk.find_ambiguous("name-traversal", &member, "");
    }
    for (category, code) in names::judge(&file.name, known.kind, known.size) {
        if category != Category::TypeMismatch || !is_cut(&file.name, known.kind) {
            let outcome = Outcome::PolicyHit { category };
            walk.find(Engine::Type, outcome, code, &member, known.kind.media);
        }
    }
}

/// Whether a name's ending is what three letters leave of an honest one: `DOC` of `docx`.
fn is_cut(name: &str, kind: &Kind) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    let mut honest = kind.extensions.iter();
    ending.len() == 3 && honest.any(|whole| whole.starts_with(&ending))
}

/// The pieces of a file, one after another.
struct Pieces<'r, 'b, 'p, 's> {
    whole: &'r mut Seekable<'b, 'p, 's>,
    /// Files may lie over one another, so that little data makes a long walk.
    budget: &'r Budget,
    rest: &'r [Extent],
    at: u64,
}

impl Feed for Pieces<'_, '_, '_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.budget.check_time()?;
        while let Some(((start, length), rest)) = self.rest.split_first() {
            if self.at == *length {
                (self.rest, self.at) = (rest, 0);
                continue;
            }
            let mut range = Range::new(self.whole, start + self.at, length - self.at);
            let count = range.pull(buffer)?;
            self.at += count as u64;
            return Ok(count);
        }
        Ok(0)
    }
}
