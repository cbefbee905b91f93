//! What was seen of the engines.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sofie_detection::{Canary, Engine, SelfTest, YARA};
use sofie_domain::{AdministratorPermission, Event};
use sofie_store::{
    Tx,
    engine_states::{self, Change, EngineState},
};

use super::{
    INTERNAL, catalogue,
    views::{self, EngineView, Probe},
};
use crate::{App, Context, Error, Result, audit, rule_sets};

/// The name under which the inspector is trusted: the internal engines are one program.
pub(super) const INSPECTOR: &str = "inspector";

/// Tests an engine at an administrator's wish.
pub async fn self_test(app: &App, ctx: &Context, id: &str) -> Result<EngineView> {
    ctx.administrator_who_may(AdministratorPermission::Engines)?;
    if INTERNAL.contains(&id) {
        test_inspector(app).await?;
    } else if id == YARA {
        test_rules(app).await?;
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
    test_rules(app).await?;
    for one in catalogue::enabled(app).await? {
        if let Some(engine) = one.engine {
            test_engine(app, engine.as_ref()).await?;
        }
    }
    Ok(())
}

/// Tests the inspector, notes the result for the engines in it, and returns why its word does not count.
pub(super) async fn test_inspector(app: &App) -> Result<Option<String>> {
    let test = app.parts().engines.inspector().self_test(app.now()).await;
    let mut fault = None;
    for id in INTERNAL {
        fault = note(app, id, &test, Memory::Keep).await?;
    }
    app.parts()
        .engines
        .trust
        .note(INSPECTOR, fault.clone())
        .await;
    Ok(fault)
}

/// Tests the YARA rules in force; forgets what was known when there are none.
pub(crate) async fn test_rules(app: &App) -> Result<()> {
    let Some(rules) = rule_sets::in_force(app).await? else {
        let mut tx = app.db().begin().await?;
        engine_states::remove(&mut tx, YARA).await?;
        return Ok(tx.commit().await?);
    };
    let inspector = app.parts().engines.inspector();
    let test = inspector.rules_self_test(&rules, app.now()).await;
    note(app, YARA, &test, Memory::Keep).await.map(drop)
}

/// Tests an engine, notes the result, and returns why its word does not count.
pub(super) async fn test_engine(app: &App, engine: &dyn Engine) -> Result<Option<String>> {
    let test = engine.self_test(app.now()).await;
    let id = &engine.descriptor().id;
    let fault = note(app, id, &test, Memory::Keep).await?;
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

/// Whether what an engine noticed before binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// It is the same engine: what it noticed once it must notice again (DET-20).
    Keep,
    /// It is configured anew.
    Begin,
}

/// Writes down what a self-test of an engine showed, and returns why its word does not count.
pub(super) async fn note(
    app: &App,
    id: &str,
    test: &SelfTest,
    memory: Memory,
) -> Result<Option<String>> {
    let mut tx = app.db().begin().await?;
    let before = engine_states::find(&mut tx, id).await?;
    let was = before.as_ref().and_then(|before| before.available);
    let noticed = match memory {
        Memory::Keep => before.map(|before| before.noticed).unwrap_or_default(),
        Memory::Begin => Vec::new(),
    };
    let state = state(id, test, noticed, app.now());
    engine_states::save(&mut tx, &state).await?;
    if was != state.available {
        note_change(app, &mut tx, was, &state).await?;
    }
    tx.commit().await?;
    Ok(state.last_error)
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

fn state(id: &str, test: &SelfTest, mut noticed: Vec<String>, now: DateTime<Utc>) -> EngineState {
    let named = |canary: &Canary| canary.as_str().to_owned();
    let lost = |canary: &&Canary| noticed.iter().any(|known| known == canary.as_str());
    let lost: Vec<String> = test.missed.iter().filter(lost).map(named).collect();
    let lost = (!lost.is_empty())
        .then(|| format!("it overlooks what it noticed before: {}", lost.join(", ")));
    let last_error = fault(test).or(lost);
    noticed.extend(test.noticed.iter().map(named));
    noticed.sort_unstable();
    noticed.dedup();
    EngineState {
        engine: id.to_owned(),
        available: Some(last_error.is_none()),
        version: test.versions.program.clone(),
        signature_version: test.versions.signatures.clone(),
        signature_at: test.versions.signatures_time,
        last_error,
        probes: probes(test),
        noticed,
        checked_at: now,
    }
}

fn probes(test: &SelfTest) -> Value {
    let probe = |name: &str, passed: bool, detail: Option<&str>| Probe {
        probe: name.to_owned(),
        passed,
        detail: detail.filter(|_| !passed).map(str::to_owned),
    };
    let error = test.error.as_deref();
    if test.reached_only {
        return json!([probe("reached", test.passed(), error)]);
    }
    let first = [
        probe("eicar", test.finds_eicar, error),
        probe("clean", test.passes_clean, error),
    ];
    let asked = |canary: &Canary| test.noticed.contains(canary) || test.missed.contains(canary);
    let canaries = Canary::ALL.into_iter().filter(asked).map(|canary| {
        let noticed = test.noticed.contains(&canary);
        probe(canary.as_str(), noticed, Some("called it clean"))
    });
    let all: Vec<Probe> = first.into_iter().chain(canaries).collect();
    json!(all)
}

#[cfg(test)]
mod tests {
    use sofie_detection::Versions;

    use super::*;

    fn seen(noticed: &[Canary], missed: &[Canary]) -> SelfTest {
        SelfTest {
            finds_eicar: true,
            passes_clean: true,
            reached_only: false,
            noticed: noticed.to_vec(),
            missed: missed.to_vec(),
            versions: Versions::default(),
            error: None,
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_an_engine_noticed_once_it_may_not_overlook() {
        use Canary::{EicarIn7z, EicarInZip, EncryptedArchive};
        let after = |before: &EngineState, test: &SelfTest| {
            state("x", test, before.noticed.clone(), DateTime::UNIX_EPOCH)
        };
        let first = state(
            "x",
            &seen(&[EicarInZip], &[EncryptedArchive]),
            Vec::new(),
            DateTime::UNIX_EPOCH,
        );
        assert_eq!((first.available, &first.last_error), (Some(true), &None));
        assert_eq!(first.noticed, ["eicar_zip"]);
        let better = after(&first, &seen(&[EicarInZip, EicarIn7z], &[EncryptedArchive]));
        assert_eq!(better.available, Some(true));
        let worse = after(
            &better,
            &seen(&[EicarInZip], &[EncryptedArchive, EicarIn7z]),
        );
        assert_eq!(worse.available, Some(false));
        let words = "it overlooks what it noticed before: eicar_7z";
        assert_eq!(worse.last_error.as_deref(), Some(words));
        let still = after(&worse, &seen(&[EicarInZip], &[EncryptedArchive, EicarIn7z]));
        assert_eq!(still.available, Some(false), "it does not get used to it");
        // No answer is not an oversight: it is told where files wait for it.
        let silent = after(&better, &seen(&[], &[EncryptedArchive]));
        assert_eq!(silent.available, Some(true));
    }
}
