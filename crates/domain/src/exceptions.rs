//! What two administrators agreed to let pass (DET-24), and what one listed as dangerous (DET-10).

use crate::{EmailAddress, EngineVerdict, ExceptionId, GroupId, Outcome};

/// SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Parses 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? << 4 | low?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Sha256 {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// A line of a hash list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedHash {
    /// The hash.
    pub sha256: Sha256,
    /// What somebody said of it; may be empty.
    pub comment: String,
}

/// A line of a hash list that is none, by its number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a SHA-256")]
pub struct InvalidLine {
    /// Its number.
    pub line: usize,
}

/// The most lines that one list may have.
pub const MOST_HASHES: usize = 10_000;
/// The longest comment on a hash, in characters; what is longer is cut.
const LONGEST_COMMENT: usize = 200;

/// Parses a hash list: a line each, 64 hexadecimal digits, and after a comma, a semicolon or a blank a comment. Empty
/// lines, and lines that begin with `#`, say nothing.
pub fn hash_list(text: &str) -> Result<Vec<ListedHash>, InvalidLine> {
    let mut hashes = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let invalid = InvalidLine { line: index + 1 };
        let end = line.find([',', ';', ' ', '\t']).unwrap_or(line.len());
        let (digits, rest) = line.split_at(end);
        let sha256 = Sha256::parse(digits).ok_or(invalid)?;
        if hashes.len() == MOST_HASHES {
            return Err(invalid);
        }
        let comment = rest.trim_start_matches([',', ';', ' ', '\t']);
        let printable = comment.chars().filter(|c| !c.is_control());
        hashes.push(ListedHash {
            sha256,
            comment: printable.take(LONGEST_COMMENT).collect(),
        });
    }
    Ok(hashes)
}

/// A name with `*` for any number of characters; ASCII letters count without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// The longest pattern, in characters.
    pub const MAX: usize = 200;

    /// Parses a pattern: it must say something beside `*`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let says_something = text.chars().any(|c| c != '*');
        let fits = text.chars().count() <= Self::MAX && !text.chars().any(char::is_control);
        (says_something && fits).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether a name fits. Each part between two `*` is looked for once, from left to right.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.to_ascii_lowercase(), name.to_ascii_lowercase());
        let Some((first, rest)) = pattern.split_once('*') else {
            return pattern == name;
        };
        let Some(mut left) = name.strip_prefix(first) else {
            return false;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            let Some(at) = left.find(part) else {
                return false;
            };
            left = &left[at + part.len()..];
        }
        left.ends_with(last)
    }
}

/// What is let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Excused {
    /// Whatever is said of exactly this content.
    Content(Sha256),
    /// What one engine calls so; but never what it calls infected.
    Finding {
        /// The engine.
        engine: String,
        /// Its names for it.
        name: NamePattern,
    },
}

/// Whose packages it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Everybody's.
    Everybody,
    /// Those of one address.
    Address(EmailAddress),
    /// Those of all addresses of a domain.
    Domain(String),
    /// Those of the users of a group; nobody's once it is gone.
    Group(GroupId),
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its sender's address.
    pub email: EmailAddress,
    /// The groups of its sender, if that is a user.
    pub groups: Vec<GroupId>,
}

/// Before the id of a group, where an address could stand: no address has a colon there.
const GROUP: &str = "group:";

impl Senders {
    /// Parses an address, a domain with its `@`, or the id of a group behind `group:`; nothing is everybody.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::Everybody);
        }
        if let Some(id) = text.strip_prefix(GROUP) {
            return id.parse().ok().map(Self::Group);
        }
        match text.strip_prefix('@') {
            // The address's parser knows what a domain is.
            Some(_) => {
                let address: EmailAddress = format!("x{text}").parse().ok()?;
                Some(Self::Domain(address.domain().to_owned()))
            }
            None => text.parse().ok().map(Self::Address),
        }
    }

    fn includes(&self, origin: &Origin) -> bool {
        match self {
            Self::Everybody => true,
            Self::Address(address) => *address == origin.email,
            Self::Domain(domain) => domain == origin.email.domain(),
            Self::Group(group) => origin.groups.contains(group),
        }
    }
}

impl std::fmt::Display for Senders {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everybody => Ok(()),
            Self::Address(address) => out.write_str(address.as_str()),
            Self::Domain(domain) => write!(out, "@{domain}"),
            Self::Group(group) => write!(out, "{GROUP}{group}"),
        }
    }
}

/// An exception that two administrators agreed on and whose time is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Identifies it.
    pub id: ExceptionId,
    /// What is let pass.
    pub excused: Excused,
    /// Whose packages it is about.
    pub senders: Senders,
}

/// Finds the exception that excuses what an engine says of a file; `name` is its name for it.
///
/// Silence is never excused: nobody knows what would have been said. A pattern never excuses danger, for which the
/// name of a finding is too little: only two signatures under exactly this content are enough.
#[must_use]
pub fn excuse(
    exceptions: &[Exception],
    (origin, sha256): (&Origin, Option<Sha256>),
    (verdict, name): (&EngineVerdict, &str),
) -> Option<ExceptionId> {
    let found = |exception: &&Exception| match &exception.excused {
        _ if !exception.senders.includes(origin) => false,
        Excused::Content(content) => Some(*content) == sha256,
        Excused::Finding {
            engine,
            name: pattern,
        } => {
            verdict.outcome != Outcome::Infected
                && *engine == verdict.engine
                && pattern.matches(name)
        }
    };
    match verdict.outcome {
        Outcome::Clean | Outcome::Skipped | Outcome::Error => None,
        _ => exceptions.iter().find(found).map(|exception| exception.id),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Category, RiskLevel};

    #[test]
    fn patterns_match_names() {
        let cases = [
            ("PUA.*", "PUA.Win.Tool", true),
            ("pua.*", "PUA.Win", true),
            ("PUA.*", "Win.PUA.x", false),
            ("*tool", "PUA.Win.Tool", true),
            ("*tool", "tools", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("a**b", "ab", true),
        ];
        for (pattern, name, fits) in cases {
            let pattern = NamePattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(name), fits, "{pattern:?} {name}");
        }
        for nothing in ["", " ", "*", "**", "a\nb"] {
            assert_eq!(NamePattern::parse(nothing), None);
        }
    }

    fn verdict(outcome: Outcome) -> EngineVerdict {
        EngineVerdict {
            engine: "clamd".into(),
            outcome,
            excused: false,
        }
    }

    #[test]
    fn only_what_both_signed_is_excused() {
        let hash = Sha256([7; 32]);
        let from = |email: &str| Origin {
            email: email.parse().unwrap(),
            groups: Vec::new(),
        };
        let (eva, mallory) = (from("eva@example.org"), from("m@example.net"));
        let exception = |excused, senders: &str| {
            [Exception {
                id: ExceptionId::fresh(),
                excused,
                senders: Senders::parse(senders).unwrap(),
            }]
        };
        let finding = Excused::Finding {
            engine: "clamd".into(),
            name: NamePattern::parse("PUA.*").unwrap(),
        };
        let pattern = exception(finding, "@example.org");
        let hit = verdict(Outcome::PolicyHit(Category::Other));
        let excused = |exceptions: &[Exception], origin, sha256, verdict: &EngineVerdict, name| {
            excuse(exceptions, (origin, sha256), (verdict, name)).is_some()
        };
        assert!(excused(&pattern, &eva, None, &hit, "PUA.Tool"));
        assert!(!excused(&pattern, &mallory, None, &hit, "PUA.Tool"));
        assert!(!excused(&pattern, &eva, None, &hit, "Win.Tool"));
        let elsewhere = EngineVerdict {
            engine: "icap".into(),
            ..hit.clone()
        };
        assert!(!excused(&pattern, &eva, None, &elsewhere, "PUA.Tool"));
        let infected = verdict(Outcome::Infected);
        assert!(
            !excused(&pattern, &eva, None, &infected, "PUA.Tool"),
            "a name is too little"
        );

        let content = exception(Excused::Content(hash), "");
        assert!(excused(&content, &mallory, Some(hash), &infected, "Eicar"));
        assert!(!excused(
            &content,
            &eva,
            Some(Sha256([8; 32])),
            &infected,
            "Eicar"
        ));
        assert!(!excused(&content, &eva, None, &infected, "Eicar"));
        for silent in [Outcome::Error, Outcome::Clean, Outcome::Skipped] {
            assert!(!excused(&content, &eva, Some(hash), &verdict(silent), ""));
        }
        let suspicion = verdict(Outcome::Suspicious(RiskLevel::High));
        assert!(excused(&content, &eva, Some(hash), &suspicion, "x"));
    }

    #[test]
    fn a_group_is_excused_for_its_users_only() {
        let [ours, theirs] = [GroupId::fresh(), GroupId::fresh()];
        let exceptions = [Exception {
            id: ExceptionId::fresh(),
            excused: Excused::Content(Sha256([7; 32])),
            senders: Senders::Group(ours),
        }];
        let excused = |groups: &[GroupId]| {
            let origin = Origin {
                email: "eva@example.org".parse().unwrap(),
                groups: groups.to_vec(),
            };
            let about = (&origin, Some(Sha256([7; 32])));
            let infected = verdict(Outcome::Infected);
            excuse(&exceptions, about, (&infected, "Eicar")).is_some()
        };
        assert!(excused(&[ours]) && excused(&[theirs, ours]));
        assert!(!excused(&[theirs]) && !excused(&[]));
        let text = Senders::Group(ours).to_string();
        assert_eq!(Senders::parse(&text), Some(Senders::Group(ours)));
        for wrong in ["group:", "group:x", "group:eva@example.org"] {
            assert_eq!(Senders::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lists_are_read_line_by_line() {
        let hash = "ab".repeat(32);
        let upper = hash.to_uppercase();
        let text = format!("# ours\n\n{hash}, a virus\r\n{upper}\n{hash}\tx\n");
        let list = hash_list(&text).unwrap();
        let comments: Vec<_> = list.iter().map(|one| one.comment.as_str()).collect();
        assert_eq!(comments, ["a virus", "", "x"]);
        assert!(list.iter().all(|one| one.sha256.to_string() == hash));
        for (text, line) in [("x", 1), (&hash[1..], 1), (&format!("{hash}\n{hash}0"), 2)] {
            assert_eq!(hash_list(text), Err(InvalidLine { line }));
        }
        let many = format!("{hash}\n").repeat(MOST_HASHES + 1);
        assert_eq!(
            hash_list(&many),
            Err(InvalidLine {
                line: MOST_HASHES + 1
            })
        );
    }

    proptest! {
        #[test]
        fn a_pattern_without_stars_is_the_name(text in "[a-z.]{1,20}", other in "[a-z.]{1,20}") {
            let pattern = NamePattern::parse(&text).unwrap();
            prop_assert!(pattern.matches(&text));
            prop_assert_eq!(pattern.matches(&other), text == other);
        }

        #[test]
        fn whatever_stands_for_a_star_fits(a in "[a-c]{0,4}x", b in "[a-c]{0,4}", c in "[a-c]{0,4}", s in "[a-c]{0,6}", u in "[a-c]{0,6}") {
            let pattern = NamePattern::parse(&format!("{a}*{b}*{c}")).unwrap();
            let name = format!("{a}{s}{b}{u}{c}");
            prop_assert!(pattern.matches(&name));
        }

        #[test]
        fn never_panics(text in any::<String>(), name in any::<String>()) {
            let _ = hash_list(&text);
            let _ = Senders::parse(&text);
            if let Some(pattern) = NamePattern::parse(&text) {
                let _ = pattern.matches(&name);
            }
        }
    }
}
