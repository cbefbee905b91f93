//! What to do about what the engines say.

use std::collections::BTreeMap;

use crate::FileCheck;

/// How likely a suspicion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskLevel {
    /// Hardly.
    Low,
    /// Perhaps.
    Medium,
    /// Most likely.
    High,
}

/// What a file does that policy may not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Brings macros along.
    Macro,
    /// Is a program or an installer.
    Executable,
    /// Is a script.
    Script,
    /// Has other active content.
    ActiveContent,
    /// Its content is not what its name says, or its name misleads.
    Disguise,
    /// Two readers could see two different things in it.
    Ambiguous,
    /// Holds sensitive data.
    Dlp,
    /// Was encrypted, and could be looked into with a password.
    Opened,
    /// Something else.
    Other,
}

/// What one engine says of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Looked at all of it and found nothing.
    Clean,
    /// Was not asked to look at it, by a rule about size or type, or has no opinion.
    Skipped,
    /// Against policy.
    PolicyHit(Category),
    /// Perhaps dangerous.
    Suspicious(RiskLevel),
    /// Could not be opened without a password.
    Encrypted,
    /// Not looked at to the end.
    Incomplete,
    /// The engine can't look into this kind.
    Unsupported,
    /// No answer.
    Error,
    /// Dangerous.
    Infected,
}

/// What to do about an outcome; the later ones are stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Deliver.
    Deliver,
    /// Deliver with a remark.
    Flag,
    /// Hold back until somebody with the right to approve decides.
    Approval,
    /// Hold back until an administrator decides.
    Quarantine,
    /// Hold back, and send the whole package back to its sender.
    Reject,
}

/// What to do about what can't be delivered whatever the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Until an administrator decides.
    Quarantine,
    /// And the whole package goes back to its sender.
    Reject,
}

/// Which way a package goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a user.
    Outgoing,
    /// From somebody without an account.
    Incoming,
}

impl Action {
    /// Returns the word used in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Flag => "flag",
            Self::Approval => "approval",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// Returns the action behind a word; an unknown word holds back.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "deliver" => Self::Deliver,
            "flag" => Self::Flag,
            "approval" => Self::Approval,
            "reject" => Self::Reject,
            _ => Self::Quarantine,
        }
    }
}

/// How much an engine's word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineRule {
    /// The engine.
    pub engine: String,
    /// Nothing is delivered without its word.
    pub mandatory: bool,
}

impl Outcome {
    /// Returns the name of the rule that says what to do about it; the settings carry the same names.
    #[must_use]
    pub fn rule(self) -> Option<&'static str> {
        Some(match self {
            Self::Clean | Self::Skipped | Self::Error => return None,
            Self::Infected => "infected",
            Self::Suspicious(RiskLevel::High) => "suspicious_high",
            Self::Suspicious(RiskLevel::Medium) => "suspicious_medium",
            Self::Suspicious(RiskLevel::Low) => "suspicious_low",
            Self::Encrypted => "encrypted",
            Self::Incomplete => "incomplete",
            Self::Unsupported => "unsupported",
            Self::PolicyHit(category) => match category {
                Category::Macro => "macro",
                Category::Executable => "executable",
                Category::Script => "script",
                Category::ActiveContent => "active_content",
                Category::Disguise => "disguise",
                Category::Ambiguous => "ambiguous",
                Category::Dlp => "dlp",
                Category::Opened => "opened",
                Category::Other => return None,
            },
        })
    }
}

/// What to do about each kind of outcome (DET-17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The engines that look at every file.
    pub engines: Vec<EngineRule>,
    /// About dangerous files: they are held back in any case.
    pub infected: Held,
    /// About files that can't be opened.
    pub encrypted: Action,
    /// About files not looked at to the end.
    pub incomplete: Action,
    /// About files of a kind that an engine can't look into.
    pub unsupported: Action,
    /// About suspicion, by level; what is not named is held back.
    pub suspicious: BTreeMap<RiskLevel, Action>,
    /// About policy hits; what is not named is held back.
    pub categories: BTreeMap<Category, Action>,
}

impl Policy {
    /// Returns the policy as it is once every approval that it asks for was given.
    #[must_use]
    pub fn approved(&self) -> Self {
        let mut policy = self.clone();
        let single = [
            &mut policy.encrypted,
            &mut policy.incomplete,
            &mut policy.unsupported,
        ];
        let actions = single.into_iter();
        let actions = actions.chain(policy.suspicious.values_mut());
        for action in actions.chain(policy.categories.values_mut()) {
            if *action == Action::Approval {
                *action = Action::Flag;
            }
        }
        policy
    }
}

/// One row of an engine about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineVerdict {
    /// The engine.
    pub engine: String,
    /// What it says.
    pub outcome: Outcome,
    /// Whether an exception lets it pass; the file is delivered with a remark then.
    pub excused: bool,
}

/// What follows from all verdicts of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Not all mandatory engines have spoken; ask again.
    Wait,
    /// The checks of the file are over.
    Settled(FileCheck),
}

/// Decides about one file.
///
/// `last_chance` says that the maximum check time is over: what a mandatory engine has not said by then is
/// *unscannable*. A mandatory engine has spoken when it has at least one row that is not an error. Danger
/// found by anybody settles at once.
#[must_use]
pub fn decide(policy: &Policy, verdicts: &[EngineVerdict], last_chance: bool) -> Decision {
    let dangerous = |v: &EngineVerdict| v.outcome == Outcome::Infected && !v.excused;
    if verdicts.iter().any(dangerous) {
        return Decision::Settled(FileCheck::Blocked);
    }
    let silent = policy
        .engines
        .iter()
        .filter(|rule| rule.mandatory)
        .any(|rule| {
            let mut rows = verdicts
                .iter()
                .filter(|v| v.engine == rule.engine)
                .peekable();
            rows.peek().is_none() || rows.any(|v| v.outcome == Outcome::Error)
        });
    // Without one mandatory engine nobody would answer for the file.
    let nobody = !policy.engines.iter().any(|rule| rule.mandatory);
    if silent && !nobody && !last_chance {
        return Decision::Wait;
    }
    let start = if silent || nobody {
        FileCheck::Unscannable
    } else {
        FileCheck::Clean
    };
    Decision::Settled(start.max(rules_alone(policy, verdicts)))
}

/// What the rules make of what was said, whether or not everybody has spoken.
#[must_use]
pub fn rules_alone(policy: &Policy, verdicts: &[EngineVerdict]) -> FileCheck {
    counted(verdicts)
        .map(|v| judge(policy, &v))
        .fold(FileCheck::Clean, std::cmp::max)
}

/// The internal engine that looks for encrypted content.
pub const ENCRYPTED_ENGINE: &str = "encrypted";

/// What was said, as it counts: that a file is encrypted for others counts as opened, if the internal engine could
/// open all of it.
fn counted(verdicts: &[EngineVerdict]) -> impl Iterator<Item = EngineVerdict> {
    let inside = |outcome| {
        let own = |v: &&EngineVerdict| v.engine == ENCRYPTED_ENGINE;
        verdicts.iter().filter(own).any(|v| v.outcome == outcome)
    };
    let opened = Outcome::PolicyHit(Category::Opened);
    let all_opened = inside(opened) && !inside(Outcome::Encrypted);
    verdicts.iter().cloned().map(move |mut verdict| {
        if all_opened && verdict.outcome == Outcome::Encrypted {
            verdict.outcome = opened;
        }
        verdict
    })
}

/// Tells whether a file is blocked because it is dangerous, not because a rule forbids what is in it.
#[must_use]
pub fn dangerous(policy: &Policy, verdicts: &[EngineVerdict]) -> bool {
    verdicts.iter().any(|verdict| match verdict.outcome {
        Outcome::Infected => !verdict.excused,
        Outcome::Suspicious(_) => judge(policy, verdict) == FileCheck::Blocked,
        _ => false,
    })
}

/// Tells whether policy sends the package back for what was said of one of its files.
#[must_use]
pub fn rejects(policy: &Policy, verdicts: &[EngineVerdict]) -> bool {
    harshest(policy, verdicts) == Action::Reject
}

/// Returns what the rules do about the worst of what was said, whether or not everybody has spoken.
#[must_use]
pub fn harshest(policy: &Policy, verdicts: &[EngineVerdict]) -> Action {
    let action = |verdict: EngineVerdict| action(policy, &verdict).0;
    let worst = counted(verdicts).map(action).max();
    worst.unwrap_or(Action::Deliver)
}

/// Tells whether somebody with the right to approve may let a held file out: that approval is all that it lacks.
///
/// Where an engine was silent, or found danger, or a rule wants an administrator, it lacks more.
#[must_use]
pub fn approvable(policy: &Policy, verdicts: &[EngineVerdict]) -> bool {
    let passes = |policy: &Policy| match decide(policy, verdicts, true) {
        Decision::Settled(check) => check.passes(),
        Decision::Wait => false,
    };
    !passes(policy) && passes(&policy.approved())
}

fn judge(policy: &Policy, verdict: &EngineVerdict) -> FileCheck {
    match action(policy, verdict) {
        (Action::Deliver, _) => FileCheck::Clean,
        (Action::Flag, _) => FileCheck::Flagged,
        (Action::Approval | Action::Quarantine | Action::Reject, held) => held,
    }
}

/// What to do about an outcome, and what the file is called if that is to hold it back.
fn action(policy: &Policy, verdict: &EngineVerdict) -> (Action, FileCheck) {
    match verdict.outcome {
        // Silence is counted by `decide`, excused or not.
        _ if verdict.excused => (Action::Flag, FileCheck::Unscannable),
        Outcome::Infected => match policy.infected {
            Held::Quarantine => (Action::Quarantine, FileCheck::Blocked),
            Held::Reject => (Action::Reject, FileCheck::Blocked),
        },
        // An optional engine's silence is recorded and skipped; a mandatory one's is counted by `decide`.
        // What an engine is not shown was an administrator's decision.
        Outcome::Clean | Outcome::Skipped | Outcome::Error => {
            (Action::Deliver, FileCheck::Unscannable)
        }
        Outcome::Encrypted => (policy.encrypted, FileCheck::Unscannable),
        Outcome::Incomplete => (policy.incomplete, FileCheck::Unscannable),
        Outcome::Unsupported => (policy.unsupported, FileCheck::Unscannable),
        Outcome::Suspicious(level) => {
            let action = policy.suspicious.get(&level).copied();
            (action.unwrap_or(Action::Quarantine), FileCheck::Blocked)
        }
        Outcome::PolicyHit(category) => {
            let held = if category == Category::Ambiguous {
                FileCheck::Unscannable
            } else {
                FileCheck::Blocked
            };
            let action = policy.categories.get(&category).copied();
            (action.unwrap_or(Action::Quarantine), held)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lenient() -> Policy {
        let rule = |engine: &str, mandatory| EngineRule {
            engine: engine.into(),
            mandatory,
        };
        Policy {
            engines: vec![
                rule("type", true),
                rule("clamd", true),
                rule("extra", false),
            ],
            infected: Held::Quarantine,
            encrypted: Action::Deliver,
            incomplete: Action::Deliver,
            unsupported: Action::Deliver,
            suspicious: [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High]
                .map(|level| (level, Action::Deliver))
                .into(),
            categories: [(Category::Macro, Action::Flag)].into(),
        }
    }

    fn said(rows: &[(&str, Outcome)]) -> Vec<EngineVerdict> {
        rows.iter()
            .map(|(engine, outcome)| EngineVerdict {
                engine: (*engine).into(),
                outcome: *outcome,
                excused: false,
            })
            .collect()
    }

    #[test]
    fn infected_is_never_delivered_whatever_the_policy() {
        for engine in ["type", "clamd", "extra", "unknown"] {
            let rows = said(&[
                ("type", Outcome::Clean),
                ("clamd", Outcome::Clean),
                (engine, Outcome::Infected),
            ]);
            assert_eq!(
                decide(&lenient(), &rows, false),
                Decision::Settled(FileCheck::Blocked)
            );
        }
    }

    #[test]
    fn what_is_excused_is_delivered_with_a_remark_and_excuses_nothing_else() {
        let excused = |outcome| EngineVerdict {
            excused: true,
            ..said(&[("extra", outcome)]).remove(0)
        };
        let clean = said(&[("type", Outcome::Clean), ("clamd", Outcome::Clean)]);
        let with = |rows: &[EngineVerdict]| decide(&lenient(), &[&clean, rows].concat(), false);
        let flagged = Decision::Settled(FileCheck::Flagged);
        assert_eq!(with(&[excused(Outcome::Infected)]), flagged);
        assert_eq!(with(&[excused(Outcome::PolicyHit(Category::Dlp))]), flagged);
        let other = said(&[("extra", Outcome::Infected)]);
        let both = [excused(Outcome::Infected), other[0].clone()];
        assert_eq!(with(&both), Decision::Settled(FileCheck::Blocked));
        assert!(dangerous(&lenient(), &both) && !dangerous(&lenient(), &both[..1]));
        let silent = [
            excused(Outcome::Infected),
            said(&[("clamd", Outcome::Error)]).remove(0),
        ];
        assert_eq!(with(&silent), Decision::Wait);
    }

    #[test]
    fn what_could_be_opened_is_not_encrypted_for_others_either() {
        let mut policy = lenient();
        policy.encrypted = Action::Quarantine;
        policy.categories.insert(Category::Opened, Action::Flag);
        let clean = said(&[("type", Outcome::Clean), ("clamd", Outcome::Clean)]);
        let with = |rows: &[(&str, Outcome)]| {
            decide(&policy, &[clean.clone(), said(rows)].concat(), false)
        };
        let opened = Outcome::PolicyHit(Category::Opened);
        let (flagged, held) = (FileCheck::Flagged, FileCheck::Unscannable);
        let locked = Outcome::Encrypted;
        let cases: [(&[(&str, Outcome)], FileCheck); 5] = [
            (&[("encrypted", opened)], flagged),
            (&[("encrypted", opened), ("extra", locked)], flagged),
            (&[("extra", opened), ("extra", locked)], held),
            (
                &[
                    ("encrypted", opened),
                    ("encrypted", locked),
                    ("extra", locked),
                ],
                held,
            ),
            (
                &[("encrypted", opened), ("eicar", Outcome::Infected)],
                FileCheck::Blocked,
            ),
        ];
        for (rows, check) in cases {
            assert_eq!(with(rows), Decision::Settled(check), "{rows:?}");
        }
    }

    #[test]
    fn silence_and_errors_of_a_mandatory_engine_are_never_clean() {
        for rows in [
            said(&[]),
            said(&[("type", Outcome::Clean)]),
            said(&[("type", Outcome::Clean), ("clamd", Outcome::Error)]),
            said(&[
                ("type", Outcome::Clean),
                ("clamd", Outcome::Clean),
                ("clamd", Outcome::Error),
            ]),
            said(&[("extra", Outcome::Clean), ("clamd", Outcome::Clean)]),
        ] {
            assert_eq!(decide(&lenient(), &rows, false), Decision::Wait, "{rows:?}");
            assert_eq!(
                decide(&lenient(), &rows, true),
                Decision::Settled(FileCheck::Unscannable),
                "{rows:?}"
            );
        }
    }

    #[test]
    fn nobody_to_ask_is_not_clean() {
        let mut policy = lenient();
        policy.engines.clear();
        let rows = said(&[("type", Outcome::Clean)]);
        assert_eq!(
            decide(&policy, &rows, false),
            Decision::Settled(FileCheck::Unscannable)
        );
    }

    #[test]
    fn policy_decides_about_the_rest() {
        let base = [("type", Outcome::Clean), ("clamd", Outcome::Clean)];
        let with = |outcome| said(&[base[0], base[1], ("type", outcome)]);
        assert_eq!(
            decide(&lenient(), &said(&base), false),
            Decision::Settled(FileCheck::Clean)
        );
        assert_eq!(
            decide(
                &lenient(),
                &with(Outcome::PolicyHit(Category::Macro)),
                false
            ),
            Decision::Settled(FileCheck::Flagged)
        );
        assert_eq!(
            decide(
                &lenient(),
                &with(Outcome::PolicyHit(Category::Executable)),
                false
            ),
            Decision::Settled(FileCheck::Blocked)
        );
        let mut strict = lenient();
        strict.encrypted = Action::Quarantine;
        assert_eq!(
            decide(&strict, &with(Outcome::Encrypted), false),
            Decision::Settled(FileCheck::Unscannable)
        );
        assert_eq!(
            decide(
                &lenient(),
                &said(&[base[0], base[1], ("extra", Outcome::Error)]),
                false
            ),
            Decision::Settled(FileCheck::Clean)
        );
    }

    #[test]
    fn a_package_goes_back_only_for_what_policy_sends_back() {
        let mut policy = lenient();
        let macros = Outcome::PolicyHit(Category::Macro);
        let rows = |outcome| said(&[("type", Outcome::Clean), ("type", outcome)]);
        assert!(!rejects(&policy, &rows(macros)));
        assert!(!rejects(&policy, &rows(Outcome::Infected)));
        policy.categories.insert(Category::Macro, Action::Reject);
        policy.infected = Held::Reject;
        for outcome in [macros, Outcome::Infected] {
            assert!(rejects(&policy, &rows(outcome)));
            let rows = said(&[("type", Outcome::Clean), ("clamd", outcome)]);
            assert_eq!(
                decide(&policy, &rows, false),
                Decision::Settled(FileCheck::Blocked)
            );
        }
        assert!(!rejects(&policy, &rows(Outcome::Error)));
    }

    #[test]
    fn only_malware_and_suspicions_that_block_are_dangerous() {
        let mut policy = lenient();
        policy.encrypted = Action::Quarantine;
        policy.categories = [(Category::Macro, Action::Quarantine)].into();
        let high = Outcome::Suspicious(RiskLevel::High);
        let dangerous = |policy: &Policy, one| dangerous(policy, &said(&[("clamd", one)]));
        assert!(dangerous(&policy, Outcome::Infected));
        assert!(!dangerous(&policy, high));
        for other in [
            Outcome::Clean,
            Outcome::Encrypted,
            Outcome::Error,
            Outcome::PolicyHit(Category::Macro),
        ] {
            assert!(!dangerous(&policy, other), "{other:?}");
        }
        policy.suspicious = [(RiskLevel::High, Action::Quarantine)].into();
        assert!(dangerous(&policy, high));
    }

    #[test]
    fn an_approver_lets_out_what_lacks_approval_and_nothing_else() {
        let macros = Outcome::PolicyHit(Category::Macro);
        let script = Outcome::PolicyHit(Category::Script);
        let mut policy = lenient();
        policy.categories = [
            (Category::Macro, Action::Approval),
            (Category::Dlp, Action::Deliver),
            (Category::Script, Action::Quarantine),
            (Category::Disguise, Action::Reject),
        ]
        .into();
        policy.encrypted = Action::Approval;
        let clean = [("type", Outcome::Clean), ("clamd", Outcome::Clean)];
        let with = |rows: &[(&str, Outcome)]| {
            let rows = said(&[&clean[..], rows].concat());
            let held = decide(&policy, &rows, true);
            let passes = matches!(held, Decision::Settled(check) if check.passes());
            assert!(!(passes && approvable(&policy, &rows)), "{rows:?}");
            (passes, approvable(&policy, &rows))
        };
        for rows in [
            &[("type", macros)][..],
            &[("extra", Outcome::Encrypted)],
            &[("type", macros), ("extra", Outcome::Error)],
            &[
                ("type", Outcome::PolicyHit(Category::Dlp)),
                ("type", macros),
            ],
        ] {
            assert_eq!(with(rows), (false, true), "{rows:?}");
        }
        for rows in [
            &[("type", macros), ("type", script)][..],
            &[
                ("type", macros),
                ("type", Outcome::PolicyHit(Category::Disguise)),
            ],
            &[("type", macros), ("extra", Outcome::Infected)],
            &[("type", macros), ("clamd", Outcome::Error)],
            &[
                ("type", macros),
                ("type", Outcome::PolicyHit(Category::Other)),
            ],
            &[("extra", Outcome::Infected)],
            &[("type", script)],
        ] {
            assert_eq!(with(rows), (false, false), "{rows:?}");
        }
        assert_eq!(with(&[]), (true, false));
        // A mandatory engine that is not there at all has not spoken either.
        assert!(!approvable(&policy, &said(&[("type", macros)])));
        let mut nobody = policy.clone();
        nobody.engines.clear();
        assert!(!approvable(&nobody, &said(&[("type", macros)])));
    }

    #[test]
    fn the_harshest_rule_counts() {
        let mut policy = lenient();
        policy.categories.insert(Category::Script, Action::Approval);
        let harshest = |rows: &[(&str, Outcome)]| harshest(&policy, &said(rows));
        let (macros, script) = (Category::Macro, Category::Script);
        let hit = |category| ("type", Outcome::PolicyHit(category));
        assert_eq!(harshest(&[]), Action::Deliver);
        assert_eq!(harshest(&[hit(macros)]), Action::Flag);
        assert_eq!(harshest(&[hit(script), hit(macros)]), Action::Approval);
        let infected = ("extra", Outcome::Infected);
        assert_eq!(harshest(&[hit(script), infected]), Action::Quarantine);
        let all = ["deliver", "flag", "approval", "quarantine", "reject"].map(Action::from_word);
        assert!(
            all.is_sorted()
                && all
                    .iter()
                    .all(|one| Action::from_word(one.as_str()) == *one)
        );
    }
}
