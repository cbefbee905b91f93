//! Names of sets of YARA rules.

/// The longest name.
const LONGEST: usize = 40;

/// The name of a rule set: small letters, digits and dashes. It stands before the names of rules in findings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleSetName(String);

impl RuleSetName {
    /// Takes a name if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = begins && name.len() <= LONGEST && name.chars().all(allowed);
        good.then(|| Self(name.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["own", "a", "2026-q1", &"x".repeat(40)] {
            assert_eq!(RuleSetName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "-a", "Own", "a b", "a:b", "ž", "a/b", &"x".repeat(41)] {
            assert_eq!(RuleSetName::parse(name), None, "{name}");
        }
    }
}
