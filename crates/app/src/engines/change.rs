//! How administrators change the table of engines.

use serde_json::{Value, json};
use sofie_detection::SelfTest;
use sofie_domain::{AdministratorPermission, Event};
use sofie_store::{
    Tx, engine_states,
    engines::{self as rows, Engine},
};

use super::{
    input::{self, Input},
    states::{self, Memory},
    table,
    views::{self, EngineView},
};
use crate::{App, Context, Error, Result, audit};

/// Adds an engine of a kind. It is enabled only if it is wanted and passes its self-test; otherwise it is there,
/// tested and off.
pub async fn create(app: &App, ctx: &Context, kind: &str, input: &Input) -> Result<EngineView> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let kind = sofie_detection::kind(kind).ok_or(Error::invalid("kind", "not_allowed"))?;
    let mut engine = input::apply(&input::usual(kind), input)?;
    engine.updated_at = ctx.now;
    let mut tx = app.db().read().await?;
    engine.id = free_id(&rows::ever(&mut tx, kind.name).await?, kind.name);
    drop(tx);
    let test = try_out(app, &engine).await?;
    engine.enabled &= test.passed();
    let mut tx = app.db().begin().await?;
    if !rows::insert(&mut tx, &engine).await? {
        return Err(Error::Conflict("conflict"));
    }
    let data = json!({ "kind": engine.kind, "now": told(&engine) });
    audit::record(
        &mut tx,
        ctx,
        Event::EngineCreated,
        Some(object(&engine.id)),
        data,
    )
    .await?;
    tx.commit().await?;
    app.parts().engines.forget().await;
    states::note(app, &engine.id, &test, Memory::Begin).await?;
    views::find(app, ctx, &engine.id).await
}

/// Changes an engine. One that does not pass its self-test can't be enabled; one that is enabled stays so.
pub async fn change(
    app: &App,
    ctx: &Context,
    id: &str,
    seen: Option<i64>,
    input: &Input,
) -> Result<EngineView> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let before = current(app, id, seen).await?;
    let mut engine = input::apply(&before, input)?;
    if engine == before {
        return views::find(app, ctx, id).await;
    }
    engine.updated_at = ctx.now;
    let begins = engine.enabled && !before.enabled;
    // What it was asked before says nothing about another configuration.
    let test = if begins || is_reconfigured(&before, &engine) {
        Some(try_out(app, &engine).await?)
    } else {
        None
    };
    if begins && !test.as_ref().is_some_and(SelfTest::passed) {
        return Err(Error::Conflict("engine_unavailable"));
    }
    let mut tx = app.db().begin().await?;
    rows::update(&mut tx, &engine).await?;
    let data = json!({ "before": told(&before), "after": told(&engine),
        "secrets_changed": before.secrets != engine.secrets });
    audit::record(&mut tx, ctx, Event::EngineChanged, Some(object(id)), data).await?;
    tx.commit().await?;
    app.parts().engines.forget().await;
    if let Some(test) = test {
        states::note(app, id, &test, Memory::Begin).await?;
    }
    views::find(app, ctx, id).await
}

/// Takes an engine away. Its verdicts stay.
pub async fn remove(app: &App, ctx: &Context, id: &str, seen: Option<i64>) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let mut tx = app.db().begin().await?;
    let engine = lock(&mut tx, id, seen).await?;
    rows::remove(&mut tx, id, ctx.now).await?;
    engine_states::remove(&mut tx, id).await?;
    let data = json!({ "kind": engine.kind, "before": told(&engine) });
    audit::record(&mut tx, ctx, Event::EngineRemoved, Some(object(id)), data).await?;
    tx.commit().await?;
    app.parts().engines.forget().await;
    Ok(())
}

/// Puts the engines into an order, which must name each of them once.
pub async fn order(app: &App, ctx: &Context, ids: &[String]) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Engines)?;
    let mut tx = app.db().begin().await?;
    let mut present: Vec<String> = rows::list(&mut tx)
        .await?
        .into_iter()
        .map(|e| e.id)
        .collect();
    let mut named = ids.to_vec();
    present.sort_unstable();
    named.sort_unstable();
    if present != named {
        return Err(Error::Conflict("version_conflict"));
    }
    rows::order(&mut tx, ids).await?;
    let data = json!({ "order": ids });
    audit::record(&mut tx, ctx, Event::EnginesOrdered, None, data).await?;
    tx.commit().await?;
    app.parts().engines.forget().await;
    Ok(())
}

async fn current(app: &App, id: &str, seen: Option<i64>) -> Result<Engine> {
    // Only for a look: the self-test that follows takes longer than a lock should be held.
    let mut tx = app.db().begin().await?;
    lock(&mut tx, id, seen).await
}

async fn lock(tx: &mut Tx, id: &str, seen: Option<i64>) -> Result<Engine> {
    let engine = rows::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if seen.is_some_and(|seen| seen != engine.version) {
        return Err(Error::Conflict("version_conflict"));
    }
    Ok(engine)
}

/// Tests a configuration that is not in force: it vouches for nothing, and is written down only once it is.
async fn try_out(app: &App, engine: &Engine) -> Result<SelfTest> {
    let runtime = table::runtime(engine).map_err(|_| Error::invalid("config", "invalid"))?;
    Ok(sofie_detection::Engine::self_test(&runtime, app.now()).await)
}

fn is_reconfigured(before: &Engine, after: &Engine) -> bool {
    (&before.config, &before.secrets) != (&after.config, &after.secrets)
}

/// The kind's name, with a number if it is taken.
fn free_id(taken: &[String], kind: &str) -> String {
    let numbered = (2..).map(|number| format!("{kind}-{number}"));
    std::iter::once(kind.to_owned())
        .chain(numbered)
        .find(|id| !taken.contains(id))
        .unwrap_or_default()
}

/// What the audit log tells of an engine: no secrets.
fn told(engine: &Engine) -> Value {
    json!({
        "name": engine.name, "stage": engine.stage, "enabled": engine.enabled, "mandatory": engine.mandatory,
        "largest_file": engine.largest_file, "oversize": engine.oversize, "types": engine.types,
        "at_once": engine.at_once, "seconds": engine.seconds, "config": engine.config,
    })
}

fn object(id: &str) -> (&'static str, String) {
    ("engine", id.to_owned())
}
