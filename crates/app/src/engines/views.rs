//! The engines as administrators see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sofie_detection::{KINDS, Kind, Load, Types, YARA};
use sofie_domain::{AdministratorPermission, Direction, Whose};
use sofie_store::{
    engine_states::{self, EngineState},
    engines::Engine,
};

use super::{
    INTERNAL,
    catalogue::{self, Configured},
};
use crate::{App, Context, Error, Result, rule_sets};

/// An engine as an administrator sees it.
#[derive(Clone, Debug)]
pub struct EngineView {
    /// Its stable id.
    pub id: String,
    /// For people.
    pub name: String,
    /// The stage that it works in; `internal` for the internal ones.
    pub class: String,
    /// Whether files are shown to it.
    pub enabled: bool,
    /// Whether nothing is delivered without its word.
    pub mandatory: bool,
    /// What was last seen of it.
    pub state: Option<EngineState>,
    /// How it is set up; the internal ones can't be.
    pub setup: Option<SetupView>,
    /// How busy it is, as far as this process goes.
    pub load: Load,
}

/// How an engine is set up, as an administrator sees it.
#[derive(Clone, Debug)]
pub struct SetupView {
    /// What kind of engine it is.
    pub kind: String,
    /// Counts changes.
    pub version: i64,
    /// The largest file that it is given.
    pub largest_file: u64,
    /// What becomes of larger ones.
    pub oversize: String,
    /// Which files it is shown.
    pub types: Types,
    /// How many files it is given at once.
    pub at_once: u16,
    /// How long it may take for a small file.
    pub seconds: u16,
    /// The configuration of its kind, without secrets.
    pub config: Map<String, Value>,
    /// The names of the secrets that are set.
    pub secrets: Vec<String>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl From<Engine> for SetupView {
    fn from(row: Engine) -> Self {
        Self {
            kind: row.kind,
            version: row.version,
            largest_file: row.largest_file,
            oversize: row.oversize,
            // What can't be read was written by another release, and such an engine is not asked.
            types: serde_json::from_value(row.types).unwrap_or(Types::all()),
            at_once: row.at_once,
            seconds: row.seconds,
            config: row.config,
            secrets: row.secrets.into_iter().map(|(name, _)| name).collect(),
            updated_at: row.updated_at,
        }
    }
}

/// What one probe of a self-test showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The probe.
    pub probe: String,
    /// Whether the engine did what it should.
    pub passed: bool,
    /// What it did instead.
    pub detail: Option<String>,
}

impl EngineView {
    /// Returns what each probe of the last self-test showed.
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        let stored = self.state.as_ref().map(|state| state.probes.clone());
        // Another version's words are no reason to show nothing else.
        stored
            .and_then(|probes| serde_json::from_value(probes).ok())
            .unwrap_or_default()
    }
}

/// Lists the engines: the internal ones, then those of the table.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<EngineView>> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let settings = app.settings().await?;
    // Also takes up a local clamd.
    catalogue::enabled(app).await?;
    let others = catalogue::all(app).await?;
    let states = engine_states::list(&mut app.db().read().await?).await?;
    let state = |id: &str| states.iter().find(|state| state.engine == id).cloned();
    let yara = rule_sets::in_force(app).await?;
    let rules = catalogue::rules(app, yara.as_ref()).await?;
    let everybody = Whose::everybody(Direction::Outgoing);
    let rules = settings.policy(&everybody, rules).engines;
    let internal = INTERNAL.iter().chain(yara.iter().map(|_| &YARA));
    let internal = internal.map(|id| EngineView {
        id: (*id).to_owned(),
        name: name(id).to_owned(),
        class: "internal".to_owned(),
        enabled: true,
        mandatory: rules
            .iter()
            .any(|rule| rule.engine == *id && rule.mandatory),
        state: state(id),
        setup: None,
        load: Load::default(),
    });
    let configured = others.into_iter().map(|one| view(one, state));
    Ok(internal.chain(configured).collect())
}

fn view(one: Configured, state: impl Fn(&str) -> Option<EngineState>) -> EngineView {
    use sofie_detection::Engine as _;
    let Configured { row, engine } = one;
    EngineView {
        id: row.id.clone(),
        name: row.name.clone(),
        class: row.stage.clone(),
        enabled: row.enabled,
        mandatory: row.mandatory,
        state: state(&row.id),
        load: engine.map(|engine| engine.load()).unwrap_or_default(),
        setup: Some(row.into()),
    }
}

/// Lists the kinds of engines that can be set up.
pub fn kinds(ctx: &Context) -> Result<Vec<&'static Kind>> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    Ok(KINDS.iter().collect())
}

/// Finds one engine.
pub(super) async fn find(app: &App, ctx: &Context, id: &str) -> Result<EngineView> {
    let views = list(app, ctx).await?;
    views
        .into_iter()
        .find(|view| view.id == id)
        .ok_or(Error::NotFound)
}

/// Returns when an engine began and ceased to work, newest first.
pub async fn history(app: &App, ctx: &Context, id: &str) -> Result<Vec<engine_states::Change>> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    find(app, ctx, id).await?;
    Ok(engine_states::changes(&mut app.db().read().await?, id, 100).await?)
}

fn name(id: &str) -> &'static str {
    match id {
        "type" => "File types",
        "container" => "Containers",
        "encrypted" => "Encrypted content",
        "eicar" => "Test file",
        "dlp" => "Sensitive data",
        YARA => "YARA rules",
        _ => "Active content",
    }
}
