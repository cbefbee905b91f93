//! Kinds of text.

use super::{Kind, table as k};

/// How much of a file is looked at to call it text.
const SAMPLE: usize = 8 << 10;
/// How many lines of a header are looked at for fields that only mail has.
const MOST_FIELDS: usize = 200;

pub fn is_text(kind: &Kind) -> bool {
    [
        &k::TEXT,
        &k::JSON,
        &k::XML,
        &k::HTML,
        &k::SVG,
        &k::SCRIPT,
        &k::VCARD,
        &k::CALENDAR,
    ]
    .into_iter()
    .chain([
        &k::PEM,
        &k::MAIL,
        &k::MBOX,
        &k::URL_SHORTCUT,
        &k::DESKTOP_ENTRY,
        &k::RTF,
        &k::POSTSCRIPT,
    ])
    .any(|text| text == kind)
}

/// What kind of text `head` is; none when it isn't text.
pub fn detect(head: &[u8]) -> Option<&'static Kind> {
    let text = decode(without_end(&head[..head.len().min(SAMPLE)]))?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower: String = start
        .chars()
        .take(2048)
        .collect::<String>()
        .to_ascii_lowercase();
    Some(by_start(start, &lower).unwrap_or(&k::TEXT))
}

fn by_start(start: &str, lower: &str) -> Option<&'static Kind> {
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    if begins(&[
        "#!/",
        "#! /",
        "<?php",
        "@echo ",
        "<job",
        "<package>",
        "<component",
        "<hta:",
    ]) {
        return Some(&k::SCRIPT);
    }
    if begins(&[
        "<?xml",
        "<!--",
        "<!doctype",
        "<svg",
        "<html",
        "<head",
        "<body",
        "<script",
        "<meta",
    ]) {
        return Some(markup(lower));
    }
    if begins(&["{\\rt"]) {
        return Some(&k::RTF);
    }
    if begins(&["[internetshortcut]"]) {
        return Some(&k::URL_SHORTCUT);
    }
    if begins(&["[desktop entry]"]) {
        return Some(&k::DESKTOP_ENTRY);
    }
    if begins(&["begin:vcard"]) {
        return Some(&k::VCARD);
    }
    if begins(&["begin:vcalendar"]) {
        return Some(&k::CALENDAR);
    }
    is_json(start).then_some(&k::JSON)
}

fn markup(lower: &str) -> &'static Kind {
    let first = |word: &str| lower.find(word).unwrap_or(usize::MAX);
    let (svg, html) = (first("<svg"), first("<html").min(first("<!doctype html")));
    if svg < html {
        return &k::SVG;
    }
    if html < usize::MAX
        || ["<head", "<body", "<script", "<meta"]
            .iter()
            .any(|tag| lower.starts_with(tag))
    {
        return &k::HTML;
    }
    &k::XML
}

/// Whether `head` begins with header fields, and among them at least `least` that mail has.
fn has_header(head: &[u8], least: usize) -> bool {
    let envelope = head.starts_with(b"From ");
    let mut known = 0;
    let mut others = 0;
    let lines = head
        .split(|byte| *byte == b'\n')
        .skip(usize::from(envelope));
    for line in lines.take(MOST_FIELDS) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            others += 1;
            continue;
        };
        let name = String::from_utf8_lossy(line[..colon].trim_ascii()).to_ascii_lowercase();
        known += usize::from(crate::mail::is_known(&name));
    }
    known >= least && others <= 1
}

/// Whether a message that was cut out of a mailbox begins as messages do.
pub fn begins_as_mail(head: &[u8]) -> bool {
    has_header(head, 1)
}

/// Mail by its header; what follows may be anything.
pub fn detect_mail(head: &[u8]) -> Option<&'static Kind> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let first = start.first()?;
    if !first.is_ascii_alphabetic() || !has_header(start, 2) {
        return None;
    }
    Some(if start.starts_with(b"From ") {
        &k::MBOX
    } else {
        &k::MAIL
    })
}

fn is_json(start: &str) -> bool {
    let mut symbols = start.chars().filter(|symbol| !symbol.is_whitespace());
    match (symbols.next(), symbols.next()) {
        (Some('{'), Some('"' | '}')) => true,
        (Some('['), Some(second)) => "{[\"]-0123456789tfn".contains(second),
        _ => false,
    }
}

/// The text of `sample`, if it is text: UTF-8, UTF-16, or some encoding in which bytes below
/// the blank are control characters, and none that text never has.
fn decode(sample: &[u8]) -> Option<String> {
    if let Some(units) = sample.strip_prefix(b"\xff\xfe") {
        return utf16(units, u16::from_le_bytes);
    }
    if let Some(units) = sample.strip_prefix(b"\xfe\xff") {
        return utf16(units, u16::from_be_bytes);
    }
    if !has_no_controls(sample) {
        return utf16_without_mark(sample);
    }
    Some(match std::str::from_utf8(sample) {
        Ok(text) => text.to_owned(),
        // The sample may end within a character.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&sample[..error.valid_up_to()]).into_owned()
        }
        Err(_) => sample.iter().copied().map(char::from).collect(),
    })
}

/// Whether these bytes, in any encoding that has ASCII in it, are without control characters
/// that text does not have.
pub fn has_no_controls(bytes: &[u8]) -> bool {
    !without_end(bytes).iter().any(|byte| is_control(*byte))
}

/// DOS wrote ^Z behind a text.
fn without_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., 0x1a] = bytes {
        bytes = rest;
    }
    bytes
}

/// UTF-16 in either order: every unit a character, and ASCII among them, if only blanks.
fn utf16_without_mark(sample: &[u8]) -> Option<String> {
    let orders: [fn([u8; 2]) -> u16; 2] = [u16::from_le_bytes, u16::from_be_bytes];
    let whole = sample.len().is_multiple_of(2);
    let mut texts = orders.into_iter().filter_map(|order| utf16(sample, order));
    texts.find(|text| {
        let ascii = text.chars().filter(char::is_ascii).count();
        whole && !text.contains('\u{fffd}') && ascii * 10 >= text.chars().count()
    })
}

fn utf16(units: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = units.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or('\u{fffd}'))
        .collect();
    let control = |c: char| u8::try_from(c).is_ok_and(is_control);
    (!text.contains(control)).then_some(text)
}

/// Control characters that text does not have; tab, line ends, form feed and escape it has.
const fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, 0x07..=0x0d | 0x1b)
}
