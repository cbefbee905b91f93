//! Names and texts from people: made safe once, they stay as they are.

use std::path::{Component, Path};

use sofie_client::fuzzing::{printable, safe_parts};
use sofie_domain::{
    FilePath, MOST_HASHES, NamePattern, Note, PersonName, Reason, Senders, Title, TokenName,
    hash_list, safe_name,
};

fn is_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

fn safe_names(text: &str) {
    let name = safe_name(text);
    assert!(!name.is_empty() && name.len() <= 200, "{name:?}");
    let forbidden = |c: char| c.is_control() || is_mark(c) || "/\\:*?\"<>|".contains(c);
    assert!(!name.contains(forbidden), "{name:?}");
    let edge = |c: char| c == '.' || c.is_whitespace();
    assert!(!name.starts_with(edge) && !name.ends_with(edge), "{name:?}");
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_lowercase();
    assert!(
        !["con", "prn", "aux", "nul", "com1", "lpt9", "com¹", "conin$"].contains(&stem.as_str()),
        "{name:?}"
    );
    assert_eq!(safe_name(&name), name, "a safe name was changed");
}

fn paths(text: &str) {
    let Ok(path) = FilePath::parse(text) else {
        return;
    };
    let text = path.as_str();
    assert!(text.len() <= FilePath::MAX_BYTES && !text.contains(char::is_control));
    for part in text.split('/') {
        assert!(!matches!(part.trim(), "" | "." | ".."), "{text:?}");
        assert!(part.len() <= FilePath::MAX_NAME_BYTES, "{text:?}");
    }
    assert!(text.ends_with(path.name()) && !path.name().contains('/'));
    assert_eq!(
        FilePath::parse(text).as_ref(),
        Ok(&path),
        "a path was changed"
    );
}

/// What the client writes to disk stays in the folder that was chosen for it.
fn client_paths(text: &str) {
    let parts = safe_parts(text);
    assert!(!parts.is_empty());
    for part in &parts {
        let one: Vec<Component<'_>> = Path::new(part).components().collect();
        assert!(matches!(one.as_slice(), [Component::Normal(_)]), "{part:?}");
        assert!(
            part.len() < 250 && !part.contains(|c: char| c.is_control() || is_mark(c) || c == '/'),
            "{part:?}"
        );
    }
    assert_eq!(
        safe_parts(&parts.join("/")),
        parts,
        "a safe path was changed"
    );
    assert!(!printable(text).contains(|c: char| c.is_control() || is_mark(c)));
}

fn texts(text: &str) {
    if let Ok(title) = Title::parse(text) {
        let text = title.as_str();
        assert!(text.chars().count() <= Title::MAX && !text.contains(char::is_control));
        assert_eq!(Title::parse(text), Ok(title.clone()), "a title was changed");
    }
    if let Ok(note) = Note::parse(text) {
        let text = note.as_str();
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        assert_eq!(Note::parse(text), Ok(note.clone()), "a note was changed");
    }
    if let Ok(name) = PersonName::parse(text) {
        assert!(!name.as_str().is_empty());
        assert_eq!(PersonName::parse(name.as_str()), Ok(name.clone()));
    }
    assert!(
        Reason::parse(text).is_ok_and(|reason| !reason.as_str().is_empty())
            || Reason::parse(text).is_err()
    );
    assert!(
        TokenName::parse(text).is_ok_and(|name| !name.as_str().is_empty())
            || TokenName::parse(text).is_err()
    );
}

/// What administrators type of exceptions and hashes: what was taken is taken again as it is shown.
fn exceptions(text: &str) {
    if let Ok(hashes) = hash_list(text) {
        assert!(hashes.len() <= MOST_HASHES && hashes.len() <= text.lines().count());
        for hash in hashes {
            let line = format!("{}, {}", hash.sha256, hash.comment);
            assert_eq!(hash_list(&line).as_deref(), Ok(&[hash][..]), "{line:?}");
        }
    }
    if let Some(senders) = Senders::parse(text) {
        assert_eq!(Senders::parse(&senders.to_string()), Some(senders));
    }
    if let Some(pattern) = NamePattern::parse(text) {
        assert!(pattern.matches(&text.trim().replace('*', "")), "{text:?}");
    }
}

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    safe_names(&text);
    paths(&text);
    client_paths(&text);
    texts(&text);
    exceptions(&text);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let long = format!("{}.tar", "é".repeat(300));
    let edge = format!("{} . x", "a".repeat(198));
    [
        "report.pdf",
        "a/b/c.txt",
        "../../etc/passwd",
        "..\\..\\x.exe",
        "con",
        "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789; x , y\n# z",
        "*PUA.*.Tool*",
        "@Example.org",
        "NUL.txt",
        "COM¹.txt",
        " . ",
        "e\u{301}.txt",
        "invoice\u{202e}fdp.exe",
        "line one\r\nline two\ttab",
        &long,
        &edge,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
