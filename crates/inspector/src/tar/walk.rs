//! The walk over a tar archive.

use super::header::{self, BLOCK, Entry, Header, NotHeader};
use super::pax::{self, Records};
use crate::links::{From, Links};
use crate::names;
use crate::report::{Category, Engine, Level, Outcome};
use crate::stream::{Fault, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "tar-truncated";
/// Longest name or block of pax records that is believed.
const LONGEST_RECORDS: u64 = 60 << 10;
/// Above this a ustar size field can't hold the size, so that pax may replace it.
const LARGEST_OCTAL: u64 = 0o777_7777_7777;

/// What earlier entries said about the next one.
#[derive(Default)]
struct Next {
    name: Option<String>,
    target: Option<String>,
    records: Records,
}

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    let mut next = Next::default();
    let mut links = Links::default();
    while !stream.at_end()? {
        let block = stream.array::<BLOCK>(TRUNCATED)?;
        let header = match header::parse(&block) {
            Ok(header) => header,
            Err(NotHeader::Zero) => return trailer(stream),
            Err(NotHeader::Checksum) => return Err(Fault::Damaged("tar-wrong-checksum")),
            Err(NotHeader::Number) => return Err(Fault::Damaged("tar-damaged-header")),
        };
        match header.entry {
            Entry::Extended => {
                next.records = pax::parse(&records(stream, &header)?)
                    .ok_or(Fault::Damaged("tar-damaged-pax"))?;
            }
            Entry::LongName => next.name = Some(long_name(&records(stream, &header)?)),
            Entry::LongLink => next.target = Some(long_name(&records(stream, &header)?)),
            Entry::Global => global(stream, &header)?,
            _ => {
                let next = std::mem::take(&mut next);
                member(walk, place, stream, &header, next, &mut links)?;
            }
        }
    }
    Ok(())
}

/// After the first zero block everything must be zero, whatever the blocking factor.
fn trailer(stream: &mut Stream<'_>) -> Result<(), Fault> {
    loop {
        let chunk = stream.chunk()?;
        if chunk.iter().any(|byte| *byte != 0) {
            return Err(Fault::Ambiguous("tar-trailing-data"));
        }
        let length = chunk.len();
        if length == 0 {
            return Ok(());
        }
        stream.consume(length);
    }
}

fn records(stream: &mut Stream<'_>, header: &Header) -> Result<Vec<u8>, Fault> {
    if header.size > LONGEST_RECORDS {
        return Err(Fault::Damaged("tar-long-records"));
    }
    let bytes = stream.bytes(usize::try_from(header.size).unwrap_or(0), TRUNCATED)?;
    stream.skip(padding(header.size), TRUNCATED)?;
    Ok(bytes)
}

/// Global records may carry comments (git does); a global name or size would hide members.
fn global(stream: &mut Stream<'_>, header: &Header) -> Result<(), Fault> {
    let records = pax::parse(&records(stream, header)?).ok_or(Fault::Damaged("tar-damaged-pax"))?;
    if records != Records::default() {
        return Err(Fault::Ambiguous("tar-global-override"));
    }
    Ok(())
}

fn long_name(bytes: &[u8]) -> String {
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    stream: &mut Stream<'_>,
    header: &Header,
    next: Next,
    links: &mut Links,
) -> Result<(), Fault> {
    let own = || String::from_utf8_lossy(&header.name).into_owned();
    let name = next.records.path.or(next.name).unwrap_or_else(own);
    let member = place.member(&name);
    walk.check_depth(&member)?;
    let size = size(header, next.records.size)?;
    if size > 0 && !matches!(header.entry, Entry::File | Entry::Other) {
        // Some programs would skip bytes here, others would read them as the next header.
        return Err(Fault::Ambiguous("tar-size-conflict"));
    }
    if names::escapes(&name) {
        walk.find_ambiguous("name-traversal", &member, "");
    }
    if next.records.sparse {
        unsupported(walk, "tar-sparse-member", &member);
    }
    let own = || String::from_utf8_lossy(&header.target).into_owned();
    let target = next.records.target.or(next.target).unwrap_or_else(own);
    let stays = match header.entry {
        Entry::SymbolicLink => links.stays(&name, &target, From::Folder),
        Entry::HardLink => links.stays(&name, &target, From::Root),
        _ => !links.leads_through(&name),
    };
    if !stays {
        let level = Level::Medium;
        let outcome = Outcome::Suspicious { level };
        walk.find(Engine::Container, outcome, "link-member", &member, &target);
    }
    match header.entry {
        Entry::Device => {
            let category = Category::DeceptiveName;
            let outcome = Outcome::PolicyHit { category };
            walk.find(Engine::Container, outcome, "device-member", &member, "");
        }
        Entry::Other => unsupported(walk, "tar-unknown-member", &member),
        _ => {}
    }
    if size > 0 || header.entry == Entry::File {
        let mut window = Window::new(stream, size);
        walk.object(&member, &mut Stream::new(&mut window, Watch::new()))?;
        window.finish(TRUNCATED)?;
    } else {
        walk.budget().count_object(member.depth)?;
    }
    stream.skip(padding(size), TRUNCATED)
}

fn unsupported(walk: &mut Walk<'_>, code: &'static str, place: &Place) {
    walk.find(Engine::Container, Outcome::Unsupported, code, place, "");
}

/// The size of a member; two sizes that disagree would let programs see different members.
fn size(header: &Header, pax: Option<u64>) -> Result<u64, Fault> {
    match pax {
        None => Ok(header.size),
        Some(size) if size == header.size || size > LARGEST_OCTAL => Ok(size),
        Some(_) => Err(Fault::Ambiguous("tar-size-conflict")),
    }
}

const fn padding(size: u64) -> u64 {
    let block = BLOCK as u64;
    (block - size % block) % block
}
