//! What administrators decide about packages, held or not (DET-25).

use serde_json::json;
use sofie_domain::{
    Actor, AdministratorPermission, Approval, Event, File, FileCheck, FileId, InvalidTransition,
    Life, LifeEvent, PackageId, Reason, Release,
};
use sofie_store::{
    Tx, files, objects, package_keys,
    packages::{self, DeletedReason},
    rounds, verdicts,
};

pub use sofie_store::{
    objects::{List, Object},
    outcomes::outcome_words,
    verdicts::Verdict,
};

use crate::{
    App, Context, Error, Result, audit,
    checks::{activate, deliverable},
    jobs::{self, CheckPackage, queues},
    notices,
    packages::{Loaded, View, get, load, lock, tell},
    sessions::demand,
};

/// Lets held files out, all of a package or those named, with a reason that stays with them for ever. A
/// package that waited for the decision is delivered.
pub async fn release(
    app: &App,
    ctx: &Context,
    id: PackageId,
    reason: &Reason,
    only: Option<&[FileId]>,
) -> Result<View> {
    let by = decider(ctx)?;
    demand(app, ctx).await?;
    let settings = app.settings().await?;
    let mut tx = app.db().begin().await?;
    let mut loaded = settled(&mut tx, id).await?;
    if loaded.package.expired(ctx.now) {
        return Err(Error::Conflict("conflict"));
    }
    let way = (FileCheck::release as Way, only);
    let released = let_out(&mut tx, ctx, &mut loaded, (&by, reason), way).await?;
    let left = loaded.files.iter().any(|file| file.check.held());
    if loaded.package.approval == Approval::Waiting && !left {
        // Who may let out what nobody else may, need not be asked about the rest.
        loaded.package.approval = loaded.package.approval.decide(true)?;
    }
    let data = json!({ "reason": reason.as_str(), "files": released });
    audit::record(&mut tx, ctx, Event::PackageReleased, Some(object(id)), data).await?;
    if loaded.package.life == Life::Submitted && deliverable(&loaded, &settings) {
        activate(app, &mut tx, ctx, &mut loaded).await?;
    } else {
        packages::save(&mut tx, &mut loaded.package, ctx.now).await?;
    }
    notices::released(app, &mut tx, ctx, &loaded).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    tell(app, id);
    get(app, ctx, id).await
}

/// How a held file gets out.
pub(crate) type Way = fn(FileCheck) -> std::result::Result<FileCheck, InvalidTransition>;

/// Lets the held files of a locked package out, or those named, and returns them; all of them or none.
pub(crate) async fn let_out(
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
    (by, reason): (&str, &Reason),
    (way, only): (Way, Option<&[FileId]>),
) -> Result<Vec<FileId>> {
    let mut released = Vec::new();
    for file in &mut loaded.files {
        if !file.check.held() || only.is_some_and(|only| !only.contains(&file.id)) {
            continue;
        }
        if file.sha256.is_none() || file.crc32.is_none() {
            // Nobody could read all of it, so it can't be fetched either.
            return Err(Error::Conflict("conflict"));
        }
        file.check = way(file.check)?;
        file.release = Some(Release {
            at: ctx.now,
            by: by.to_owned(),
            reason: reason.clone(),
        });
        files::save_check(tx, file, ctx.now).await?;
        released.push(file.id);
    }
    let all_named = only.is_none_or(|only| only.iter().all(|id| released.contains(id)));
    if released.is_empty() || !all_named {
        return Err(Error::Conflict("conflict"));
    }
    Ok(released)
}

/// Decides that a package with held files is not delivered; it goes to the recycle bin and its sender is told.
pub async fn reject(app: &App, ctx: &Context, id: PackageId, reason: &Reason) -> Result<View> {
    decider(ctx)?;
    let mut tx = app.db().begin().await?;
    let mut loaded = settled(&mut tx, id).await?;
    if !loaded.files.iter().any(|file| file.check.held()) {
        return Err(Error::Conflict("conflict"));
    }
    if loaded.package.approval == Approval::Waiting {
        loaded.package.approval = loaded.package.approval.decide(false)?;
    }
    bin(&mut tx, ctx, &mut loaded, DeletedReason::Rejected).await?;
    let data = json!({ "reason": reason.as_str() });
    audit::record(&mut tx, ctx, Event::PackageRejected, Some(object(id)), data).await?;
    notices::rejected(app, &mut tx, ctx, &loaded, reason).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    tell(app, id);
    get(app, ctx, id).await
}

/// Sends every file of a package through the checks again; until they are over nothing can be fetched.
pub async fn recheck(app: &App, ctx: &Context, id: PackageId) -> Result<View> {
    decider(ctx)?;
    let mut tx = app.db().begin().await?;
    let mut loaded = settled(&mut tx, id).await?;
    for file in &loaded.files {
        file.check.recheck()?;
    }
    rounds::next(&mut tx, id).await?;
    if loaded.package.life == Life::Active {
        loaded.package.life = loaded.package.life.apply(LifeEvent::Recheck)?;
    }
    // Whoever agreed looked at other verdicts.
    loaded.package.approval = Approval::NotRequired;
    packages::save(&mut tx, &mut loaded.package, ctx.now).await?;
    packages::set_checks_started(&mut tx, id, Some(ctx.now)).await?;
    audit::record(
        &mut tx,
        ctx,
        Event::PackageRechecked,
        Some(object(id)),
        json!({}),
    )
    .await?;
    let job = CheckPackage { package_id: id };
    jobs::enqueue_for_package(&mut tx, ctx, &job, id, ctx.now).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::CHECKS);
    tell(app, id);
    get(app, ctx, id).await
}

/// Takes a package away from its sender and recipients: a draft is shredded, a sent one goes to the recycle bin.
pub async fn remove(app: &App, ctx: &Context, id: PackageId) -> Result<()> {
    ctx.administrator_who_may(AdministratorPermission::Packages)?;
    let mut tx = app.db().begin().await?;
    let mut loaded = lock(&mut tx, id).await?;
    let reason = DeletedReason::Administrator;
    let event = if matches!(loaded.package.life, Life::Requested | Life::Uploading) {
        loaded.package.life = loaded.package.life.apply(LifeEvent::Shred)?;
        packages::save(&mut tx, &mut loaded.package, ctx.now).await?;
        package_keys::destroy(&mut tx, id, ctx.now).await?;
        Event::PackageShredded
    } else {
        bin(&mut tx, ctx, &mut loaded, reason).await?;
        Event::PackageDeleted
    };
    audit::record(
        &mut tx,
        ctx,
        event,
        Some(object(id)),
        json!({ "reason": reason.as_str() }),
    )
    .await?;
    tx.commit().await?;
    tell(app, id);
    Ok(())
}

/// What the engines said of one file, in every round.
#[derive(Clone, Debug)]
pub struct FileVerdicts {
    /// The file.
    pub file: File,
    /// The rows, oldest first.
    pub verdicts: Vec<Verdict>,
}

/// Returns every row of every engine about a package.
pub async fn all_verdicts(app: &App, ctx: &Context, id: PackageId) -> Result<Vec<FileVerdicts>> {
    ctx.administrator_who_may(AdministratorPermission::Packages)?;
    let mut tx = app.db().read().await?;
    let loaded = load(&mut tx, id).await?;
    let mut rows = verdicts::history(&mut tx, id).await?.into_iter().peekable();
    let files = loaded.files.into_iter().map(|file| {
        let mut verdicts = Vec::new();
        while let Some((_, row)) = rows.next_if(|(of, _)| *of == file.id) {
            verdicts.push(row);
        }
        FileVerdicts { file, verdicts }
    });
    Ok(files.collect())
}

/// Returns what is in a file of a package (DET-5).
pub async fn objects(app: &App, ctx: &Context, id: PackageId, file: FileId) -> Result<List> {
    ctx.administrator_who_may(AdministratorPermission::Packages)?;
    let mut tx = app.db().read().await?;
    let loaded = load(&mut tx, id).await?;
    let mut files = loaded.files.into_iter();
    let file = files.find(|one| one.id == file).ok_or(Error::NotFound)?;
    if let Some(list) = objects::of_file(&mut tx, file.id).await? {
        return Ok(list);
    }
    let alone = Object {
        path: file.path.name().to_owned(),
        media_type: file.media_type.unwrap_or_default(),
        size: file.size,
        sha256: file.sha256.map(hex::encode),
        depth: 0,
        surface_only: false,
    };
    Ok(List {
        objects: vec![alone],
        unlisted: 0,
    })
}

/// Returns a package as an administrator sees it.
pub async fn look(app: &App, ctx: &Context, id: PackageId) -> Result<View> {
    ctx.administrator_who_may(AdministratorPermission::Packages)?;
    get(app, ctx, id).await
}

fn decider(ctx: &Context) -> Result<String> {
    ctx.administrator_who_may(AdministratorPermission::Quarantine)?;
    match &ctx.actor {
        Actor::Administrator { email, .. } => Ok(email.to_string()),
        _ => Err(Error::Unauthenticated),
    }
}

/// Locks a sent package whose checks are over.
async fn settled(tx: &mut Tx, id: PackageId) -> Result<Loaded> {
    let loaded = lock(tx, id).await?;
    let alive = matches!(loaded.package.life, Life::Submitted | Life::Active);
    let pending = loaded
        .files
        .iter()
        .any(|file| file.check == FileCheck::Pending);
    if alive && !pending {
        Ok(loaded)
    } else {
        Err(Error::Conflict("conflict"))
    }
}

/// Puts a package into the recycle bin; its checks are over.
pub(crate) async fn bin(
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
    reason: DeletedReason,
) -> Result<()> {
    let package = &mut loaded.package;
    package.life = package.life.apply(LifeEvent::Delete)?;
    package.deleted_at = Some(ctx.now);
    packages::save(tx, package, ctx.now).await?;
    packages::set_deleted_reason(tx, package.id, reason).await?;
    packages::set_checks_started(tx, package.id, None).await?;
    Ok(())
}

fn object(id: PackageId) -> (&'static str, String) {
    ("package", id.to_string())
}
