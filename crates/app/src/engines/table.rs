//! From rows of the table to engines.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sofie_detection::{Class, Fault, Kind, Runtime, Setup, Times};
use sofie_store::engines::Engine;

/// Makes what talks to an engine; nothing is contacted yet.
pub(super) fn runtime(row: &Engine) -> Result<Runtime, Vec<Fault>> {
    let kind = kind(row)?;
    let mut config = row.config.clone();
    config.extend(row.secrets.clone());
    kind.engine(setup(row)?, &config)
}

/// Finds the kind of an engine.
pub(super) fn kind(row: &Engine) -> Result<&'static Kind, Vec<Fault>> {
    sofie_detection::kind(&row.kind).ok_or_else(|| fault("kind"))
}

fn setup(row: &Engine) -> Result<Setup, Vec<Fault>> {
    Ok(Setup {
        id: row.id.clone(),
        name: row.name.clone(),
        class: word::<Class>("stage", &row.stage)?,
        largest_file: row.largest_file,
        oversize: word("oversize", &row.oversize)?,
        types: serde_json::from_value(row.types.clone()).map_err(|_| fault("types"))?,
        at_once: row.at_once,
        times: Times::usual(Duration::from_secs(row.seconds.into())),
    })
}

fn word<T: DeserializeOwned>(field: &'static str, word: &str) -> Result<T, Vec<Fault>> {
    serde_json::from_value(Value::from(word)).map_err(|_| fault(field))
}

fn fault(field: &'static str) -> Vec<Fault> {
    vec![Fault {
        field,
        code: "not_allowed",
    }]
}
