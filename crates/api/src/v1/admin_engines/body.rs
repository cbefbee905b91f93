//! Engines on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sofie_app::engines::{EngineView, Kind, Refusal, TypeMode, Types};
use utoipa::ToSchema;

/// An engine and what was last seen of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Engine)]
pub struct EngineBody {
    id: String,
    name: String,
    /// `internal`, or the stage: `reputation`, `antivirus` or `sandbox`.
    class: String,
    /// Whether files are shown to it.
    enabled: bool,
    /// Whether nothing is delivered without its word.
    mandatory: bool,
    /// Whether its self-test passed; not known before the first one.
    available: Option<bool>,
    version: Option<String>,
    signature_version: Option<String>,
    signature_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    checked_at: Option<DateTime<Utc>>,
    /// What each probe of the last self-test showed.
    self_test: Vec<ProbeBody>,
    /// Files that the server's process shows it just now.
    busy: usize,
    /// Files that wait for their turn.
    waiting: usize,
    /// How it is set up; the internal engines can't be.
    setup: Option<SetupBody>,
}

/// How an engine is set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineSetup)]
pub(crate) struct SetupBody {
    kind: String,
    /// Counts changes; for `If-Match`.
    version: i64,
    largest_file: u64,
    /// What becomes of larger files: `unscannable` or `skip`.
    oversize: String,
    types: TypesBody,
    at_once: u16,
    seconds: u16,
    /// The fields of its kind that are no secrets.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    config: Map<String, Value>,
    /// The secrets that are set.
    secrets: Vec<String>,
    updated_at: DateTime<Utc>,
}

/// Which files an engine is shown, by the endings of their names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = EngineTypes)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypesBody {
    mode: TypesMode,
    endings: Vec<String>,
    others: TypesOthers,
}

/// How a list of types is meant.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypesMode {
    All,
    Only,
    Except,
}

/// What becomes of files that an engine is not shown.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypesOthers {
    Skip,
    Unscannable,
}

/// One probe of a self-test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Probe)]
pub struct ProbeBody {
    probe: String,
    passed: bool,
    detail: Option<String>,
}

/// A kind of engine that can be set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineKind)]
pub(crate) struct KindBody {
    kind: &'static str,
    title: &'static str,
    /// The stage that it usually works in.
    stage: &'static str,
    largest_file: u64,
    at_once: u16,
    seconds: u16,
    fields: Vec<FieldBody>,
}

/// One field of a kind's configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineField)]
pub(crate) struct FieldBody {
    name: &'static str,
    /// `text`, `long_text`, `list`, `secret`, `long_secret`, `flag` or `choice`.
    holds: String,
    required: bool,
    /// What holds when nothing is given.
    #[schema(value_type = Value)]
    default: Option<Value>,
    /// The words of a choice.
    words: Option<Value>,
    /// A value of a list as it may look.
    example: Option<Value>,
}

impl From<EngineView> for EngineBody {
    fn from(view: EngineView) -> Self {
        let probes = view.probes().into_iter();
        let self_test = probes.map(|probe| ProbeBody {
            probe: probe.probe,
            passed: probe.passed,
            detail: probe.detail,
        });
        let self_test = self_test.collect();
        let state = view.state;
        Self {
            id: view.id,
            name: view.name,
            class: view.class,
            enabled: view.enabled,
            mandatory: view.mandatory,
            available: state.as_ref().and_then(|s| s.available),
            version: state.as_ref().and_then(|s| s.version.clone()),
            signature_version: state.as_ref().and_then(|s| s.signature_version.clone()),
            signature_at: state.as_ref().and_then(|s| s.signature_at),
            last_error: state.as_ref().and_then(|s| s.last_error.clone()),
            checked_at: state.as_ref().map(|s| s.checked_at),
            self_test,
            busy: view.load.busy,
            waiting: view.load.waiting,
            setup: view.setup.map(|setup| SetupBody {
                kind: setup.kind,
                version: setup.version,
                largest_file: setup.largest_file,
                oversize: setup.oversize,
                types: setup.types.into(),
                at_once: setup.at_once,
                seconds: setup.seconds,
                config: setup.config,
                secrets: setup.secrets,
                updated_at: setup.updated_at,
            }),
        }
    }
}

impl From<&'static Kind> for KindBody {
    fn from(kind: &'static Kind) -> Self {
        Self {
            kind: kind.name,
            title: kind.title,
            stage: kind.class.as_str(),
            largest_file: kind.largest_file,
            at_once: kind.at_once,
            seconds: kind.seconds,
            fields: kind.fields.iter().map(FieldBody::new).collect(),
        }
    }
}

impl FieldBody {
    fn new(field: &'static sofie_app::engines::Field) -> Self {
        let described = serde_json::to_value(field).unwrap_or_default();
        let part = |name: &str| described.get(name).cloned();
        Self {
            name: field.name,
            holds: part("holds")
                .and_then(|holds| holds.as_str().map(str::to_owned))
                .unwrap_or_default(),
            required: field.required,
            default: part("default"),
            words: part("words"),
            example: part("example"),
        }
    }
}

impl From<TypesBody> for Types {
    fn from(body: TypesBody) -> Self {
        Self {
            mode: match body.mode {
                TypesMode::All => TypeMode::All,
                TypesMode::Only => TypeMode::Only,
                TypesMode::Except => TypeMode::Except,
            },
            endings: body.endings,
            others: match body.others {
                TypesOthers::Skip => Refusal::Skip,
                TypesOthers::Unscannable => Refusal::Unscannable,
            },
        }
    }
}

impl From<Types> for TypesBody {
    fn from(types: Types) -> Self {
        Self {
            mode: match types.mode {
                TypeMode::All => TypesMode::All,
                TypeMode::Only => TypesMode::Only,
                TypeMode::Except => TypesMode::Except,
            },
            endings: types.endings,
            others: match types.others {
                Refusal::Skip => TypesOthers::Skip,
                Refusal::Unscannable => TypesOthers::Unscannable,
            },
        }
    }
}
