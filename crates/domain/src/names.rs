//! Names of files as other people's systems can take them.

/// Names that Windows reserves for devices, with or without an ending
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Tells whether a character changes the reading direction or is invisible, and so can make a name lie.
fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}'
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
    let trimmed = cleaned.trim_matches(is_edge);
    let name = if trimmed.is_empty() { "_" } else { trimmed };
    let name = shorten(name, MAX);
    if is_device(&name) {
        format!("_{}", shorten(&name, MAX - 1))
    } else {
        name
    }
}

/// The most bytes of a safe name.
const MAX: usize = 200;

/// What no name begins or ends with.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.trim_end().to_lowercase();
    let port = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
    let numbered = port.is_some_and(|number| {
        let mut digits = number.chars();
        let digit = digits
            .next()
            .is_some_and(|c| matches!(c, '1'..='9' | '¹' | '²' | '³'));
        digit && digits.next().is_none()
    });
    numbered || DEVICES.contains(&stem.as_str())
}

/// Cuts a name to `max` bytes; keeps its ending, and leaves nothing at its end that no name ends with.
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
    let short = format!("{}{extension}", &stem[..end]);
    short.trim_end_matches(is_edge).to_owned()
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
            ("COM¹.txt", "_COM¹.txt"),
            ("com10", "com10"),
            (" . ", "_"),
            ("", "_"),
            ("a\r\nb", "ab"),
            ("žluť.txt", "žluť.txt"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        let long = safe_name(&format!("{}.tar", "é".repeat(300)));
        assert!(long.len() <= 200 && long.strip_suffix(".tar").is_some());
        let cut_at_a_space = safe_name(&format!("con{}x", " ".repeat(220)));
        assert_eq!(cut_at_a_space, "_con");
        let cut_at_a_dot = safe_name(&format!("{}. {}", "a".repeat(198), "b".repeat(30)));
        assert_eq!(cut_at_a_dot, "a".repeat(198));
    }
}
