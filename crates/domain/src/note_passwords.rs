//! Passwords that senders write into the note of a package (DET-7).

use crate::Note;

/// The most candidates of one note.
const MOST: usize = 20;
/// The longest candidate in bytes.
const LONGEST: usize = 200;
/// How short a word may be that stands behind no marker.
const SHORTEST_WORD: usize = 6;
/// Words behind which people write passwords; in lower case.
const MARKERS: [&str; 14] = [
    "password",
    "passphrase",
    "passwort",
    "kennwort",
    "passcode",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "pin",
    "heslo",
    "heslem",
    "kód",
    "code",
];
/// What may stand between a marker and the password.
const BETWEEN: [&str; 7] = ["is", "je", "zní", "ist", "lautet", "to", "for"];
/// What stands around a password, or ends the sentence that it is in.
const AROUND: [char; 14] = [
    '"', '\'', '„', '“', '”', '‚', '‘', '’', '«', '»', '`', '(', ')', '\u{a0}',
];

/// Returns what may be a password in a note, likeliest first: what follows a word such as *password*, then words that
/// look like one.
#[must_use]
pub fn passwords_in(note: &Note) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<Vec<&str>> = note
        .as_str()
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    for (number, words) in lines.iter().enumerate() {
        for (index, word) in words.iter().enumerate() {
            if let Some(rest) = behind_marker(word) {
                add(&mut found, rest);
                let behind = &words[index + 1..];
                // What it is for may stand before the sign: "Password for the file: secret".
                let sign = behind.iter().position(|word| word.ends_with([':', '=']));
                let (own, next) = match sign {
                    Some(sign) => behind.split_at(sign + 1),
                    None => (behind, &[][..]),
                };
                followers(&mut found, next);
                followers(&mut found, own);
                let nothing =
                    rest.is_empty() && (behind.is_empty() || sign.is_some() && next.is_empty());
                if nothing && let Some(line) = lines.get(number + 1) {
                    followers(&mut found, line);
                }
            }
        }
    }
    for word in note.as_str().split_whitespace() {
        if looks_like_one(word) {
            add(&mut found, word);
        }
    }
    found
}

/// What a word has behind a marker and a sign: `pwd:secret`; nothing if it is no marker.
fn behind_marker(word: &str) -> Option<&str> {
    let end = word.find([':', '=', '-', '–']).unwrap_or(word.len());
    let (marker, rest) = word.split_at(end);
    let marker = marker.trim_matches(AROUND).to_lowercase();
    MARKERS
        .contains(&marker.as_str())
        .then(|| rest.trim_start_matches([':', '=', '-', '–']))
}

/// Adds the first word that is not between a marker and its password, and everything from it on: some have blanks.
fn followers(found: &mut Vec<String>, words: &[&str]) {
    let between = |word: &&&str| {
        let word = word.trim_end_matches([':', '=']).to_lowercase();
        word.is_empty() || word == "-" || word == "–" || BETWEEN.contains(&word.as_str())
    };
    let skipped = words.iter().take_while(between).count();
    if let [first, ..] = &words[skipped..] {
        add(found, first);
        add(found, &words[skipped..].join(" "));
    }
}

/// Tells whether a word has letters and something else, and is long enough.
fn looks_like_one(word: &str) -> bool {
    let is_address = word.contains('@') || word.contains("://");
    let letters = word.chars().any(char::is_alphabetic);
    let others = word.chars().any(|c| c.is_ascii_digit());
    word.chars().count() >= SHORTEST_WORD && letters && others && !is_address
}

/// Adds a candidate as it is, and without the signs around it.
fn add(found: &mut Vec<String>, word: &str) {
    let bare = word.trim_matches(AROUND);
    let ended = word.trim_end_matches(['.', ',', ';', '!', '?']);
    for candidate in [word, bare, ended, ended.trim_matches(AROUND)] {
        let fits = !candidate.is_empty() && candidate.len() <= LONGEST && found.len() < MOST;
        if fits && !found.iter().any(|known| known == candidate) {
            found.push(candidate.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<String> {
        passwords_in(&Note::parse(text).unwrap())
    }

    #[test]
    fn what_people_write_is_found() {
        let cases = [
            ("Password: hunter2", "hunter2"),
            ("the password is hunter2.", "hunter2"),
            ("PWD=abc", "abc"),
            ("pwd:abc", "abc"),
            ("Heslo je „tajné“, pozdravuji", "tajné"),
            ("heslo: ab cd", "ab cd"),
            ("Passwort - Geheim!", "Geheim!"),
            ("Passwort - Geheim!", "Geheim"),
            ("It opens with Xy7-kk82.", "Xy7-kk82"),
            ("heslo:\n", ""),
            ("Password:\n\nhunter2\nBye", "hunter2"),
            ("Password for the file: hunter2", "hunter2"),
            ("Heslo k souboru: ab cd", "ab cd"),
            ("Das Passwort lautet Geheim", "Geheim"),
            ("PIN: 1234", "1234"),
            ("PW 77x", "77x"),
        ];
        for (note, password) in cases {
            let found = of(note);
            let there = found.iter().any(|one| one == password);
            assert!(there || password.is_empty(), "{note}: {found:?}");
        }
        assert_eq!(
            of("Password: first\nb2b2b2b2")[0],
            "first",
            "likeliest first"
        );
        assert_eq!(
            of("Dear colleague, see https://example.org/a1b2c3 or a1@example.org"),
            [""; 0]
        );
        assert_eq!(of(""), [""; 0]);
    }

    proptest! {
        #[test]
        fn is_bounded(text in "[a-z0-9:=„“. \n-]{0,400}(password: [^\\pC]{0,300}){0,9}") {
            if let Ok(note) = Note::parse(&text) {
                let found = passwords_in(&note);
                prop_assert!(found.len() <= MOST);
                prop_assert!(found.iter().all(|one| !one.is_empty() && one.len() <= LONGEST));
            }
        }
    }
}
