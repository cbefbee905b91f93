//! Everything that an administrator changes at run time: one registry with kind, default and range.

use std::collections::BTreeMap;

mod dlp;
mod rules;
mod table;
mod upkeep;

pub use rules::Ruling;
pub(crate) use rules::group_rule;
pub use table::registry;

/// What a setting holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Yes or no.
    Bool,
    /// A whole number in a range, both ends included.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A number of bytes in a range.
    Bytes {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// One line of text.
    Text {
        /// The most characters.
        max: usize,
    },
    /// A text that is stored encrypted and never shown again.
    Secret {
        /// The most characters.
        max: usize,
    },
    /// Texts, a line each.
    List {
        /// The most characters of each.
        max: usize,
        /// The most texts.
        most: usize,
    },
    /// A [`Cron`](crate::Cron) expression, or nothing: never.
    Cron,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// Of a [`SettingKind::Bool`].
    Bool(bool),
    /// Of a [`SettingKind::Integer`] or [`SettingKind::Bytes`].
    Integer(i64),
    /// Of a [`SettingKind::List`].
    List(Vec<String>),
    /// Of the other kinds.
    Text(String),
}

/// One row of the registry.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its stable name, `group.name`.
    pub key: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// What holds unless an administrator said otherwise.
    pub default: SettingValue,
    /// What it does, in one or two sentences, for the manual.
    pub description: &'static str,
}

/// The key is not in the registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no setting {0}")]
pub struct UnknownSetting(pub String);

/// The value does not fit the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value does not fit the setting")]
pub struct InvalidSetting;

impl Setting {
    /// Returns the part of the key before the first dot.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.key.split('.').next().unwrap_or(self.key)
    }

    /// Checks a value against the kind.
    pub fn check(&self, value: &SettingValue) -> Result<(), InvalidSetting> {
        let fits = match (&self.kind, value) {
            (SettingKind::Bool, SettingValue::Bool(_)) => true,
            (
                SettingKind::Integer { min, max } | SettingKind::Bytes { min, max },
                SettingValue::Integer(n),
            ) => (min..=max).contains(&n),
            (SettingKind::Text { max } | SettingKind::Secret { max }, SettingValue::Text(text)) => {
                is_line(text, *max)
            }
            (SettingKind::Cron, SettingValue::Text(text)) => {
                text.is_empty() || text.parse::<crate::Cron>().is_ok()
            }
            (SettingKind::List { max, most }, SettingValue::List(lines)) => {
                lines.len() <= *most && lines.iter().all(|line| is_line(line, *max))
            }
            (SettingKind::Choice(words), SettingValue::Text(text)) => {
                words.contains(&text.as_str())
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(InvalidSetting) }
    }
}

/// The settings in force: the registry's defaults and what administrators changed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    changed: BTreeMap<&'static str, SettingValue>,
}

impl Settings {
    /// Takes a changed value over; a value that does not fit (an older release wrote it) is refused and
    /// the default stays.
    pub fn set(&mut self, key: &str, value: SettingValue) -> Result<(), InvalidSetting> {
        let setting = find(key).ok_or(InvalidSetting)?;
        setting.check(&value)?;
        self.changed.insert(setting.key, value);
        Ok(())
    }

    /// Tells whether an administrator changed the setting.
    #[must_use]
    pub fn changed(&self, key: &str) -> bool {
        self.changed.contains_key(key)
    }

    /// Returns the value in force; of an unknown key, nothing.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<SettingValue> {
        self.changed
            .get(key)
            .cloned()
            .or_else(|| find(key).map(|s| s.default.clone()))
    }

    /// Returns a yes-or-no setting; an unknown key is *no*.
    #[must_use]
    pub fn bool(&self, key: &str) -> bool {
        matches!(self.get(key), Some(SettingValue::Bool(true)))
    }

    /// Returns a number; an unknown key is zero.
    #[must_use]
    pub fn integer(&self, key: &str) -> i64 {
        match self.get(key) {
            Some(SettingValue::Integer(n)) => n,
            _ => 0,
        }
    }

    /// Returns a number that the registry keeps from being negative.
    #[must_use]
    pub fn count(&self, key: &str) -> u64 {
        u64::try_from(self.integer(key)).unwrap_or(0)
    }

    /// Returns a text; an unknown key is empty.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        match self.get(key) {
            Some(SettingValue::Text(text)) => text,
            _ => String::new(),
        }
    }

    /// Returns texts; of an unknown key, none.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(SettingValue::List(lines)) => lines,
            _ => Vec::new(),
        }
    }
}

fn is_line(text: &str, max: usize) -> bool {
    text.chars().count() <= max && !text.chars().any(char::is_control)
}

fn find(key: &str) -> Option<&'static Setting> {
    registry().iter().find(|s| s.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_fits_its_kind_and_keys_are_unique() {
        let mut keys: Vec<_> = registry().iter().map(|s| s.key).collect();
        for setting in registry() {
            assert_eq!(setting.check(&setting.default), Ok(()), "{}", setting.key);
            assert!(setting.description.ends_with('.'), "{}", setting.key);
        }
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let mut settings = Settings::default();
        assert!(
            settings
                .set("packages.expiry_default_days", SettingValue::Integer(0))
                .is_err()
        );
        assert!(
            settings
                .set("packages.expiry_default_days", SettingValue::Integer(7))
                .is_ok()
        );
        assert!(settings.set("no.such", SettingValue::Bool(true)).is_err());
        assert!(
            settings
                .set("instance.name", SettingValue::Text("a\nb".into()))
                .is_err()
        );
        assert_eq!(settings.integer("packages.expiry_default_days"), 7);
        let key = "checks.dlp_expressions";
        for (lines, fits) in [
            (vec!["a: b".to_owned(); 50], true),
            (vec!["a: b".to_owned(); 51], false),
            (vec!["a: b\nc: d".to_owned()], false),
            (vec!["a".repeat(1101)], false),
        ] {
            let set = settings.set(key, SettingValue::List(lines));
            assert_eq!(set.is_ok(), fits);
        }
        assert_eq!(settings.list(key).len(), 50);
        assert!(
            settings
                .set(key, SettingValue::Text("a: b".into()))
                .is_err()
        );
    }
}
