//! What policy does about each kind of finding, for both ways that a package goes (DET-17).

use std::collections::BTreeMap;

use super::{Setting, SettingKind, SettingValue, Settings, find};
use crate::{Action, Category, Direction, EngineRule, GroupRules, Held, Policy, RiskLevel, Whose};

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
const ACTIONS: &[&str] = &["deliver", "flag", "approval", "quarantine", "reject"];
const INCOMING_ACTIONS: &[&str] = &[SAME, "deliver", "flag", "approval", "quarantine", "reject"];
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

/// A rule as it holds for a user, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Its name, as findings have it.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
    /// Which of the user's groups it comes from; none for the installation's.
    pub group: Option<usize>,
}

/// Returns the setting of a rule, which a group may have of its own.
pub(crate) fn group_rule(key: &str) -> Option<&'static Setting> {
    let mut all = std::iter::once(&INFECTED).chain(RULES);
    let is_rule = all.any(|rule| rule.outgoing == key || rule.incoming == key);
    find(key).filter(|_| is_rule)
}

impl Settings {
    /// Returns the policy by which packages are judged, with the engines beside the internal ones.
    ///
    /// Each rule is that of the first group in the order that has one of its own, else that of the installation.
    /// Whose package concerns several users is judged by the strictest of theirs.
    #[must_use]
    pub fn policy(&self, whose: &Whose, others: Vec<EngineRule>) -> Policy {
        let action = |name: &str| self.action(whose, name);
        let internal = ["type", "container", "encrypted"].map(|engine| EngineRule {
            engine: engine.to_owned(),
            mandatory: true,
        });
        let infected = match action("infected") {
            Action::Reject => Held::Reject,
            Action::Deliver | Action::Flag | Action::Approval | Action::Quarantine => {
                Held::Quarantine
            }
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

    /// Returns all rules for what a user sends or receives, given the user's groups in their order, and which of these
    /// each comes from.
    #[must_use]
    pub fn rulings(&self, direction: Direction, groups: &[GroupRules]) -> Vec<Ruling> {
        let all = std::iter::once(&INFECTED).chain(RULES);
        let ruling = |rule: &Rule| {
            let name = rule.outgoing.split_once('.').map_or("", |(_, name)| name);
            let (word, group) = self.word(direction, groups, name);
            Ruling {
                name,
                action: Action::from_word(&word),
                group,
            }
        };
        all.map(ruling).collect()
    }

    fn action(&self, whose: &Whose, name: &str) -> Action {
        let of = |groups: &[GroupRules]| {
            let (word, _) = self.word(whose.direction, groups, name);
            Action::from_word(&word)
        };
        let strictest = whose.users.iter().map(|groups| of(groups)).max();
        strictest.unwrap_or_else(|| of(&[]))
    }

    /// The word for one user, and the group that it comes from by its place, if it is not the installation's. What comes
    /// in as what goes out is judged by what holds for that user there.
    fn word(
        &self,
        direction: Direction,
        groups: &[GroupRules],
        name: &str,
    ) -> (String, Option<usize>) {
        let said = |key: &str| {
            let place = groups.iter().position(|rules| rules.get(key).is_some());
            let own = place.and_then(|place| groups[place].get(key));
            (own.map_or_else(|| self.text(key), str::to_owned), place)
        };
        let incoming = match direction {
            Direction::Incoming => said(&format!("incoming.{name}")),
            Direction::Outgoing => (SAME.to_owned(), None),
        };
        if incoming.0 == SAME {
            said(&format!("checks.{name}"))
        } else {
            incoming
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
            let policy = Settings::default().policy(&Whose::everybody(direction), Vec::new());
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
        let out = settings.policy(&Whose::everybody(Direction::Outgoing), Vec::new());
        let within = settings.policy(&Whose::everybody(Direction::Incoming), Vec::new());
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
            for word in ["deliver", "flag", "approval"] {
                let value = SettingValue::Text(word.to_owned());
                assert!(settings.set(key, value).is_err());
            }
        }
        set(&mut settings, "incoming.infected", "reject");
        let policy = |direction| settings.policy(&Whose::everybody(direction), Vec::new());
        assert_eq!(policy(Direction::Outgoing).infected, Held::Quarantine);
        assert_eq!(policy(Direction::Incoming).infected, Held::Reject);
    }

    #[test]
    fn every_rule_is_used() {
        let strict = |key: &str| {
            let mut settings = Settings::default();
            set(&mut settings, key, "reject");
            settings.policy(&Whose::everybody(Direction::Outgoing), Vec::new())
        };
        let usual = Settings::default().policy(&Whose::everybody(Direction::Outgoing), Vec::new());
        for setting in outgoing() {
            assert_ne!(strict(setting.key), usual, "{}", setting.key);
        }
    }

    fn group(rules: &[(&str, &str)]) -> GroupRules {
        let mut all = GroupRules::default();
        for (key, word) in rules {
            all.set(key, word).unwrap();
        }
        all
    }

    fn macros(settings: &Settings, direction: Direction, users: &[&[GroupRules]]) -> Action {
        let users = users.iter().map(|groups| groups.to_vec()).collect();
        let whose = Whose { direction, users };
        settings.policy(&whose, Vec::new()).categories[&Category::Macro]
    }

    #[test]
    fn the_first_group_with_a_rule_of_its_own_wins_and_the_rest_is_inherited() {
        let mut settings = Settings::default();
        set(&mut settings, "checks.macro", "deliver");
        let [silent, strict, lenient] = [
            group(&[("checks.script", "reject")]),
            group(&[("checks.macro", "quarantine")]),
            group(&[("checks.macro", "flag")]),
        ];
        let out = |groups: &[GroupRules]| macros(&settings, Direction::Outgoing, &[groups]);
        assert_eq!(out(&[]), Action::Deliver);
        assert_eq!(out(std::slice::from_ref(&silent)), Action::Deliver);
        assert_eq!(
            out(&[silent.clone(), strict.clone(), lenient.clone()]),
            Action::Quarantine
        );
        assert_eq!(
            out(&[silent.clone(), lenient.clone(), strict]),
            Action::Flag
        );
        // A group that is gone says nothing any more.
        assert_eq!(out(&[silent, lenient]), Action::Flag);
        assert_eq!(macros(&settings, Direction::Outgoing, &[]), Action::Deliver);
    }

    #[test]
    fn a_group_has_rules_for_both_ways() {
        let mut settings = Settings::default();
        set(&mut settings, "checks.macro", "deliver");
        let within = |groups: &[GroupRules]| macros(&settings, Direction::Incoming, &[groups]);
        let own = group(&[("checks.macro", "flag"), ("incoming.macro", "reject")]);
        assert_eq!(within(std::slice::from_ref(&own)), Action::Reject);
        let outgoing = group(&[("checks.macro", "quarantine")]);
        // What comes in as what goes out: as what goes out from this user.
        assert_eq!(within(std::slice::from_ref(&outgoing)), Action::Quarantine);
        let same = group(&[("incoming.macro", "same")]);
        assert_eq!(within(&[same.clone(), own.clone()]), Action::Flag);
        assert_eq!(within(&[same]), Action::Deliver);
        let out = macros(&settings, Direction::Outgoing, &[&[own]]);
        assert_eq!(out, Action::Flag, "rules for what comes in are for that");
        set(&mut settings, "incoming.macro", "reject");
        let within = macros(&settings, Direction::Incoming, &[&[outgoing]]);
        assert_eq!(within, Action::Reject, "inherited");
    }

    #[test]
    fn of_several_users_the_strictest_counts() {
        let mut settings = Settings::default();
        set(&mut settings, "checks.macro", "quarantine");
        let [lenient, strict] = [
            group(&[("checks.macro", "deliver")]),
            group(&[("checks.macro", "reject")]),
        ];
        let within = |users: &[&[GroupRules]]| macros(&settings, Direction::Incoming, users);
        let (lenient, strict) = ([lenient], [strict]);
        assert_eq!(within(&[&lenient]), Action::Deliver);
        assert_eq!(within(&[&lenient, &lenient]), Action::Deliver);
        assert_eq!(within(&[&lenient, &strict]), Action::Reject);
        assert_eq!(
            within(&[&lenient, &[]]),
            Action::Quarantine,
            "one without a group"
        );
    }

    #[test]
    fn no_group_delivers_what_is_dangerous() {
        let mut rules = GroupRules::default();
        for key in ["checks.infected", "incoming.infected"] {
            for word in ["deliver", "flag", "approval", "burn"] {
                assert!(rules.set(key, word).is_err());
            }
        }
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let held = |rules: GroupRules| {
                let users = vec![vec![rules]];
                let whose = Whose { direction, users };
                Settings::default().policy(&whose, Vec::new()).infected
            };
            assert_eq!(held(GroupRules::default()), Held::Quarantine);
            assert_eq!(held(group(&[("checks.infected", "reject")])), Held::Reject);
        }
    }

    #[test]
    fn a_rule_tells_where_it_comes_from() {
        let mut settings = Settings::default();
        set(&mut settings, "incoming.script", "reject");
        let groups = [
            group(&[("checks.script", "deliver")]),
            group(&[("checks.macro", "reject"), ("checks.script", "flag")]),
        ];
        let of = |direction, name| {
            let all = settings.rulings(direction, &groups);
            let found = all.into_iter().find(|ruling| ruling.name == name).unwrap();
            (found.action, found.group)
        };
        let (out, within) = (Direction::Outgoing, Direction::Incoming);
        assert_eq!(of(out, "script"), (Action::Deliver, Some(0)));
        assert_eq!(of(out, "macro"), (Action::Reject, Some(1)));
        assert_eq!(of(within, "macro"), (Action::Reject, Some(1)), "the same");
        assert_eq!(of(within, "script"), (Action::Reject, None));
        assert_eq!(of(out, "infected"), (Action::Quarantine, None));
        // What is told is what is done.
        for direction in [out, within] {
            let users = vec![groups.to_vec()];
            let policy = settings.policy(&Whose { direction, users }, Vec::new());
            let macros = of(direction, "macro").0;
            assert_eq!(policy.categories[&Category::Macro], macros);
            assert_eq!(settings.rulings(direction, &groups).len(), RULES.len() + 1);
        }
    }
}
