//! Outcomes as words.

use sofie_domain::{Category, Outcome, RiskLevel};

use crate::{Error, Result};

/// Returns the words of an outcome for the columns `outcome` and `level`.
#[must_use]
pub fn outcome_words(outcome: Outcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        Outcome::Clean => ("clean", None),
        Outcome::Infected => ("infected", None),
        Outcome::Encrypted => ("encrypted", None),
        Outcome::Incomplete => ("incomplete", None),
        Outcome::Skipped => ("skipped", None),
        Outcome::Unsupported => ("unsupported", None),
        Outcome::Error => ("error", None),
        Outcome::Suspicious(level) => ("suspicious", Some(level_word(level))),
        Outcome::PolicyHit(category) => ("policy_hit", Some(category_word(category))),
    }
}

const LEVELS: [RiskLevel; 3] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];

fn level_word(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Low => "low",
        RiskLevel::Medium => "medium",
        RiskLevel::High => "high",
    }
}

const CATEGORIES: [Category; 9] = [
    Category::Macro,
    Category::Executable,
    Category::Script,
    Category::ActiveContent,
    Category::Disguise,
    Category::Ambiguous,
    Category::Dlp,
    Category::Opened,
    Category::Other,
];

fn category_word(category: Category) -> &'static str {
    match category {
        Category::Macro => "macro",
        Category::Executable => "executable",
        Category::Script => "script",
        Category::ActiveContent => "active_content",
        Category::Disguise => "disguise",
        Category::Ambiguous => "ambiguous",
        Category::Dlp => "dlp",
        Category::Opened => "opened",
        Category::Other => "other",
    }
}

pub(crate) fn outcome(word: &str, level: Option<&str>) -> Result<Outcome> {
    let wrong = |column| Error::Inconsistent {
        table: "verdicts",
        column,
    };
    let plain = match word {
        "clean" => Outcome::Clean,
        "infected" => Outcome::Infected,
        "encrypted" => Outcome::Encrypted,
        "incomplete" => Outcome::Incomplete,
        "skipped" => Outcome::Skipped,
        "unsupported" => Outcome::Unsupported,
        "error" => Outcome::Error,
        "suspicious" => {
            let known = LEVELS.into_iter().find(|l| Some(level_word(*l)) == level);
            return known.map(Outcome::Suspicious).ok_or_else(|| wrong("level"));
        }
        "policy_hit" => {
            let known = CATEGORIES
                .into_iter()
                .find(|c| Some(category_word(*c)) == level);
            return known.map(Outcome::PolicyHit).ok_or_else(|| wrong("level"));
        }
        _ => return Err(wrong("outcome")),
    };
    match level {
        None => Ok(plain),
        Some(_) => Err(wrong("level")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_go_both_ways() {
        let mut all = vec![
            Outcome::Clean,
            Outcome::Infected,
            Outcome::Encrypted,
            Outcome::Incomplete,
            Outcome::Skipped,
            Outcome::Unsupported,
            Outcome::Error,
        ];
        all.extend(LEVELS.map(Outcome::Suspicious));
        all.extend(CATEGORIES.map(Outcome::PolicyHit));
        for one in all {
            let (word, level) = outcome_words(one);
            assert_eq!(outcome(word, level).unwrap(), one);
        }
        assert!(outcome("fine", None).is_err());
        assert!(outcome("suspicious", None).is_err());
        assert!(outcome("clean", Some("low")).is_err());
    }
}
