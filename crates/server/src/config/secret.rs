//! A value that nobody gets to see.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret in the configuration: not in logs, not in `config show`.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the value, or the first line of the file; `None` when neither is given.
    pub fn of(value: Option<&Self>, file: Option<&Path>) -> Result<Option<SecretString>> {
        match (value, file) {
            (Some(value), _) => Ok(Some(value.0.clone())),
            (None, Some(file)) => {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                Ok(Some(
                    text.lines()
                        .next()
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                        .into(),
                ))
            }
            (None, None) => Ok(None),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(set)")
    }
}
