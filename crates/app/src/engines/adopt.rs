//! A clamd on the same machine is used without being asked for.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sofie_domain::Event;
use sofie_store::engines::{self as rows, Engine};
use tokio::time::Instant;

use super::{input, states, table};
use crate::{App, Context, Result, audit};

/// The id of the local clamd's row.
const ID: &str = "clamd";
/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Gives a local clamd a row of the table, once, if it is there and passes its self-test. From then on its
/// absence is a failure and no longer a choice; one that an administrator removed is not taken up again.
/// Tells whether there is a new row.
pub(super) async fn local_clamd(app: &App) -> Result<bool> {
    if !may_look(app).await {
        return Ok(false);
    }
    let path = app.parts().engines.local_clamd();
    let there = tokio::fs::try_exists(path).await.unwrap_or(false);
    if !there || is_settled(app).await? {
        return Ok(false);
    }
    let Some(row) = row(app, &format!("unix:{}", path.display())) else {
        return Ok(false);
    };
    let Ok(engine) = table::runtime(&row) else {
        return Ok(false);
    };
    if states::test_engine(app, &engine).await?.is_some() {
        return Ok(false);
    }
    let mut tx = app.db().begin().await?;
    if !rows::insert(&mut tx, &row).await? {
        return Ok(false);
    }
    let ctx = Context::system(app.now());
    let data = json!({ "kind": row.kind, "found": path });
    let object = Some(("engine", row.id.clone()));
    audit::record(&mut tx, &ctx, Event::EngineCreated, object, data).await?;
    tx.commit().await?;
    tracing::info!(path = %path.display(), "found a local clamd; files are checked by it from now on");
    app.parts().engines.forget().await;
    Ok(true)
}

/// Whether there is, or was, a clamd: then administrators decide.
async fn is_settled(app: &App) -> Result<bool> {
    let mut tx = app.db().read().await?;
    Ok(!rows::ever(&mut tx, "clamd").await?.is_empty())
}

/// Tells whether it is time to look, and notes that somebody does.
async fn may_look(app: &App) -> bool {
    let mut looked = app.parts().engines.looked.lock().await;
    let may = looked.is_none_or(|last| last.elapsed() >= LOOK_AGAIN);
    if may {
        *looked = Some(Instant::now());
    }
    may
}

fn row(app: &App, address: &str) -> Option<Engine> {
    let kind = sofie_detection::kind("clamd")?;
    let config: Map<String, Value> = [("addresses".to_owned(), json!([address]))]
        .into_iter()
        .collect();
    Some(Engine {
        id: ID.to_owned(),
        name: "ClamAV".to_owned(),
        enabled: true,
        mandatory: true,
        config,
        updated_at: app.now(),
        ..input::usual(kind)
    })
}
