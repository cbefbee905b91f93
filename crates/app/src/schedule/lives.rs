//! Packages whose time is over.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{Event, Life, LifeEvent, PackageId};
use sofie_store::{
    due, files, package_keys,
    packages::{self, DeletedReason},
};

use crate::{App, Context, Result, audit, error::chain, packages::tell};

/// How many packages are looked up at once.
const BATCH: i64 = 100;

/// Ends packages that expired, and those that nobody decided about for too long.
pub(super) async fn expire(app: &App, ctx: &Context) -> Result<()> {
    loop {
        let ids = due::expired(&mut app.db().read().await?, ctx.now, BATCH).await?;
        if !each(app, ctx, &ids, Step::Expire).await {
            break;
        }
    }
    let before = ago(
        ctx,
        app.settings().await?.integer("packages.quarantined_days"),
        24,
    );
    loop {
        let ids = due::undecided(&mut app.db().read().await?, before, BATCH).await?;
        if !each(app, ctx, &ids, Step::Undecided { before }).await {
            return Ok(());
        }
    }
}

/// Destroys the keys of packages that were long enough in the recycle bin.
pub(super) async fn shred(app: &App, ctx: &Context) -> Result<()> {
    let before = ago(
        ctx,
        app.settings().await?.integer("packages.deleted_days"),
        24,
    );
    loop {
        let ids = due::deleted(&mut app.db().read().await?, before, BATCH).await?;
        if !each(app, ctx, &ids, Step::Shred { before }).await {
            return Ok(());
        }
    }
}

/// Shreds drafts that nobody goes on with, and removes uploads that were given up.
pub(super) async fn reap(app: &App, ctx: &Context) -> Result<()> {
    let before = ago(
        ctx,
        app.settings().await?.integer("packages.unfinished_hours"),
        1,
    );
    loop {
        let ids = due::unfinished(&mut app.db().read().await?, (before, ctx.now), BATCH).await?;
        if !each(app, ctx, &ids, Step::Reap { before }).await {
            break;
        }
    }
    loop {
        let mut tx = app.db().begin().await?;
        let gone = files::give_up(&mut tx, ctx.now, BATCH).await?;
        tx.commit().await?;
        if gone == 0 {
            return Ok(());
        }
    }
}

fn ago(ctx: &Context, count: i64, hours: i64) -> DateTime<Utc> {
    let time = TimeDelta::try_hours(count.saturating_mul(hours)).unwrap_or(TimeDelta::MAX);
    ctx.now
        .checked_sub_signed(time)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Expire,
    Undecided { before: DateTime<Utc> },
    Shred { before: DateTime<Utc> },
    Reap { before: DateTime<Utc> },
}

/// Takes a step with each package, each in a transaction of its own; tells whether there may be more.
async fn each(app: &App, ctx: &Context, ids: &[PackageId], step: Step) -> bool {
    let mut done = 0;
    for id in ids {
        match take(app, ctx, *id, step).await {
            Ok(()) => done += 1,
            Err(error) => {
                tracing::error!(error = chain(&error), package.id = %id, ?step, "a package could not be moved on");
            }
        }
        tell(app, *id);
    }
    // A package that can't be moved must not keep this loop going for ever.
    done > 0 && done == ids.len()
}

async fn take(app: &App, ctx: &Context, id: PackageId, step: Step) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let Some(mut package) = packages::lock(&mut tx, id).await? else {
        return Ok(());
    };
    // Somebody may have prolonged it, decided about it or gone on with it since it was looked up.
    let is_due = match step {
        Step::Expire => {
            matches!(package.life, Life::Submitted | Life::Active) && package.expired(ctx.now)
        }
        Step::Undecided { before } => due::is_undecided(&mut tx, before, id).await?,
        Step::Shred { before } => {
            let at = package.deleted_at.filter(|_| package.life == Life::Deleted);
            at.is_some_and(|at| at <= before)
        }
        Step::Reap { before } => due::is_unfinished(&mut tx, (before, ctx.now), id).await?,
    };
    if !is_due {
        return Ok(());
    }
    let (event, data) = match step {
        Step::Expire | Step::Undecided { .. } => {
            package.life = package.life.apply(LifeEvent::Delete)?;
            package.deleted_at = Some(ctx.now);
            let undecided = matches!(step, Step::Undecided { .. });
            (Event::PackageExpired, json!({ "undecided": undecided }))
        }
        Step::Shred { .. } | Step::Reap { .. } => {
            let draft = matches!(package.life, Life::Requested | Life::Uploading);
            package.life = package.life.apply(LifeEvent::Shred)?;
            (Event::PackageShredded, json!({ "draft": draft }))
        }
    };
    packages::save(&mut tx, &mut package, ctx.now).await?;
    match step {
        Step::Expire | Step::Undecided { .. } => {
            packages::set_deleted_reason(&mut tx, id, DeletedReason::Expired).await?;
        }
        Step::Shred { .. } | Step::Reap { .. } => {
            package_keys::destroy(&mut tx, id, ctx.now).await?;
        }
    }
    audit::record(&mut tx, ctx, event, Some(("package", id.to_string())), data).await?;
    tx.commit().await?;
    if matches!(step, Step::Shred { .. } | Step::Reap { .. }) {
        sofie_killpoint::reach("K17");
    }
    Ok(())
}
