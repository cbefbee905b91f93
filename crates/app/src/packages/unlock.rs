//! The password of encrypted content, from whoever sent it, or by setting is to get it (DET-7).
//!
//! The process that is given the password looks into the files itself, with it in memory, and writes down what came of
//! it: the password is stored nowhere and goes nowhere, and is forgotten with the process. If that dies in the middle,
//! the files are checked without it after a while, are held as before, and they are asked again (ADR 009).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sofie_domain::{Event, File, FileId, Life, LifeEvent, PackageId, Viewer};
use sofie_store::{Tx, packages, rounds};
use tokio::time::Instant;

use super::{Loaded, View, lock, object, sight, tell, views};
use crate::{
    App, Context, Error, Result, audit, checks,
    jobs::{CheckPackage, enqueue_for_package, queues},
    limits::{self, Limit},
    viewers,
};

/// The longest password in bytes.
const LONGEST: usize = 200;
/// How many passwords a minute may be tried on one package, by whoever.
const TRIES: u32 = 10;
/// How long this process has before others check the files without the password; more for large files.
const OURS: TimeDelta = TimeDelta::minutes(10);
/// How long this process asks engines again that do not answer; less than [`OURS`].
const PATIENCE: Duration = Duration::from_mins(8);
/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_secs(5);
/// The slowest checks, in bytes a second.
const SLOWEST: u64 = 4 << 20;

/// Tries a password on held files that could not be looked into: one, or all of a package. The answer is what the
/// package says when the checks are over.
pub async fn unlock(
    app: &App,
    ctx: &Context,
    id: PackageId,
    (file, password): (Option<FileId>, SecretString),
) -> Result<View> {
    let length = password.expose_secret().len();
    if length == 0 || length > LONGEST {
        let code = if length == 0 { "required" } else { "too_long" };
        return Err(Error::invalid("password", code));
    }
    let viewer = asked(app, ctx, id).await?;
    limits::attempt(
        app,
        ctx,
        &[Limit::per_minute(format!("unlock:{id}"), TRIES)],
    )
    .await?;
    let mut tx = app.db().begin().await?;
    let mut loaded = lock(&mut tx, id).await?;
    let asked = locked(&mut tx, ctx, &loaded, file).await?;
    let size: u64 = asked.iter().map(|file| file.size).sum();
    let seconds = i64::try_from(size / SLOWEST).unwrap_or(i64::MAX);
    let later = ctx.now + OURS + TimeDelta::try_seconds(seconds).unwrap_or(OURS);
    reopen(&mut tx, ctx, &mut loaded, (&asked, later)).await?;
    let ids: Vec<FileId> = asked.iter().map(|file| file.id).collect();
    audit::record(
        &mut tx,
        ctx,
        Event::PasswordTried,
        Some(object(id)),
        json!({ "files": ids }),
    )
    .await?;
    let job = CheckPackage { package_id: id };
    enqueue_for_package(&mut tx, ctx, &job, id, later).await?;
    let view = views::view_for(app, &mut tx, ctx, loaded.package, &viewer).await?;
    tx.commit().await?;
    tell(app, id);
    if app.parts().tasks.is_closed() {
        // The process stops: as if it had died in the middle.
        return Ok(view);
    }
    let (own, request) = (app.clone(), ctx.request_id.clone());
    app.parts().tasks.spawn(async move {
        if let Err(error) = look_into(&own, request, id, password).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, package.id = %id, "files could not be looked into with a password");
        }
    });
    Ok(view)
}

/// Returns how the caller, who may give passwords, stands to the package.
async fn asked(app: &App, ctx: &Context, id: PackageId) -> Result<Viewer> {
    let mut tx = app.db().read().await?;
    let package = packages::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    if sight::knows(app, &mut tx, ctx, (&package, viewer.relation)).await?
        && sight::may_unlock(app, &package, &viewer).await?
    {
        Ok(viewer)
    } else {
        Err(Error::NotFound)
    }
}

/// Returns the held files that are encrypted: one, or all of a package.
async fn locked(
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    only: Option<FileId>,
) -> Result<Vec<File>> {
    let package = &loaded.package;
    let locked = rounds::locked_files(tx, package.id).await?;
    let wanted =
        |file: &&File| locked.contains(&file.id) && only.is_none_or(|only| only == file.id);
    let asked: Vec<File> = loaded.files.iter().filter(wanted).cloned().collect();
    let alive = matches!(package.life, Life::Submitted | Life::Active) && !package.expired(ctx.now);
    if asked.is_empty() || !alive {
        return Err(Error::Conflict("conflict"));
    }
    Ok(asked)
}

/// Begins the next round of files, which are this process's until a time.
async fn reopen(
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
    (files, until): (&[File], DateTime<Utc>),
) -> Result<()> {
    let package = &mut loaded.package;
    for file in files {
        file.check.recheck()?;
        rounds::next_of(tx, file.id, Some(until)).await?;
    }
    if package.life == Life::Active {
        package.life = package.life.apply(LifeEvent::Recheck)?;
    }
    packages::save(tx, package, ctx.now).await?;
    Ok(packages::set_checks_started(tx, package.id, Some(ctx.now)).await?)
}

async fn look_into(
    app: &App,
    request_id: Option<String>,
    id: PackageId,
    password: SecretString,
) -> Result<()> {
    let mut ctx = Context::system(app.now());
    ctx.request_id = request_id;
    let over = Instant::now() + PATIENCE;
    while !checks::check_with_password(app, &ctx, id, &password).await? {
        // An engine is away, or there are many files: others don't have the password.
        if Instant::now() >= over || app.parts().tasks.is_closed() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    // What is left, and the end of the checks, is the workers' business.
    let mut tx = app.db().begin().await?;
    rounds::unreserve(&mut tx, id).await?;
    enqueue_for_package(&mut tx, &ctx, &CheckPackage { package_id: id }, id, ctx.now).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::CHECKS);
    Ok(())
}
