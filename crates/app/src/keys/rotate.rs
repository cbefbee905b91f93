//! Moves packages from old key-encryption keys to the active one.
//!
//! Only wraps change, never a byte of a file. Each is exchanged by one update of its row, and rows in batches of a
//! transaction: whatever stops the work, and wherever, each package has a wrap that one of the listed keys opens.
//! What is left to do is in the rows themselves, so it goes on wherever it is taken up again.

use std::time::Duration;

use serde_json::json;
use sofie_domain::{AdministratorPermission, Event, PackageId};
use sofie_store::{
    keks,
    package_keys::{self, WrappedPackageKey},
};
use sofie_vault::{Kek, WrappedKey};

use crate::{
    App, Context, Error, Result, audit,
    jobs::{self, Maintain, queues},
    schedule::Task,
    sessions::demand,
};

/// How many keys one transaction exchanges: a few milliseconds of locks on rows that nobody else writes.
const BATCH: i64 = 200;
/// How long to wait for another process that moves the rest.
const PAUSE: Duration = Duration::from_millis(200);

/// How far a rotation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Packages moved in this run.
    pub moved: u64,
    /// Whether none is left.
    pub done: bool,
}

/// Says that all packages shall move to the active key; returns how many those are.
///
/// From now on it is done sooner or later: by [`rotate`], or by the schedule.
pub async fn begin_rotation(app: &App, ctx: &Context) -> Result<u64> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    keks::lock(&mut tx).await?;
    let from = keks::retire(&mut tx).await?;
    let left = package_keys::count_retiring(&mut tx).await?;
    let left = u64::try_from(left).unwrap_or_default();
    if left > 0 {
        let rows = keks::list(&mut tx).await?;
        let active = rows.iter().find(|row| row.active);
        let object = active.map(|row| ("key", row.id.clone()));
        let data = json!({ "from": from, "packages": left });
        audit::record(&mut tx, ctx, Event::KeyRotationBegun, object, data).await?;
        let job = Maintain {
            task: Task::RewrapPackages.name().to_owned(),
        };
        let key = Some(job.task.clone());
        jobs::enqueue(&mut tx, ctx, &job, key, ctx.now).await?;
    }
    tx.commit().await?;
    app.parts().waker.wake(queues::MAINTENANCE);
    Ok(left)
}

/// Stops a rotation where it is: what has moved stays moved, and the rest stays where it was. Fine if there is none.
pub async fn stop_rotation(app: &App, ctx: &Context) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let mut tx = app.db().begin().await?;
    keks::lock(&mut tx).await?;
    let left = package_keys::count_retiring(&mut tx).await?;
    let from = keks::stop_retiring(&mut tx).await?;
    if !from.is_empty() {
        let data = json!({ "from": from, "packages": left });
        audit::record(&mut tx, ctx, Event::KeyRotationStopped, None, data).await?;
    }
    Ok(tx.commit().await?)
}

/// Moves every package that shall move, and tells the progress after each batch.
pub async fn rotate(app: &App, ctx: &Context, mut tell: impl FnMut(Progress)) -> Result<Progress> {
    let mut moved = 0;
    loop {
        let batch = rotate_some(app, ctx, BATCH).await?;
        moved += batch.moved;
        let progress = Progress { moved, ..batch };
        tell(progress);
        if progress.done {
            return Ok(progress);
        }
        if batch.moved == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Moves one batch of at most so many packages, and ends the rotation with the last one.
pub async fn rotate_some(app: &App, ctx: &Context, most: i64) -> Result<Progress> {
    let keys = &app.parts().keys;
    let mut tx = app.db().begin().await?;
    let rows = keks::list(&mut tx).await?;
    let active = rows.iter().find(|row| row.active).map(|row| &row.id);
    let active = active.ok_or(Error::Conflict("conflict"))?;
    let active = keys.find(app.db(), active).await;
    let active = active.map_err(Error::unavailable)?;
    let old = package_keys::claim_retiring(&mut tx, most).await?;
    let mut new = Vec::with_capacity(old.len());
    for (package, key) in old {
        let row = exchange(app, &active, package, &key).await?;
        new.push((package, row));
    }
    package_keys::replace(&mut tx, &new).await?;
    let done = !package_keys::any_retiring(&mut tx).await?;
    if done {
        let settled = keks::settle(&mut tx).await?;
        if !settled.is_empty() {
            let object = Some(("key", active.id().to_string()));
            let data = json!({ "from": settled });
            audit::record(&mut tx, ctx, Event::KeyRotationEnded, object, data).await?;
        }
    }
    sofie_killpoint::reach("K18");
    tx.commit().await?;
    let moved = new.len() as u64;
    Ok(Progress { moved, done })
}

async fn exchange(
    app: &App,
    to: &Kek,
    package: PackageId,
    key: &WrappedPackageKey,
) -> Result<WrappedPackageKey> {
    let keys = &app.parts().keys;
    let from = keys.find(app.db(), &key.kek_id).await;
    let from = from.map_err(Error::unavailable)?;
    let wrapped = WrappedKey::from_bytes(&key.wrapped).map_err(Error::internal)?;
    let id = package.0.as_bytes();
    let plain = from
        .unwrap_package_key(&wrapped, id)
        .map_err(Error::internal)?;
    let wrapped = to.wrap_package_key(&plain, id).map_err(Error::internal)?;
    keys.uses().unwrapped(&key.kek_id);
    keys.uses().wrapped(to.id().as_str());
    Ok(WrappedPackageKey {
        kek_id: to.id().to_string(),
        wrapped: wrapped.to_bytes(),
    })
}

/// Goes on with a rotation that was begun, for the schedule: a few batches, so that it stays out of the way.
pub(crate) async fn go_on(app: &App, ctx: &Context) -> Result<()> {
    const BATCHES: usize = 250;
    if !keks::any_retiring(&mut app.db().read().await?).await? {
        return Ok(());
    }
    for _ in 0..BATCHES {
        if rotate_some(app, ctx, BATCH).await?.done {
            break;
        }
    }
    Ok(())
}
