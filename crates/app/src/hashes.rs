//! The list of hashes of content that is dangerous whatever engines say (DET-10).

use chrono::{DateTime, Utc};
use serde_json::json;
use sofie_domain::{AdministratorPermission, EngineVerdict, Event, Outcome, Sha256, hash_list};
pub use sofie_store::listed_hashes::Listed;
use sofie_store::{Cursor, Page, listed_hashes, objects::List, verdicts::Verdict};

use crate::{
    App, Context, Error, Result, audit,
    exceptions::decider,
    jobs::{self, RecallListed, queues},
    sessions::demand,
};

/// The name under which the list speaks, like an engine.
pub(crate) const ENGINE: &str = "hashes";

/// The most hashes that the list holds.
const MOST: u64 = 1_000_000;

/// Lists hashes, a line each, and takes back delivered files that have one of them. Returns how many are new.
pub async fn add(app: &App, ctx: &Context, text: &str) -> Result<u64> {
    let by = decider(ctx)?;
    let hashes = hash_list(text).map_err(|error| Error::invalid_line("hashes", error.line))?;
    if hashes.is_empty() {
        return Err(Error::invalid("hashes", "required"));
    }
    let mut tx = app.db().begin().await?;
    listed_hashes::exclude_readers(&mut tx).await?;
    let new = listed_hashes::add(&mut tx, &hashes, by, ctx.now).await?;
    if listed_hashes::count(&mut tx).await? > MOST {
        return Err(Error::invalid("hashes", "too_many"));
    }
    let due = listed_hashes::delivered(&mut tx, &hashes).await?;
    for package_id in &due {
        let job = RecallListed {
            package_id: *package_id,
        };
        jobs::enqueue(&mut tx, ctx, &job, Some(package_id.to_string()), ctx.now).await?;
    }
    let data = json!({ "new": new, "delivered": due.len() });
    audit::record(&mut tx, ctx, Event::HashesListed, None, data).await?;
    tx.commit().await?;
    if !due.is_empty() {
        app.parts().waker.wake(queues::MAINTENANCE);
    }
    Ok(new)
}

/// Takes a hash off the list; the administrator's own password must have been given lately.
pub async fn remove(app: &App, ctx: &Context, sha256: Sha256) -> Result<()> {
    decider(ctx)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    if !listed_hashes::remove(&mut tx, sha256).await? {
        return Err(Error::NotFound);
    }
    let object = Some(("hash", sha256.to_string()));
    audit::record(&mut tx, ctx, Event::HashRemoved, object, json!({})).await?;
    Ok(tx.commit().await?)
}

/// Returns the list, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Listed>> {
    ctx.administrator_who_may(AdministratorPermission::Quarantine)?;
    let mut tx = app.db().read().await?;
    Ok(listed_hashes::list(&mut tx, after, limit).await?)
}

/// What the list says of a file and of the objects in it: a row for each that is listed.
pub(crate) async fn verdicts(
    app: &App,
    file: Option<[u8; 32]>,
    objects: Option<&List>,
    now: DateTime<Utc>,
) -> Result<Vec<Verdict>> {
    let inside = objects.iter().flat_map(|list| &list.objects);
    let inside = inside.filter_map(|object| {
        let sha256 = Sha256::parse(object.sha256.as_deref()?)?;
        Some((sha256, Some(object.path.as_str())))
    });
    let itself = file.map(|sha256| (Sha256(sha256), None));
    let all: Vec<(Sha256, Option<&str>)> = itself.into_iter().chain(inside).collect();
    let sums: Vec<Sha256> = all.iter().map(|(sha256, _)| *sha256).collect();
    let listed = listed_hashes::among(&mut app.db().read().await?, &sums).await?;
    let uncompared = objects.is_some_and(|list| list.unlisted > 0)
        && listed_hashes::any(&mut app.db().read().await?).await?;
    let row = |hash: &sofie_domain::ListedHash| {
        let place = all.iter().find(|(sha256, _)| *sha256 == hash.sha256);
        Verdict {
            object: place.and_then(|(_, path)| path.map(str::to_owned)),
            detail: Some(hash.comment.clone()).filter(|comment| !comment.is_empty()),
            ..said(Outcome::Infected, "listed-hash", now)
        }
    };
    let mut rows: Vec<Verdict> = listed.iter().map(row).collect();
    if uncompared {
        // More objects than are kept: nobody knows whether one of them is listed.
        rows.push(said(Outcome::Incomplete, "objects-not-compared", now));
    }
    Ok(rows)
}

/// A row of the list.
fn said(outcome: Outcome, name: &str, now: DateTime<Utc>) -> Verdict {
    Verdict {
        verdict: EngineVerdict {
            engine: ENGINE.to_owned(),
            outcome,
            excused: false,
        },
        qualifier: None,
        name: name.to_owned(),
        exception: None,
        object: None,
        detail: None,
        engine_version: None,
        signature_version: None,
        signature_at: None,
        started_at: now,
        finished_at: now,
        basis: None,
    }
}
