//! What policy does about each kind of finding, for both ways that a package goes (DET-17).

use std::collections::BTreeMap;

use super::{Setting, SettingKind, SettingValue, Settings};
use crate::{Action, Category, Direction, EngineRule, Held, Policy, RiskLevel};

/// What an administrator says of one kind of finding.
struct Rule {
    /// About what users send.
    outgoing: &'static str,
    /// About what people without an account send; [`SAME`] unless somebody said otherwise.
    incoming: &'static str,
    default: &'static str,
    description: &'static str,
}

/// As for what users send.
const SAME: &str = "same";
const ACTIONS: &[&str] = &["deliver", "flag", "quarantine", "reject"];
const INCOMING_ACTIONS: &[&str] = &[SAME, "deliver", "flag", "quarantine", "reject"];
const HELD: &[&str] = &["quarantine", "reject"];
const INCOMING_HELD: &[&str] = &[SAME, "quarantine", "reject"];

macro_rules! rule {
    ($name:literal, $default:literal, $description:literal) => {
        Rule {
            outgoing: concat!("checks.", $name),
            incoming: concat!("incoming.", $name),
            default: $default,
            description: $description,
        }
    };
}

const INFECTED: Rule = rule!(
    "infected",
    "quarantine",
    "What happens to files that an engine calls dangerous; they are never delivered."
);

const RULES: &[Rule] = &[
    rule!(
        "suspicious_high",
        "quarantine",
        "What happens to files that are most likely dangerous."
    ),
    rule!(
        "suspicious_medium",
        "quarantine",
        "What happens to files that are perhaps dangerous."
    ),
    rule!(
        "suspicious_low",
        "flag",
        "What happens to files that look odd, with innocent explanations."
    ),
    rule!(
        "encrypted",
        "quarantine",
        "What happens to encrypted files that nobody can look into."
    ),
    rule!(
        "opened",
        "flag",
        "What happens to encrypted files that were looked into with a password: other engines saw only the locked file."
    ),
    rule!(
        "incomplete",
        "quarantine",
        "What happens to files that could not be looked at to the end because of a limit."
    ),
    rule!(
        "unsupported",
        "quarantine",
        "What happens to containers that the internal engines can't open."
    ),
    rule!(
        "ambiguous",
        "quarantine",
        "What happens to files that two programs could read differently."
    ),
    rule!(
        "disguise",
        "quarantine",
        "What happens to files whose content or name pretends to be something else."
    ),
    rule!(
        "executable",
        "quarantine",
        "What happens to programs, installers and shortcuts."
    ),
    rule!("script", "flag", "What happens to scripts."),
    rule!("macro", "flag", "What happens to documents with macros."),
    rule!(
        "active_content",
        "flag",
        "What happens to documents with other active content."
    ),
    rule!(
        "dlp",
        "deliver",
        "What happens to files with sensitive data; what was found is kept in any case."
    ),
];

fn choice(
    key: &'static str,
    words: &'static [&'static str],
    default: &str,
    description: &'static str,
) -> Setting {
    Setting {
        key,
        kind: SettingKind::Choice(words),
        default: SettingValue::Text(default.to_owned()),
        description,
    }
}

/// The rules about what users send.
pub(super) fn outgoing() -> Vec<Setting> {
    let rule = |rule: &Rule, words| choice(rule.outgoing, words, rule.default, rule.description);
    let others = RULES.iter().map(|one| rule(one, ACTIONS));
    std::iter::once(rule(&INFECTED, HELD))
        .chain(others)
        .collect()
}

/// The rules about what people without an account send.
pub(super) fn incoming() -> Vec<Setting> {
    let rule = |rule: &Rule, words| choice(rule.incoming, words, SAME, rule.description);
    let others = RULES.iter().map(|one| rule(one, INCOMING_ACTIONS));
    std::iter::once(rule(&INFECTED, INCOMING_HELD))
        .chain(others)
        .collect()
}

impl Settings {
    /// Returns the policy of the checks for packages that go this way, with the engines beside the internal
    /// ones.
    #[must_use]
    pub fn policy(&self, direction: Direction, others: Vec<EngineRule>) -> Policy {
        let action = |name: &str| Action::from_word(&self.rule(direction, name));
        let internal = ["type", "container", "encrypted"].map(|engine| EngineRule {
            engine: engine.to_owned(),
            mandatory: true,
        });
        let infected = match action("infected") {
            Action::Reject => Held::Reject,
            Action::Deliver | Action::Flag | Action::Quarantine => Held::Quarantine,
        };
        let suspicious = [
            (RiskLevel::Low, action("suspicious_low")),
            (RiskLevel::Medium, action("suspicious_medium")),
            (RiskLevel::High, action("suspicious_high")),
        ];
        let categories = [
            (Category::Macro, action("macro")),
            (Category::Executable, action("executable")),
            (Category::Script, action("script")),
            (Category::ActiveContent, action("active_content")),
            (Category::Disguise, action("disguise")),
            (Category::Ambiguous, action("ambiguous")),
            (Category::Dlp, action("dlp")),
            (Category::Opened, action("opened")),
        ];
        Policy {
            engines: internal.into_iter().chain(others).collect(),
            infected,
            encrypted: action("encrypted"),
            incomplete: action("incomplete"),
            unsupported: action("unsupported"),
            suspicious: BTreeMap::from(suspicious),
            categories: BTreeMap::from(categories),
        }
    }

    fn rule(&self, direction: Direction, name: &str) -> String {
        let own = self.text(&format!("incoming.{name}"));
        if direction == Direction::Incoming && own != SAME {
            own
        } else {
            self.text(&format!("checks.{name}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(settings: &mut Settings, key: &str, word: &str) {
        settings
            .set(key, SettingValue::Text(word.to_owned()))
            .unwrap();
    }

    #[test]
    fn the_default_policy_holds_what_nobody_could_look_into() {
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let policy = Settings::default().policy(direction, Vec::new());
            assert_eq!(policy.encrypted, Action::Quarantine);
            assert_eq!(policy.incomplete, Action::Quarantine);
            assert_eq!(policy.unsupported, Action::Quarantine);
            assert_eq!(policy.suspicious[&RiskLevel::Medium], Action::Quarantine);
            assert!(policy.engines.iter().all(|e| e.mandatory));
        }
    }

    #[test]
    fn what_comes_in_has_rules_of_its_own_or_the_same() {
        let mut settings = Settings::default();
        set(&mut settings, "checks.macro", "deliver");
        set(&mut settings, "checks.script", "reject");
        set(&mut settings, "incoming.macro", "quarantine");
        let out = settings.policy(Direction::Outgoing, Vec::new());
        let within = settings.policy(Direction::Incoming, Vec::new());
        assert_eq!(out.categories[&Category::Macro], Action::Deliver);
        assert_eq!(within.categories[&Category::Macro], Action::Quarantine);
        for policy in [out, within] {
            assert_eq!(policy.categories[&Category::Script], Action::Reject);
        }
    }

    #[test]
    fn no_word_delivers_what_is_dangerous() {
        let mut settings = Settings::default();
        for key in ["checks.infected", "incoming.infected"] {
            for word in ["deliver", "flag"] {
                let value = SettingValue::Text(word.to_owned());
                assert!(settings.set(key, value).is_err());
            }
        }
        set(&mut settings, "incoming.infected", "reject");
        let policy = |direction| settings.policy(direction, Vec::new());
        assert_eq!(policy(Direction::Outgoing).infected, Held::Quarantine);
        assert_eq!(policy(Direction::Incoming).infected, Held::Reject);
    }

    #[test]
    fn every_rule_is_used() {
        let strict = |key: &str| {
            let mut settings = Settings::default();
            set(&mut settings, key, "reject");
            settings.policy(Direction::Outgoing, Vec::new())
        };
        let usual = Settings::default().policy(Direction::Outgoing, Vec::new());
        for setting in outgoing() {
            assert_ne!(strict(setting.key), usual, "{}", setting.key);
        }
    }
}
