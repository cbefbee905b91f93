//! Names of files as other people's systems can take them.

/// Names that Windows reserves for devices.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Tells whether a character changes the reading direction or is invisible, and so can make a name lie.
fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}'
    )
}

/// Returns a single name (no folders) that every common system can store and that shows what it is:
/// no control or direction characters, none that Windows forbids, no leading or trailing dots or spaces,
/// no device name, at most 200 bytes with the extension kept.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .filter(|c| !c.is_control() && !misleads(*c))
        .map(|c| {
            if matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let trimmed = cleaned.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let name = if trimmed.is_empty() { "_" } else { trimmed };
    let stem = name
        .split('.')
        .next()
        .unwrap_or(name)
        .trim_end()
        .to_lowercase();
    let name = if RESERVED.contains(&stem.as_str()) {
        format!("_{name}")
    } else {
        name.to_owned()
    };
    shorten(&name, 200)
}

fn shorten(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 20 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut end = max - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe() {
        for (name, safe) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\"b\\c.txt", "a_b_c.txt"),
            ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            (" . ", "_"),
            ("", "_"),
            ("a\r\nb", "ab"),
            ("žluť.txt", "žluť.txt"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        let long = safe_name(&format!("{}.tar", "é".repeat(300)));
        assert!(long.len() <= 200 && long.strip_suffix(".tar").is_some());
    }
}
