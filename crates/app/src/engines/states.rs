//! What was seen of the engines, for administrators.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sofie_detection::{Engine, SelfTest, Warning};
use sofie_domain::{AdministratorPermission, Event, Settings};
use sofie_store::engine_states::{self, EngineState};

use super::catalogue::{CLAMD, INTERNAL, antivirus};
use crate::{App, Context, Error, Result, audit};

/// An engine as an administrator sees it.
#[derive(Clone, Debug)]
pub struct EngineView {
    /// Its stable id.
    pub id: String,
    /// For people.
    pub name: &'static str,
    /// `internal` or `antivirus`.
    pub class: &'static str,
    /// Whether files are shown to it.
    pub enabled: bool,
    /// Whether nothing is delivered without its word.
    pub mandatory: bool,
    /// What was last seen of it.
    pub state: Option<EngineState>,
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

/// Lists the engines.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<EngineView>> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let settings = app.settings().await?;
    let configured = !antivirus(app).await?.is_empty();
    let mut tx = app.db().read().await?;
    let states = engine_states::list(&mut tx).await?;
    let view = |id: &str| view(id, &settings, configured, &states);
    Ok(INTERNAL.iter().chain([&CLAMD]).map(|id| view(id)).collect())
}

fn view(id: &str, settings: &Settings, antivirus: bool, states: &[EngineState]) -> EngineView {
    let internal = INTERNAL.contains(&id);
    let names: Vec<String> = antivirus.then(|| CLAMD.to_owned()).into_iter().collect();
    let mut rules = settings.policy(&names).engines.into_iter();
    EngineView {
        id: id.to_owned(),
        name: name(id),
        class: if internal { "internal" } else { "antivirus" },
        enabled: internal || antivirus,
        mandatory: rules.any(|rule| rule.engine == id && rule.mandatory),
        state: states.iter().find(|state| state.engine == id).cloned(),
    }
}

fn name(id: &str) -> &'static str {
    match id {
        "type" => "File types",
        "container" => "Containers",
        "encrypted" => "Encrypted content",
        "eicar" => "Test file",
        "content" => "Active content",
        _ => "ClamAV",
    }
}

/// Tests an engine at an administrator's wish.
pub async fn self_test(app: &App, ctx: &Context, id: &str) -> Result<EngineView> {
    ctx.administrator_who_may(AdministratorPermission::Engines)?;
    if INTERNAL.contains(&id) {
        test_inspector(app).await?;
    } else {
        let engines = antivirus(app).await?;
        let engine = engines
            .iter()
            .find(|engine| engine.descriptor().id == id)
            .ok_or(Error::NotFound)?;
        test_engine(app, engine.as_ref()).await?;
    }
    let mut tx = app.db().begin().await?;
    let tested = engine_states::find(&mut tx, id).await?;
    let data = json!({ "passed": tested.and_then(|state| state.available) });
    audit::record(
        &mut tx,
        ctx,
        Event::EngineTested,
        Some(("engine", id.to_owned())),
        data,
    )
    .await?;
    tx.commit().await?;
    let views = list(app, ctx).await?;
    views
        .into_iter()
        .find(|view| view.id == id)
        .ok_or(Error::NotFound)
}

/// Tests every engine; the schedule asks for it.
pub async fn test_all(app: &App) -> Result<()> {
    test_inspector(app).await?;
    let engines = antivirus(app).await?;
    for engine in &engines {
        test_engine(app, engine.as_ref()).await?;
    }
    if engines.is_empty() && app.settings().await?.text("clamd.address") == "off" {
        // Switched off on purpose: the setting `auto` starts afresh one day.
        let mut tx = app.db().read().await?;
        engine_states::remove(&mut tx, CLAMD).await?;
    }
    Ok(())
}

async fn test_inspector(app: &App) -> Result<()> {
    let test = app.parts().engines.inspector().self_test(app.now()).await;
    for id in INTERNAL {
        note(app, id, &test).await?;
    }
    Ok(())
}

/// Tests an engine, notes the result, and returns why its word does not count.
pub(super) async fn test_engine(app: &App, engine: &dyn Engine) -> Result<Option<String>> {
    let test = engine.self_test(app.now()).await;
    let id = &engine.descriptor().id;
    let fault = fault(&test);
    note(app, id, &test).await?;
    app.parts().engines.trust.note(id, fault.clone()).await;
    Ok(fault)
}

fn fault(test: &SelfTest) -> Option<String> {
    if test.passed() {
        return None;
    }
    Some(
        test.error
            .clone()
            .unwrap_or_else(|| "the self-test failed".to_owned()),
    )
}

async fn note(app: &App, id: &str, test: &SelfTest) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let before = engine_states::find(&mut tx, id).await?;
    let state = state(id, test, app.now());
    engine_states::save(&mut tx, &state).await?;
    let failed_before = before.is_some_and(|before| before.available == Some(false));
    if state.available == Some(false) && !failed_before {
        let ctx = Context::system(app.now());
        let data = json!({ "error": state.last_error });
        audit::record(
            &mut tx,
            &ctx,
            Event::EngineFailed,
            Some(("engine", id.to_owned())),
            data,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

fn state(id: &str, test: &SelfTest, now: DateTime<Utc>) -> EngineState {
    EngineState {
        engine: id.to_owned(),
        available: Some(test.passed()),
        version: test.versions.program.clone(),
        signature_version: test.versions.signatures.clone(),
        signature_at: test.versions.signatures_time,
        last_error: fault(test),
        probes: probes(test),
        checked_at: now,
    }
}

fn probes(test: &SelfTest) -> Value {
    let says = |warning| !test.warnings.contains(&warning);
    // What an engine could not be asked was not passed either.
    let asked = test.passed();
    let probe = |name: &str, passed: bool, detail: Option<&str>| Probe {
        probe: name.to_owned(),
        passed,
        detail: detail.filter(|_| !passed).map(str::to_owned),
    };
    let error = test.error.as_deref();
    json!([
        probe("eicar", test.finds_eicar, error),
        probe("clean", test.passes_clean, error),
        probe(
            "encrypted",
            asked && says(Warning::SilentOnEncrypted),
            Some("calls encrypted archives clean")
        ),
        probe(
            "limits",
            asked && says(Warning::SilentOnLimits),
            Some("calls content beyond its limits clean")
        ),
    ])
}
