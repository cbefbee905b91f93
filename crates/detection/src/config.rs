//! How an engine is set up: fields that its kind describes, and the values that an administrator gave.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// One field of a kind's configuration; the form for it is made from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its stable name; labels and help texts go by it.
    pub name: &'static str,
    /// What it holds.
    #[serde(flatten)]
    pub holds: Holds,
    /// Whether it must not be empty.
    pub required: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "holds", rename_all = "snake_case")]
pub enum Holds {
    /// One line of text.
    Text {
        /// What holds when nothing is given.
        default: &'static str,
    },
    /// A certificate or another text of several lines.
    LongText,
    /// A list of texts, such as addresses.
    List {
        /// A value as it may look.
        example: &'static str,
    },
    /// A text that is stored sealed and never shown again.
    Secret,
    /// The same of several lines, such as a private key.
    LongSecret,
    /// Yes or no.
    Flag {
        /// What holds when nothing is given.
        default: bool,
    },
    /// One of a few words.
    Choice {
        /// The words.
        words: &'static [&'static str],
        /// What holds when nothing is given.
        default: &'static str,
    },
}

/// The most characters of one line.
const LONGEST_LINE: usize = 500;
/// The most characters of a long text.
const LONGEST_TEXT: usize = 64 << 10;
/// The most entries of a list.
const MOST_ENTRIES: usize = 16;

/// One value that does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The field, or `config` for one that the kind does not have.
    pub field: &'static str,
    /// A stable word: `required`, `invalid`, `too_long`, `not_allowed`.
    pub code: &'static str,
}

impl Fault {
    /// The value of `field` can't be used.
    pub(crate) const fn invalid(field: &'static str) -> Self {
        Self {
            field,
            code: "invalid",
        }
    }
}

/// Values that fit the fields of a kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Config(BTreeMap<&'static str, Value>);

/// Names only: a value may be a secret.
impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

impl Config {
    /// Checks `given` against `fields`; what is not given gets its default.
    ///
    /// # Errors
    /// Every value that does not fit, and every required one that is missing.
    pub fn read(fields: &'static [Field], given: &Map<String, Value>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut values = BTreeMap::new();
        let known = |name: &String| fields.iter().any(|field| field.name == name);
        if !given.keys().all(known) {
            faults.push(Fault {
                field: "config",
                code: "not_allowed",
            });
        }
        for field in fields {
            match field.read(given.get(field.name).unwrap_or(&Value::Null)) {
                Ok(value) => {
                    values.insert(field.name, value);
                }
                Err(code) => faults.push(Fault {
                    field: field.name,
                    code,
                }),
            }
        }
        if faults.is_empty() {
            Ok(Self(values))
        } else {
            Err(faults)
        }
    }

    /// A text; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A list of texts.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.get(name).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_str)
    }
}

impl Field {
    fn read(&self, given: &Value) -> Result<Value, &'static str> {
        let value = match (self.holds, given) {
            (Holds::Text { default } | Holds::Choice { default, .. }, Value::Null) => {
                default.into()
            }
            (Holds::Flag { default }, Value::Null) => default.into(),
            (Holds::LongText | Holds::Secret | Holds::LongSecret, Value::Null) => "".into(),
            (Holds::List { .. }, Value::Null) => Value::Array(Vec::new()),
            (Holds::Flag { .. }, Value::Bool(yes)) => (*yes).into(),
            (Holds::Choice { words, .. }, Value::String(word)) => {
                let known = words.contains(&word.as_str());
                known.then(|| given.clone()).ok_or("not_allowed")?
            }
            (Holds::Text { .. } | Holds::Secret, Value::String(text)) => line(text)?.into(),
            (Holds::LongText | Holds::LongSecret, Value::String(text))
                if text.len() > LONGEST_TEXT =>
            {
                return Err("too_long");
            }
            (Holds::LongText | Holds::LongSecret, Value::String(text)) => text.trim().into(),
            (Holds::List { .. }, Value::Array(entries)) => list(entries)?,
            _ => return Err("invalid"),
        };
        let empty = value == "" || value.as_array().is_some_and(Vec::is_empty);
        if self.required && empty {
            return Err("required");
        }
        Ok(value)
    }
}

fn line(text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    if text.chars().count() > LONGEST_LINE {
        Err("too_long")
    } else if text.chars().any(char::is_control) {
        Err("invalid")
    } else {
        Ok(text)
    }
}

fn list(entries: &[Value]) -> Result<Value, &'static str> {
    if entries.len() > MOST_ENTRIES {
        return Err("too_long");
    }
    let lines = entries
        .iter()
        .map(|entry| line(entry.as_str().ok_or("invalid")?));
    let lines: Vec<&str> = lines.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| !line.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Field] = &[
        Field {
            name: "addresses",
            holds: Holds::List { example: "a" },
            required: true,
        },
        Field {
            name: "token",
            holds: Holds::Secret,
            required: false,
        },
        Field {
            name: "mode",
            holds: Holds::Choice {
                words: &["a", "b"],
                default: "b",
            },
            required: true,
        },
    ];

    fn read(given: &Value) -> Result<Config, Vec<Fault>> {
        Config::read(FIELDS, given.as_object().unwrap())
    }

    #[test]
    fn what_fits_is_taken_and_the_rest_gets_its_default() {
        let config = read(&json!({ "addresses": [" x ", ""] })).unwrap();
        assert_eq!(config.list("addresses").collect::<Vec<_>>(), ["x"]);
        assert_eq!((config.text("token"), config.text("mode")), ("", "b"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let faults = read(&json!({ "addresses": [], "mode": "c", "token": "a\nb", "other": 1 }));
        let codes: Vec<_> = faults
            .unwrap_err()
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect();
        let expected = [
            ("config", "not_allowed"),
            ("addresses", "required"),
            ("token", "invalid"),
            ("mode", "not_allowed"),
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = read(&json!({ "addresses": ["x"], "token": "hunter2" })).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
