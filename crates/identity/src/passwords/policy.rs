//! Which passwords are good enough (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 V6.2): long, and not what everybody tries.

use std::collections::HashSet;
use std::sync::OnceLock;

use secrecy::SecretString;
use unicode_normalization::UnicodeNormalization as _;

use super::words::{COMMON, WALKS};
use super::{leaked, normalised};

/// A password must fall into at least this many pieces; see [`count_pieces`].
const MIN_PIECES: usize = 6;
/// Shorter walks, runs and repetitions are no pattern.
const MIN_PATTERN: usize = 3;
/// Shorter context words would refuse too much by chance.
const MIN_CONTEXT_WORD: usize = 4;
const MAX_BYTES: usize = 256;

/// The rules for new passwords. There are none about kinds of characters, and none that make a password age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    min_chars: usize,
}

/// Why a password is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// It has too few characters.
    #[error("password is shorter than {min} characters")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// It has too many bytes.
    #[error("password is longer than {max} bytes")]
    TooLong {
        /// The greatest number of bytes in UTF-8.
        max: usize,
    },
    /// It holds a word that is near at hand: the product's, the organisation's, the account's own.
    #[error("password contains the word {word}")]
    ContextWord {
        /// The word, in lower case.
        word: String,
    },
    /// It is common, or made of common words, walks over the keyboard, and repetitions.
    #[error("password is one of those tried first")]
    Guessable,
}

impl PasswordPolicy {
    /// Returns the policy where the password is the only factor: 15 characters.
    pub const fn only_factor() -> Self {
        Self { min_chars: 15 }
    }

    /// Returns the policy where a second factor is asked for: 8 characters.
    pub const fn with_second_factor() -> Self {
        Self { min_chars: 8 }
    }

    /// Checks a password that somebody wants to set.
    ///
    /// `context` are texts whose words must not occur: names of product and organisation, the user's name, the mail
    /// address. Each is split at what is not a letter or digit; parts shorter than four characters don't count.
    pub fn check(self, candidate: &SecretString, context: &[&str]) -> Result<(), PasswordProblem> {
        let text = normalised(candidate);
        if text.len() > MAX_BYTES {
            return Err(PasswordProblem::TooLong { max: MAX_BYTES });
        }
        if text.chars().count() < self.min_chars {
            let min = self.min_chars;
            return Err(PasswordProblem::TooShort { min });
        }
        let readings = Readings::new(&text);
        if let Some(word) = context.iter().find_map(|text| readings.find_context(text)) {
            return Err(PasswordProblem::ContextWord { word });
        }
        if count_pieces(&readings) < MIN_PIECES {
            return Err(PasswordProblem::Guessable);
        }
        Ok(())
    }
}

/// A password as those read it who guess: without case and accents, and with letters put back for their look-alikes.
/// All readings have the same number of characters.
struct Readings {
    lower: Vec<char>,
    /// `1` and `!` stand for `l` in the first and for `i` in the second.
    words: [Vec<char>; 2],
}

impl Readings {
    fn new(text: &str) -> Self {
        let lower: Vec<char> = text.chars().map(lower).collect();
        let words = ['l', 'i'].map(|one| lower.iter().map(|c| plain(*c, one)).collect());
        Self { lower, words }
    }

    fn find_context(&self, text: &str) -> Option<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() >= MIN_CONTEXT_WORD)
            .find(|word| {
                let exact: Vec<char> = word.chars().map(lower).collect();
                let plain: Vec<char> = exact.iter().map(|c| without_accent(*c)).collect();
                contains(&self.lower, &exact)
                    || self.words.iter().any(|reading| contains(reading, &plain))
            })
            .map(str::to_lowercase)
    }
}

fn contains(text: &[char], part: &[char]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn without_accent(c: char) -> char {
    std::iter::once(c).nfd().next().unwrap_or(c)
}

fn plain(c: char, one: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' | '€' => 'e',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '1' | '!' | '|' => one,
        other => without_accent(other),
    }
}

/// Counts the steps of somebody who guesses: a common word, a year, a walk, a run of one character, a repetition of
/// what came before are one step each; a leaked password, one of many more, is two; any other character is one.
///
/// Taking the longest piece at each place is not always the fewest steps, but close enough for a judgement.
fn count_pieces(readings: &Readings) -> usize {
    count_steps(readings, |_| 0).min(count_steps(readings, |at| longest_leaked(readings, at)))
}

fn count_steps(readings: &Readings, leaked: impl Fn(usize) -> usize) -> usize {
    let mut at = 0;
    let mut pieces = 0;
    while at < readings.lower.len() {
        let simple = longest_piece(readings, at).max(1);
        let leaked = leaked(at);
        at += simple.max(leaked);
        pieces += if leaked > simple { 2 } else { 1 };
    }
    pieces
}

fn longest_leaked(readings: &Readings, at: usize) -> usize {
    let found = readings
        .words
        .iter()
        .map(|reading| leaked::longest(&reading[at..]));
    found.max().unwrap_or(0)
}

fn longest_piece(readings: &Readings, at: usize) -> usize {
    let lower = &readings.lower[at..];
    let found = [
        readings
            .words
            .iter()
            .map(|reading| common_word(&reading[at..]))
            .max()
            .unwrap_or(0),
        walk(lower),
        run(lower),
        repetition(&readings.lower, at),
        year(lower),
    ];
    found.into_iter().max().unwrap_or(0)
}

fn common_word(text: &[char]) -> usize {
    static WORDS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    static LONGEST: OnceLock<usize> = OnceLock::new();
    let words = WORDS.get_or_init(|| COMMON.split_whitespace().collect());
    let longest = *LONGEST.get_or_init(|| words.iter().map(|word| word.len()).max().unwrap_or(0));
    let mut head = String::with_capacity(longest);
    let mut found = 0;
    for (index, c) in text.iter().take(longest).enumerate() {
        head.push(*c);
        if words.contains(head.as_str()) {
            found = index + 1;
        }
    }
    found
}

fn walk(text: &[char]) -> usize {
    static BOTH_WAYS: OnceLock<Vec<Vec<char>>> = OnceLock::new();
    let walks = BOTH_WAYS.get_or_init(|| {
        let forth = WALKS.iter().map(|walk| walk.chars().collect());
        let back = WALKS.iter().map(|walk| walk.chars().rev().collect());
        forth.chain(back).collect()
    });
    let starts = walks
        .iter()
        .flat_map(|walk| (0..walk.len()).map(|start| &walk[start..]));
    pattern(
        starts
            .map(|walk| common_prefix(walk, text))
            .max()
            .unwrap_or(0),
    )
}

fn run(text: &[char]) -> usize {
    pattern(text.iter().take_while(|c| **c == text[0]).count())
}

fn repetition(text: &[char], at: usize) -> usize {
    let lengths = (0..at).map(|start| common_prefix(&text[start..], &text[at..]));
    pattern(lengths.max().unwrap_or(0))
}

fn year(text: &[char]) -> usize {
    match text {
        ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
            4
        }
        _ => 0,
    }
}

fn pattern(length: usize) -> usize {
    if length >= MIN_PATTERN { length } else { 0 }
}

fn common_prefix(a: &[char], b: &[char]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONTEXT: [&str; 4] = [
        "SOFiE",
        "Vodárna Plzeň a.s.",
        "Jan Novák",
        "jan.novak@vodarna.example",
    ];

    fn check(policy: PasswordPolicy, text: &str) -> Result<(), PasswordProblem> {
        policy.check(&SecretString::from(text.to_owned()), &CONTEXT)
    }

    fn alone(text: &str) -> Result<(), PasswordProblem> {
        check(PasswordPolicy::only_factor(), text)
    }

    fn second(text: &str) -> Result<(), PasswordProblem> {
        check(PasswordPolicy::with_second_factor(), text)
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(
            alone("kuvbrtdghzpmxw"),
            Err(PasswordProblem::TooShort { min: 15 })
        );
        assert_eq!(alone("kuvbrtdghzpmxwc"), Ok(()));
        assert_eq!(second("kuvbrtd"), Err(PasswordProblem::TooShort { min: 8 }));
        assert_eq!(second("kuvbrtdg"), Ok(()));
        // Decomposed letters are one character each.
        assert_eq!(
            second("r\u{30c}s\u{30c}c\u{30c}z\u{30c}"),
            Err(PasswordProblem::TooShort { min: 8 })
        );
        let long: String = "kuvbrtdghzpmxwcq".chars().cycle().take(256).collect();
        assert_ne!(alone(&long), Err(PasswordProblem::TooLong { max: 256 }));
        assert_eq!(
            alone(&format!("{long}x")),
            Err(PasswordProblem::TooLong { max: 256 })
        );
    }

    #[test]
    fn passphrases_are_welcome() {
        for good in [
            "correct donkey, battery clip",
            "vlak jede do Písku v osm",
            "🐎 🔋 📎 🌲 🌊 🎺 🎷 🥁",
            "my aunt sells purple umbrellas",
            "dragon monkey sunshine master tiger",
            "               x y z q w",
            "Xk29-fjQz-81Lm-Vb",
            "violet harbour seldom",
            "никогда не говори никогда",
        ] {
            assert_eq!(alone(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_everybody_tries_is_refused() {
        for bad in [
            "passwordpassword",
            "Password1234567",
            "P@ssw0rd2024!!!",
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababab",
            "123456789012345678",
            "987654321987654321",
            "qwertyuiopasdfghjkl",
            "qwertzuiop123456",
            "1qaz2wsx3edc4rfv",
            "1q2w3e4r5t6z7u8i9o",
            "abcdefghijklmnop",
            "iloveyouiloveyou",
            "letmeinletmein123",
            "correcthorsebatterystaple",
            "administrator2026",
            "Administrator2026!",
            "slunickoslunicko",
            "SluníčkoSluníčko1",
            "tajneheslo123456",
            "Welcome12345678",
            "summerwinter2025",
            "manchesterunited",
            "Kartoffelpuffer!",
            "zqjphsyf6ctifgu",
            "stefangreil1983",
            "Neworleans12345",
        ] {
            assert_eq!(alone(bad), Err(PasswordProblem::Guessable), "{bad}");
        }
    }

    #[test]
    fn short_ones_beside_a_second_factor_must_not_be_common_either() {
        for bad in [
            "password",
            "Passw0rd",
            "p@$$w0rd1",
            "12345678",
            "11111111",
            "qwertyui",
            "iloveyou",
            "sunshine1",
            "football",
            "baseball7",
            "trustno1",
            "letmein1",
            "dragon123",
            "superman",
            "1q2w3e4r",
            "qazwsxedc",
            "abc12345",
            "michael1",
            "heslo123",
            "Praha2024",
            "sparta01",
            "monkey12",
        ] {
            assert_eq!(second(bad), Err(PasswordProblem::Guessable), "{bad}");
        }
        assert_eq!(second("h7Rk-w2x"), Ok(()));
    }

    #[test]
    fn every_listed_word_is_refused_in_every_dress() {
        for word in COMMON.split_whitespace() {
            for dressed in [
                word.to_owned(),
                format!("{word}123"),
                format!("{}2024!", word.to_uppercase()),
            ] {
                let readings = Readings::new(&dressed);
                assert!(count_pieces(&readings) < MIN_PIECES, "{dressed}");
            }
        }
        let folded = |word: &str| word.chars().all(|c| c == plain(lower(c), 'l'));
        let unreachable: Vec<_> = COMMON
            .split_whitespace()
            .filter(|word| !folded(word))
            .collect();
        assert_eq!(
            unreachable,
            Vec::<&str>::new(),
            "a word that isn't folded never matches"
        );
    }

    #[test]
    fn words_near_at_hand_are_refused() {
        for (bad, word) in [
            ("my sofie is the best one", "sofie"),
            ("my S0F1E is the best one", "sofie"),
            ("kuvbr Vodarna tdghzpm", "vodárna"),
            ("novakovi jezdi na chatu", "novák"),
            ("what an example this is", "example"),
        ] {
            let word = word.to_owned();
            assert_eq!(
                alone(bad),
                Err(PasswordProblem::ContextWord { word }),
                "{bad}"
            );
        }
        // Three letters of a first name occur everywhere.
        assert_eq!(alone("an orange janitor cycles"), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in "\\PC{0,80}", context in "\\PC{0,30}") {
            let secret = SecretString::from(text);
            let _ = PasswordPolicy::only_factor().check(&secret, &[&context]);
        }

        #[test]
        fn random_passwords_pass(text in "[a-zA-Z0-9]{20}") {
            prop_assert_ne!(alone(&text), Err(PasswordProblem::Guessable));
        }
    }
}
