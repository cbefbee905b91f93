//! What was seen of the engines.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sofie_detection::{Engine, SelfTest, Warning};
use sofie_domain::{AdministratorPermission, Event};
use sofie_store::{
    Tx,
    engine_states::{self, Change, EngineState},
};

use super::{
    INTERNAL, catalogue,
    views::{self, EngineView, Probe},
};
use crate::{App, Context, Error, Result, audit};

/// Tests an engine at an administrator's wish.
pub async fn self_test(app: &App, ctx: &Context, id: &str) -> Result<EngineView> {
    ctx.administrator_who_may(AdministratorPermission::Engines)?;
    if INTERNAL.contains(&id) {
        test_inspector(app).await?;
    } else {
        let engines = catalogue::all(app).await?;
        let found = engines.into_iter().find(|one| one.row.id == id);
        let engine = found.ok_or(Error::NotFound)?.engine;
        let engine = engine.ok_or(Error::Conflict("engine_unavailable"))?;
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
    views::find(app, ctx, id).await
}

/// Tests every engine; the schedule asks for it.
pub async fn test_all(app: &App) -> Result<()> {
    test_inspector(app).await?;
    for one in catalogue::enabled(app).await? {
        if let Some(engine) = one.engine {
            test_engine(app, engine.as_ref()).await?;
        }
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

/// Writes down what a self-test of an engine showed.
pub(super) async fn note(app: &App, id: &str, test: &SelfTest) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let before = engine_states::find(&mut tx, id).await?;
    let state = state(id, test, app.now());
    engine_states::save(&mut tx, &state).await?;
    let was = before.and_then(|before| before.available);
    if was != state.available {
        note_change(app, &mut tx, was, &state).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes down that an engine began or ceased to work; an alarm only if it ceased.
async fn note_change(app: &App, tx: &mut Tx, was: Option<bool>, state: &EngineState) -> Result<()> {
    let available = state.available == Some(true);
    let change = Change {
        at: state.checked_at,
        available,
        version: state.version.clone(),
        signature_version: state.signature_version.clone(),
        error: state.last_error.clone(),
    };
    engine_states::note_change(tx, &state.engine, &change).await?;
    let event = match (was, available) {
        (_, false) => Event::EngineFailed,
        (Some(false), true) => Event::EngineRecovered,
        _ => return Ok(()),
    };
    let ctx = Context::system(app.now());
    let data = json!({ "error": state.last_error });
    let object = Some(("engine", state.engine.clone()));
    audit::record(tx, &ctx, event, object, data).await
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
    let silent = |words| {
        Some(if asked {
            words
        } else {
            "not asked, since the test failed"
        })
    };
    json!([
        probe("eicar", test.finds_eicar, error),
        probe("clean", test.passes_clean, error),
        probe(
            "encrypted",
            asked && says(Warning::SilentOnEncrypted),
            silent("calls encrypted archives clean")
        ),
        probe(
            "limits",
            asked && says(Warning::SilentOnLimits),
            silent("calls content beyond its limits clean")
        ),
        probe(
            "size",
            asked && says(Warning::SilentOnSize),
            silent("calls a large archive clean that holds the test file")
        ),
    ])
}
