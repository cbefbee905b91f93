//! What administrators may say about an engine.

use chrono::DateTime;
use serde_json::{Map, Value, json};
use sofie_detection::{Kind, Types};
use sofie_store::engines::Engine;

use super::table;
use crate::{Error, FieldError, Result};

/// The largest file that an engine may be given.
const LARGEST: u64 = 1 << 40;
/// The most endings in a list of types.
const MOST_ENDINGS: usize = 200;

/// What to set; what is not given stays, or is as usual for the kind.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The name for people.
    pub name: Option<String>,
    /// The stage: `reputation`, `antivirus` or `sandbox`.
    pub stage: Option<String>,
    /// Whether files are shown to it; it must pass a self-test first.
    pub enabled: Option<bool>,
    /// Whether nothing is delivered without its word.
    pub mandatory: Option<bool>,
    /// The largest file that it is given.
    pub largest_file: Option<u64>,
    /// What becomes of larger ones: `unscannable` or `skip`.
    pub oversize: Option<String>,
    /// Which files it is shown.
    pub types: Option<Types>,
    /// How many files it is given at once.
    pub at_once: Option<u16>,
    /// How long it may take for a small file.
    pub seconds: Option<u16>,
    /// The configuration of its kind. A field that is not given stays; `null` puts it back to its default.
    pub config: Map<String, Value>,
}

/// Returns an engine of a kind as it usually is: not enabled.
pub(super) fn usual(kind: &Kind) -> Engine {
    Engine {
        id: String::new(),
        kind: kind.name.to_owned(),
        name: kind.title.to_owned(),
        stage: kind.class.as_str().to_owned(),
        position: 0,
        enabled: false,
        mandatory: false,
        largest_file: kind.largest_file,
        oversize: "unscannable".to_owned(),
        types: json!(Types::all()),
        at_once: kind.at_once,
        seconds: kind.seconds,
        config: Map::new(),
        secrets: Map::new(),
        version: 1,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

/// Puts an input over an engine, and refuses what can't be.
pub(super) fn apply(engine: &Engine, input: &Input) -> Result<Engine> {
    let mut next = engine.clone();
    let mut wrong = Vec::new();
    if let Some(name) = &input.name {
        name.trim().clone_into(&mut next.name);
    }
    let length = next.name.chars().count();
    if length == 0 || length > 100 || next.name.chars().any(char::is_control) {
        wrong.push(field(
            "name",
            if length > 100 { "too_long" } else { "invalid" },
        ));
    }
    if let Some(stage) = &input.stage {
        if !["reputation", "antivirus", "sandbox"].contains(&stage.as_str()) {
            wrong.push(field("stage", "not_allowed"));
        }
        next.stage.clone_from(stage);
    }
    if let Some(oversize) = &input.oversize {
        if !["unscannable", "skip"].contains(&oversize.as_str()) {
            wrong.push(field("oversize", "not_allowed"));
        }
        next.oversize.clone_from(oversize);
    }
    if let Some(types) = &input.types {
        match endings(types) {
            Some(types) => next.types = json!(types),
            None => wrong.push(field("types", "invalid")),
        }
    }
    next.enabled = input.enabled.unwrap_or(engine.enabled);
    next.mandatory = input.mandatory.unwrap_or(engine.mandatory);
    if next.mandatory && next.stage == "reputation" {
        // Mostly it has no opinion, and nothing may be delivered because of that.
        wrong.push(field("mandatory", "not_allowed"));
    }
    next.largest_file = input.largest_file.unwrap_or(engine.largest_file);
    next.at_once = input.at_once.unwrap_or(engine.at_once);
    next.seconds = input.seconds.unwrap_or(engine.seconds);
    wrong.extend(range("largest_file", next.largest_file, 1, LARGEST));
    wrong.extend(range("at_once", next.at_once.into(), 1, 64));
    wrong.extend(range("seconds", next.seconds.into(), 1, 3600));
    configure(&mut next, &input.config);
    wrong.extend(stranded(engine, &next, &input.config));
    if wrong.is_empty()
        && let Err(faults) = table::runtime(&next)
    {
        wrong.extend(faults.iter().map(|fault| field(fault.field, fault.code)));
    }
    if wrong.is_empty() {
        Ok(next)
    } else {
        Err(Error::Invalid(wrong))
    }
}

/// Splits a configuration into what may be seen and what is sealed.
fn configure(engine: &mut Engine, given: &Map<String, Value>) {
    let kind = sofie_detection::kind(&engine.kind);
    for (name, value) in given {
        let secret = kind.is_some_and(|kind| kind.is_secret(name));
        let place = if secret {
            &mut engine.secrets
        } else {
            &mut engine.config
        };
        if value.is_null() {
            place.remove(name);
        } else {
            place.insert(name.clone(), value.clone());
        }
    }
}

/// Secrets that were given for another destination: whoever may set up engines must not be able to have one sent
/// to a server of his own.
fn stranded<'i>(
    before: &'i Engine,
    next: &'i Engine,
    given: &'i Map<String, Value>,
) -> impl Iterator<Item = FieldError> + 'i {
    const DESTINATION: [&str; 2] = ["addresses", "token_header"];
    let moved = DESTINATION
        .iter()
        .any(|name| before.config.get(*name) != next.config.get(*name));
    let fields = sofie_detection::kind(&before.kind).map_or(&[][..], |kind| kind.fields);
    fields
        .iter()
        .map(|one| one.name)
        .filter(move |name| {
            moved && before.secrets.contains_key(*name) && !given.contains_key(*name)
        })
        .map(|name| field(name, "required"))
}

fn endings(types: &Types) -> Option<Types> {
    let clean = |ending: &String| {
        let ending = ending
            .trim()
            .trim_start_matches("*.")
            .trim_start_matches('.');
        let fits = (1..=20).contains(&ending.chars().count())
            && ending
                .chars()
                .all(|c| c.is_alphanumeric() || "_-+".contains(c));
        fits.then(|| ending.to_lowercase())
    };
    let endings: Vec<String> = types.endings.iter().map(clean).collect::<Option<_>>()?;
    (endings.len() <= MOST_ENDINGS).then(|| Types {
        endings,
        ..types.clone()
    })
}

fn range(name: &'static str, value: u64, least: u64, most: u64) -> Option<FieldError> {
    if value < least {
        Some(field(name, "too_small"))
    } else if value > most {
        Some(field(name, "too_large"))
    } else {
        None
    }
}

fn field(field: &'static str, code: &'static str) -> FieldError {
    FieldError::new(field, code)
}
