//! Groups: users who share rules of their own (ACC-15, DET-17).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{Direction, GroupId, GroupName, GroupNote, InvalidSetting, SettingValue, settings};

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Identifies the group.
    pub id: GroupId,
    /// What it is called.
    pub name: GroupName,
    /// What administrators say of it.
    pub note: GroupNote,
    /// The rules that it has of its own.
    pub rules: GroupRules,
    /// Counts changes; the entity tag of the API.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a group has of its own among the rules of the policy, by the keys of their settings; for the rest it is one of
/// all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRules(BTreeMap<&'static str, String>);

impl GroupRules {
    /// Gives a rule of its own; what is no rule, or no word for it, is refused.
    pub fn set(&mut self, key: &str, word: &str) -> Result<(), InvalidSetting> {
        let setting = settings::group_rule(key).ok_or(InvalidSetting)?;
        setting.check(&SettingValue::Text(word.to_owned()))?;
        self.0.insert(setting.key, word.to_owned());
        Ok(())
    }

    /// Takes a rule of its own away; tells whether there is such a rule at all.
    pub fn forget(&mut self, key: &str) -> bool {
        self.0.remove(key);
        settings::group_rule(key).is_some()
    }

    /// Takes over what was stored. A word that no release of ours knows holds back; a key that it does not know says
    /// nothing.
    #[must_use]
    pub fn stored<'r>(rules: impl IntoIterator<Item = (&'r str, &'r str)>) -> Self {
        let mut all = Self::default();
        for (key, word) in rules {
            if all.set(key, word).is_err() {
                let _ = all.set(key, "quarantine");
            }
        }
        all
    }

    /// Returns the word of a rule of its own.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Returns all of them by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, word)| (*key, word.as_str()))
    }
}

/// Whose rules a package is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// Which way it goes.
    pub direction: Direction,
    /// The groups, in their order, of each user whom it concerns: of its sender, or if that is nobody of ours, of
    /// those who asked for it or receive it. Of several users the one with the strictest rule counts.
    pub users: Vec<Vec<GroupRules>>,
}

impl Whose {
    /// Nobody's in particular: the rules of the installation.
    #[must_use]
    pub fn everybody(direction: Direction) -> Self {
        let users = Vec::new();
        Self { direction, users }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_rules_only() {
        let mut rules = GroupRules::default();
        for (key, word) in [
            ("checks.macro", "reject"),
            ("incoming.macro", "same"),
            ("checks.infected", "reject"),
            ("incoming.infected", "quarantine"),
        ] {
            assert_eq!(rules.set(key, word), Ok(()), "{key}");
            assert_eq!(rules.get(key), Some(word));
        }
        for (key, word) in [
            ("checks.macro", "same"),
            ("checks.macro", "burn"),
            ("checks.infected", "deliver"),
            ("incoming.infected", "flag"),
            ("checks.maximum_minutes", "1"),
            ("instance.language", "en"),
            ("packages.default_type", "private"),
            ("no.such", "deliver"),
        ] {
            assert_eq!(rules.set(key, word), Err(InvalidSetting), "{key}");
        }
        assert_eq!(rules.get("checks.macro"), Some("reject"));
        assert!(rules.forget("checks.macro") && !rules.forget("instance.language"));
        assert_eq!(rules.get("checks.macro"), None);
        assert_eq!(rules.iter().count(), 3);
    }

    #[test]
    fn what_another_release_stored_holds_back() {
        let stored = [("checks.macro", "burn"), ("checks.gone", "deliver")];
        let rules = GroupRules::stored(stored);
        let all: Vec<_> = rules.iter().collect();
        assert_eq!(all, [("checks.macro", "quarantine")]);
    }
}
