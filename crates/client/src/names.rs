//! Names from other people, made fit for this machine's disk and terminal.

/// The longest name that common file systems hold, in bytes.
const LONGEST: usize = 255;
/// Room for the ending of an unfinished file.
const SPARE: usize = 8;

/// Characters that change the reading direction or are invisible: with them a name can lie.
fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}'
    )
}

/// Returns a name as it may be shown on a terminal.
pub(crate) fn printable(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_control() || misleads(c) {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

/// Splits a path from the server into parts that each are one plain name: no separators, no control or direction
/// characters, never `.`, `..` or empty.
pub(crate) fn safe_parts(path: &str) -> Vec<String> {
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !matches!(part.trim(), "" | "."))
        .map(safe_part)
        .collect();
    if parts.is_empty() {
        vec!["_".to_owned()]
    } else {
        parts
    }
}

fn safe_part(part: &str) -> String {
    let clean: String = part
        .chars()
        .filter(|c| !misleads(*c))
        .map(|c| if c.is_control() || c == '\\' { '_' } else { c })
        .collect();
    match clean.trim() {
        "" | "." | ".." => "_".to_owned(),
        _ => shorten(&clean, LONGEST - SPARE),
    }
}

/// Cuts a name to `max` bytes but keeps its ending.
fn shorten(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 20 => {
            (stem, format!(".{ending}"))
        }
        _ => (name, String::new()),
    };
    let mut end = (max - ending.len()).min(stem.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &stem[..end])
}

/// Returns `name` with a number before its ending, for a second file of that name.
pub(crate) fn numbered(name: &str, number: usize) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({number}).{ending}"),
        _ => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_but_safe() {
        for (path, parts) in [
            ("report.pdf", vec!["report.pdf"]),
            ("a/b/c.txt", vec!["a", "b", "c.txt"]),
            ("../../etc/passwd", vec!["_", "_", "etc", "passwd"]),
            ("/etc/passwd", vec!["etc", "passwd"]),
            ("..\\..\\x", vec![".._.._x"]),
            ("a\0b\n", vec!["a_b_"]),
            ("invoice\u{202E}fdp.exe", vec!["invoicefdp.exe"]),
            (".\u{200B}.", vec!["_"]),
            ("", vec!["_"]),
            (".gitignore", vec![".gitignore"]),
            ("žluť kůň.txt", vec!["žluť kůň.txt"]),
        ] {
            assert_eq!(safe_parts(path), parts, "{path:?}");
        }
        let long = safe_part(&format!("{}.tar.gz", "é".repeat(300)));
        assert_eq!(&long[long.len() - 3..], ".gz");
        assert_eq!(numbered("a.txt", 2), "a (2).txt");
        assert_eq!(numbered(".env", 2), ".env (2)");
    }

    proptest! {
        #[test]
        fn no_part_leaves_its_folder(path in "\\PC{0,40}|[./\\\\\0-\u{1f}a]{0,20}") {
            for part in safe_parts(&path) {
                prop_assert!(!matches!(part.as_str(), "" | "." | ".."));
                prop_assert!(!part.contains(['/', '\\', '\0']));
                prop_assert!(part.len() <= LONGEST - SPARE);
            }
        }
    }
}
