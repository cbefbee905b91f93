//! The streams of compound files as objects: attachments of Outlook messages under their
//! names, everything else under the name of its stream.

use super::cfb::Compound;
use crate::kinds::{self, Kind};
use crate::report::{Category, Engine, Outcome};
use crate::stream::{Fault, Rest, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// Longest name of an attachment, in bytes of its stream.
const LONGEST_NAME: u64 = 4096;
/// Longest packed text of a message.
const LONGEST_TEXT: u64 = 16 << 20;

/// MAPI properties ([MS-OXPROPS]) as streams of a message are named after them.
mod property {
    pub const DATA: &str = "__substg1.0_37010102";
    pub const EMBEDDED: &str = "__substg1.0_3701000D";
    pub const LONG_NAMES: [&str; 2] = ["__substg1.0_3707001F", "__substg1.0_3707001E"];
    pub const NAMES: [&str; 4] = [
        "__substg1.0_3704001F",
        "__substg1.0_3704001E",
        "__substg1.0_3001001F",
        "__substg1.0_3001001E",
    ];
    pub const RTF: &str = "__substg1.0_10090102";
    pub const HTML: &str = "__substg1.0_10130102";
}

/// Walks every stream of the file. `kind` is what its surface said it is.
pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    file: &mut Compound<'_, '_, '_, '_>,
    kind: &'static Kind,
) -> Result<(), Fault> {
    let message = kind == &kinds::MSG;
    for index in 0..file.entries().len() {
        let entry = &file.entries()[index];
        if !entry.is_stream {
            continue;
        }
        let own = entry.name.clone();
        if message && is_table(&file.path(index)) {
            continue;
        }
        if message && own == property::RTF {
            packed_text(walk, place, file, index)?;
        }
        let name = if message {
            message_name(file, index)
        } else {
            shown(&own, kind == &kinds::MSI)
        };
        let member = if own == property::HTML {
            place.unnamed(&name)
        } else {
            place.member(&name)
        };
        walk.check_depth(&member)?;
        if is_workbook(&own) && has_macro_sheet(file, index)? {
            let category = Category::Macro;
            let outcome = Outcome::PolicyHit { category };
            walk.find(Engine::Content, outcome, "office-macro", &member, "");
        }
        let packaged = own.eq_ignore_ascii_case("\u{1}Ole10Native");
        let mut content = match file.stream(index) {
            Ok(content) => content,
            Err(Fault::Damaged(code)) => {
                let outcome = Outcome::Unsupported;
                walk.find(Engine::Container, outcome, code, &member, "");
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let mut content = Stream::new(&mut content, Watch::new());
        if packaged && content.peek(4)?.len() == 4 {
            // Its length comes first.
            content.consume(4);
            super::package::object(walk, &member, &mut Rest(&mut content))?;
        } else {
            walk.object(&member, &mut content)?;
        }
    }
    Ok(())
}

fn is_workbook(name: &str) -> bool {
    name.eq_ignore_ascii_case("Workbook") || name.eq_ignore_ascii_case("Book")
}

/// What is damaged is told when the stream is walked.
fn has_macro_sheet(file: &mut Compound<'_, '_, '_, '_>, index: usize) -> Result<bool, Fault> {
    let mut content = match file.stream(index) {
        Ok(content) => content,
        Err(Fault::Damaged(_)) => return Ok(false),
        Err(fault) => return Err(fault),
    };
    super::biff::has_macro_sheet(&mut Stream::new(&mut content, Watch::new()))
}

/// Recipients and names of properties: many small streams that no program opens as files.
/// Their bytes were searched with the file's own.
fn is_table(path: &str) -> bool {
    path.split('/').any(|storage| {
        storage.starts_with("__recip_version1.0_") || storage == "__nameid_version1.0"
    })
}

/// The name that people see: an attachment's own, or what a stream is for.
fn message_name(file: &mut Compound<'_, '_, '_, '_>, index: usize) -> String {
    let own = file.entries()[index].name.clone();
    let path = file.path(index);
    let storages = path.strip_suffix(own.as_str()).unwrap_or_default();
    match own.as_str() {
        property::DATA => {
            let name = attachment_name(file, index).unwrap_or_else(|| "attachment".to_owned());
            format!("{}{name}", readable(storages))
        }
        property::HTML => format!("{}body.html", readable(storages)),
        _ => shown(&path, false),
    }
}

/// Storages of embedded messages in fewer characters.
fn readable(storages: &str) -> String {
    let mut shown = String::new();
    for storage in storages.split('/').filter(|storage| !storage.is_empty()) {
        if storage == property::EMBEDDED {
            shown.push_str("message/");
        }
    }
    shown
}

fn attachment_name(file: &mut Compound<'_, '_, '_, '_>, data: usize) -> Option<String> {
    let storage = file.entries()[data].parent?;
    let wanted = property::LONG_NAMES.iter().chain(&property::NAMES);
    for name in wanted {
        let found = file
            .entries()
            .iter()
            .position(|entry| entry.parent == Some(storage) && entry.name == *name);
        let Some(bytes) = found.and_then(|at| file.bytes(at, LONGEST_NAME).ok()) else {
            continue;
        };
        let text = if name.ends_with('F') {
            let units = bytes.as_chunks::<2>().0.iter();
            let units: Vec<u16> = units.map(|unit| u16::from_le_bytes(*unit)).collect();
            String::from_utf16_lossy(&units)
        } else {
            bytes.iter().copied().map(char::from).collect()
        };
        let text = text.trim_end_matches('\0');
        if !text.is_empty() {
            return Some(text.to_owned());
        }
    }
    None
}

/// The text of a message as RTF, unpacked.
fn packed_text(
    walk: &mut Walk<'_>,
    place: &Place,
    file: &mut Compound<'_, '_, '_, '_>,
    index: usize,
) -> Result<(), Fault> {
    let member = place.unnamed("body.rtf");
    let _lease = walk.budget().lease(file.entries()[index].size)?;
    let packed = file.bytes(index, LONGEST_TEXT)?;
    if let Some(text) = super::rtf::unpack(&packed, walk.budget())? {
        let mut content = text.as_slice();
        walk.object(&member, &mut Stream::new(&mut content, Watch::new()))?;
    } else {
        let outcome = Outcome::Unsupported;
        walk.find(Engine::Container, outcome, "rtf-damaged", &member, "");
    }
    Ok(())
}

/// A stream's name without the control characters that its format puts before it. Installers
/// write two characters of a name as one ([MS-CFB] knows nothing of it; Wine's `msi` does).
fn shown(name: &str, installer: bool) -> String {
    let mut plain = String::new();
    for symbol in name.chars() {
        let code = u32::from(symbol);
        match code {
            0x3800..0x4800 if installer => {
                plain.push(letter(code - 0x3800));
                plain.push(letter((code - 0x3800) >> 6));
            }
            0x4800..0x4840 if installer => plain.push(letter(code - 0x4800)),
            0x4840 if installer => {}
            _ if symbol.is_control() => {}
            _ => plain.push(symbol),
        }
    }
    if plain.is_empty() {
        "stream".to_owned()
    } else {
        plain
    }
}

fn letter(code: u32) -> char {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
    char::from(LETTERS[(code & 63) as usize])
}
