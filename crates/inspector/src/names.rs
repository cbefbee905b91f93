//! Names that mislead people or programs.

use crate::kinds::{self, Format, Kind, Risk};
use crate::report::Category;

/// Longest path shown, in characters.
const LONGEST_PATH: usize = 400;

/// Endings that systems run or mount when somebody opens the file
/// (Outlook's list of blocked attachments and disk images).
static DANGEROUS: &[&str] = &[
    "ade",
    "adp",
    "app",
    "application",
    "appref-ms",
    "appx",
    "apk",
    "chm",
    "cnt",
    "com",
    "cpl",
    "der",
    "diagcab",
    "dll",
    "exe",
    "fxp",
    "gadget",
    "grp",
    "hlp",
    "hpj",
    "inf",
    "ins",
    "iso",
    "img",
    "isp",
    "its",
    "jar",
    "jnlp",
    "library-ms",
    "lnk",
    "mad",
    "mcf",
    "mda",
    "mdb",
    "mde",
    "mdt",
    "mdw",
    "mdz",
    "msc",
    "msi",
    "msix",
    "msp",
    "mst",
    "msu",
    "ops",
    "osd",
    "pcd",
    "pif",
    "plg",
    "prf",
    "prg",
    "printerexport",
    "pst",
    "pyc",
    "pyo",
    "pyz",
    "pyzw",
    "reg",
    "scf",
    "scr",
    "search-ms",
    "settingcontent-ms",
    "shb",
    "shs",
    "sys",
    "theme",
    "udl",
    "url",
    "vbp",
    "vhd",
    "vhdx",
    "vsmacros",
    "vsw",
    "webpnp",
    "website",
    "wim",
    "wsb",
    "xbap",
    "xll",
    "xnk",
];

/// Endings of text that some interpreter runs when somebody opens the file.
static SCRIPTS: &[&str] = &[
    "asp", "bas", "bash", "bat", "cdxml", "cmd", "command", "csh", "hta", "htc", "js", "jse",
    "ksh", "mjs", "msh", "msh1", "msh2", "mshxml", "php", "pl", "ps1", "ps1xml", "ps2", "ps2xml",
    "psc1", "psc2", "psd1", "psdm1", "psm1", "pssc", "py", "pyw", "rb", "sct", "sh", "vb", "vbe",
    "vbs", "ws", "wsc", "wsf", "wsh", "zsh",
];

/// Device names that Windows reserves, with or without an ending.
static DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// Everything that can be said of the name of an object of a kind.
pub fn judge(name: &str, kind: &Kind, size: u64) -> Vec<(Category, &'static str)> {
    let mut found = Vec::new();
    if name.chars().any(is_bidi_control) {
        found.push((Category::DeceptiveName, "name-bidi-control"));
    }
    if name.chars().any(char::is_control) {
        found.push((Category::DeceptiveName, "name-control-character"));
    }
    if components(name).any(is_device) {
        found.push((Category::DeceptiveName, "name-device"));
    }
    let last = components(name).last().unwrap_or_default();
    let endings = endings(last);
    let Some(ending) = endings.last().map(String::as_str) else {
        return found;
    };
    if DANGEROUS.contains(&ending) {
        found.push((Category::FileType, "name-dangerous-extension"));
    }
    if SCRIPTS.contains(&ending) {
        found.push((Category::FileType, "name-script-extension"));
    }
    if is_double(&endings) {
        found.push((Category::DeceptiveName, "name-double-extension"));
    }
    // What macOS puts beside a file bears the file's ending.
    let beside = kind == &kinds::APPLE_DOUBLE && last.starts_with("._");
    if size > 0 && !beside && mismatches(ending, kind) {
        let code = if kind.risk == Risk::Executable {
            "type-executable-in-disguise"
        } else {
            "type-mismatch"
        };
        found.push((Category::TypeMismatch, code));
    }
    found
}

/// Whether unpacking a member of this name could write outside the chosen folder.
pub fn escapes(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    name.starts_with(['/', '\\']) || drive || components(name).any(|part| part == "..")
}

/// The path of a member, for people; bounded, and the end is what is kept.
pub fn join(container: &str, member: &str) -> String {
    let path = format!("{container}/{}", displayable(member.trim_matches('/')));
    let length = path.chars().count();
    if length <= LONGEST_PATH {
        return path;
    }
    let tail: String = path.chars().skip(length - LONGEST_PATH).collect();
    format!("…{tail}")
}

/// A text without characters that could deceive or break the place where it is shown.
pub fn displayable(text: &str) -> String {
    text.chars()
        .take(LONGEST_PATH)
        .flat_map(|symbol| {
            let hidden = symbol.is_control() || is_bidi_control(symbol);
            let escaped: Vec<char> = if hidden {
                symbol.escape_unicode().collect()
            } else {
                vec![symbol]
            };
            escaped
        })
        .collect()
}

fn components(name: &str) -> impl Iterator<Item = &str> {
    name.split(['/', '\\']).filter(|part| !part.is_empty())
}

/// The ending of a name's last part, lowercase.
pub fn ending(name: &str) -> Option<String> {
    endings(components(name).last()?).pop()
}

/// The last two endings of a name, lowercase, as Windows sees them: without trailing dots,
/// spaces and stream names.
fn endings(name: &str) -> Vec<String> {
    let name = name
        .split(':')
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' ']);
    let endings: Vec<&str> = name.split('.').skip(1).collect();
    let from = endings.len().saturating_sub(2);
    endings[from..]
        .iter()
        .map(|ending| ending.trim().to_lowercase())
        .collect()
}

/// `invoice.pdf.exe`: a harmless ending that people see, a harmful one that systems obey.
fn is_double(endings: &[String]) -> bool {
    let [shown, obeyed] = endings else {
        return false;
    };
    !is_run(shown) && kinds::announces(shown) && is_run(obeyed)
}

/// Whether opening a file with this ending runs it.
fn is_run(ending: &str) -> bool {
    DANGEROUS.contains(&ending) || SCRIPTS.contains(&ending)
}

/// Whether a name ending promises another kind than the content is.
fn mismatches(ending: &str, kind: &Kind) -> bool {
    if kind.extensions.contains(&ending) || !kinds::announces(ending) {
        // A program under a name that promises nothing is still in disguise.
        return !kind.extensions.contains(&ending)
            && is_program(kind)
            && !is_run(ending)
            && !ending_is_version(ending);
    }
    let promises_text = kinds::all().any(|k| k.is_text() && k.extensions.contains(&ending));
    let promises_zip = ending == "zip" && kind.format == Format::Zip;
    // Some texts can't be told from other content, and a sealed one is letters.
    let may_be_text = kind.is_text() || [&kinds::RAW, &kinds::PGP_ARMOUR].contains(&kind);
    !(may_be_text && promises_text || promises_zip)
}

fn is_program(kind: &Kind) -> bool {
    kind.risk == Risk::Executable && matches!(kind.format, Format::Opaque | Format::Program)
}

/// `libfoo.so.1`, `tool-2.0`.
fn ending_is_version(ending: &str) -> bool {
    !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_device(part: &str) -> bool {
    let stem = part
        .split(['.', ':'])
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut symbols = rest.chars();
            let number = symbols
                .next()
                .is_some_and(|n| n.is_ascii_digit() || "¹²³".contains(n));
            number && symbols.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Characters that change the direction in which text is shown, and invisible marks.
const fn is_bidi_control(symbol: char) -> bool {
    matches!(symbol, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

#[cfg(test)]
mod tests;
