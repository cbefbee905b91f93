use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sofie_app::licences::CheckingKey;

/// Keys that are built in, with commas between, beside those of the configuration: for whoever builds an edition that
/// is licensed. The default edition has none.
const BUILT_IN: Option<&str> = option_env!("SOFIE_LICENCE_KEYS");

/// Who may give licences.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    public_keys: Vec<String>,
}

impl Licence {
    /// The keys that check licences.
    pub fn keys(&self) -> Result<Vec<CheckingKey>> {
        let built_in = BUILT_IN.unwrap_or_default().split(',');
        let built_in = built_in.filter(|key| !key.trim().is_empty());
        self.public_keys
            .iter()
            .map(String::as_str)
            .chain(built_in)
            .map(|key| {
                key.parse()
                    .with_context(|| format!("licence.public_keys: {key:?}"))
            })
            .collect()
    }
}
