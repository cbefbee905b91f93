//! Office documents that are encrypted as a whole ([MS-OFFCRYPTO] 2.3.4): a compound file with
//! two streams, of which one says how and the other is the document.

mod info;
mod key;
mod package;
mod xml;

use crate::content::Compound;
use crate::report::{Engine, How, Outcome};
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;
use info::Info;
use key::Key;
use package::Package;

/// Passwords that Office tries by itself: of Excel's protected workbooks, and of PowerPoint.
const KNOWN: [&str; 2] = ["VelvetSweatshop", "/01Hannes Ruescher/01"];
/// Longest description of how a document is encrypted.
const LONGEST_INFO: u64 = 64 << 10;
/// Bytes before the encrypted document: its length.
const LENGTH: usize = 8;

/// Opens the document in an encrypted one and walks it; false if no password is right.
pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    file: &mut Compound<'_, '_, '_, '_>,
) -> Result<bool, Fault> {
    let stream = |file: &Compound<'_, '_, '_, '_>, name: &str| {
        file.entries().iter().position(|entry| {
            entry.parent == Some(0) && entry.is_stream && entry.name.eq_ignore_ascii_case(name)
        })
    };
    let streams = stream(file, "EncryptionInfo").zip(stream(file, "EncryptedPackage"));
    let Some((info, package)) = streams else {
        return Ok(false);
    };
    if file.entries()[info].size > LONGEST_INFO {
        return Ok(false);
    }
    let Some(info) = Info::parse(&file.bytes(info, LONGEST_INFO)?) else {
        return Ok(false);
    };
    let Some((key, how)) = open(walk, &info)? else {
        return Ok(false);
    };
    let mut source = file.stream(package)?;
    let mut length = [0; LENGTH];
    package::fill(&mut source, &mut length)?;
    let mut content = Package::new(&mut source, key, length);
    // The document is what people see under this name.
    let member = place.member(&place.name).opened(how);
    walk.check_depth(&member)?;
    walk.object(&member, &mut Stream::new(&mut content, Watch::new()))?;
    if !content.verify()? {
        let (outcome, name) = (Outcome::Unsupported, "office-authentication-failed");
        walk.find(Engine::Container, outcome, name, &member, "");
    }
    Ok(true)
}

/// Finds the password.
fn open(walk: &Walk<'_>, info: &Info) -> Result<Option<(Key, How)>, Fault> {
    for (password, how) in walk.passwords().beside(&KNOWN) {
        if let Some(key) = Key::open(info, password, walk.budget())? {
            return Ok(Some((key, how)));
        }
    }
    Ok(None)
}

/// Whether a description of how a document is encrypted is understood.
pub fn is_known(info: &[u8]) -> bool {
    Info::parse(info).is_some()
}
