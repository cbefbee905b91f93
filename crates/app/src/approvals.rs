//! What policy lets out only if a second pair of eyes agrees: users with the right to approve decide (PKG-18, PKG-19).

use serde_json::json;
use sofie_domain::{
    Actor, Approval, EngineVerdict, Event, File, FileCheck, FileId, Package, PackageId, Policy,
    Reason, Relation, User, UserPermission, Viewer, approvable, may_approve,
};
use sofie_store::{
    Cursor, Page, Tx, listed_hashes,
    packages::{self, DeletedReason},
    rounds, users,
};

use crate::{
    App, Context, Error, Result, audit,
    checks::{activate, check_again, deliverable},
    hashes,
    jobs::queues,
    notices,
    packages::{Loaded, Summary, View, list_to_approve, lock, tell, view_for},
    quarantine::{Way, bin, let_out},
    sessions::demand,
};

/// A held file in the round that somebody looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookedAt {
    /// The file.
    pub file: FileId,
    /// The round of its checks.
    pub round: i32,
}

/// A package as whoever decides about it sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The package, with what was found.
    pub view: View,
    /// Its held files: an approval is of exactly these rounds.
    pub held: Vec<LookedAt>,
}

/// Lists the packages that wait for the caller's decision, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    search: &str,
    page: (Option<Cursor>, usize),
) -> Result<Page<Summary>> {
    let user = ctx.user_who_may(UserPermission::Approve)?;
    list_to_approve(app, ctx, user, search, page).await
}

/// Returns a package that waits for the caller's decision.
pub async fn get(app: &App, ctx: &Context, id: PackageId) -> Result<Asked> {
    ctx.user_who_may(UserPermission::Approve)?;
    let mut tx = app.db().read().await?;
    let package = packages::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    only_approver(ctx, &package)?;
    asked(app, &mut tx, ctx, package).await
}

/// Lets the held files of a package out, if they are those that the caller looked at; it is delivered.
pub async fn approve(
    app: &App,
    ctx: &Context,
    id: PackageId,
    reason: &Reason,
    looked_at: &[LookedAt],
) -> Result<()> {
    let by = approver(app, ctx).await?;
    let settings = app.settings().await?;
    let mut tx = app.db().begin().await?;
    let mut loaded = waiting(&mut tx, ctx, id).await?;
    if loaded.package.expired(ctx.now) {
        return Err(Error::Conflict("conflict"));
    }
    let mut seen = looked_at.to_vec();
    seen.sort_unstable();
    if seen != held(&mut tx, &loaded.files, id).await? {
        return Err(Error::Conflict("version_conflict"));
    }
    listed_hashes::hold(&mut tx).await?;
    let listed = listed_hashes::held(&mut tx, id, hashes::ENGINE).await?;
    if !listed.is_empty() {
        // Content that is known to be dangerous by now: what was looked at is no longer what is known.
        check_again(&mut tx, ctx, &mut loaded.package, &listed).await?;
        tx.commit().await?;
        app.parts().waker.wake(queues::CHECKS);
        tell(app, id);
        return Err(Error::Conflict("version_conflict"));
    }
    let way = (FileCheck::approve as Way, None);
    let released = let_out(&mut tx, ctx, &mut loaded, (&by, reason), way).await?;
    loaded.package.approval = loaded.package.approval.decide(true)?;
    let data = json!({ "reason": reason.as_str(), "files": released });
    audit::record(&mut tx, ctx, Event::PackageApproved, Some(object(id)), data).await?;
    if deliverable(&loaded, &settings) {
        activate(app, &mut tx, ctx, &mut loaded).await?;
    } else {
        packages::save(&mut tx, &mut loaded.package, ctx.now).await?;
    }
    notices::approved(app, &mut tx, ctx, &loaded, reason).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    tell(app, id);
    Ok(())
}

/// Decides that a package does not leave; it goes to the recycle bin and its sender is told why.
pub async fn reject(app: &App, ctx: &Context, id: PackageId, reason: &Reason) -> Result<()> {
    approver(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let mut loaded = waiting(&mut tx, ctx, id).await?;
    loaded.package.approval = loaded.package.approval.decide(false)?;
    bin(&mut tx, ctx, &mut loaded, DeletedReason::Rejected).await?;
    let data = json!({ "reason": reason.as_str() });
    let event = Event::PackageDisapproved;
    audit::record(&mut tx, ctx, event, Some(object(id)), data).await?;
    notices::disapproved(app, &mut tx, ctx, &loaded, reason).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    tell(app, id);
    Ok(())
}

/// Returns whom to ask about a package whose checks are over: nobody, unless approval is all that its held files lack.
pub(crate) async fn whom_to_ask(
    tx: &mut Tx,
    loaded: &Loaded,
    policy: &Policy,
    said: &[(FileId, EngineVerdict)],
) -> Result<Vec<User>> {
    if !lacks_approval(loaded, policy, said) {
        return Ok(Vec::new());
    }
    // As it will stand once it waits: whose own it is, is not asked.
    let mut package = loaded.package.clone();
    package.approval = Approval::Waiting;
    package.checks_started_at = None;
    let mut all = users::approvers(tx).await?;
    all.retain(|user| may_approve(&package, (user.id, &user.email)));
    Ok(all)
}

/// Tells whether files are held, and approval is all that each of them lacks.
fn lacks_approval(loaded: &Loaded, policy: &Policy, said: &[(FileId, EngineVerdict)]) -> bool {
    let lacks = |file: &&File| {
        let own = said.iter().filter(|(of, _)| *of == file.id);
        let rows: Vec<EngineVerdict> = own.map(|(_, verdict)| verdict.clone()).collect();
        // What nobody could read to its end can't be fetched either.
        file.sha256.is_some() && file.crc32.is_some() && approvable(policy, &rows)
    };
    let held = loaded.files.iter().filter(|file| file.check.held());
    let held: Vec<&File> = held.collect();
    !held.is_empty() && held.iter().all(lacks)
}

async fn approver(app: &App, ctx: &Context) -> Result<String> {
    ctx.user_who_may(UserPermission::Approve)?;
    demand(app, ctx).await?;
    let email = ctx.actor.email().ok_or(Error::Unauthenticated)?;
    Ok(email.to_string())
}

/// Lets nobody through but those who may decide about a package; others don't learn that there is one.
fn only_approver(ctx: &Context, package: &Package) -> Result<()> {
    match &ctx.actor {
        Actor::User { id, email, .. } if may_approve(package, (*id, email)) => Ok(()),
        _ => Err(Error::NotFound),
    }
}

/// Locks a package that waits for the caller's decision.
async fn waiting(tx: &mut Tx, ctx: &Context, id: PackageId) -> Result<Loaded> {
    let loaded = lock(tx, id).await?;
    only_approver(ctx, &loaded.package)?;
    let pending = |file: &File| file.check == FileCheck::Pending;
    if loaded.files.iter().any(pending) {
        return Err(Error::Conflict("conflict"));
    }
    Ok(loaded)
}

async fn asked(app: &App, tx: &mut Tx, ctx: &Context, package: Package) -> Result<Asked> {
    let viewer = Viewer {
        relation: Relation::Approver,
        password: false,
        access: false,
    };
    let id = package.id;
    let view = view_for(app, tx, ctx, package, &viewer).await?;
    let files: Vec<File> = view.files.iter().map(|one| one.file.clone()).collect();
    let held = held(tx, &files, id).await?;
    Ok(Asked { view, held })
}

/// Returns the held files of a package with their present rounds, in a fixed order.
async fn held(tx: &mut Tx, files: &[File], id: PackageId) -> Result<Vec<LookedAt>> {
    let rounds = rounds::present(tx, id).await?;
    let is_held = |id: &FileId| files.iter().any(|file| file.id == *id && file.check.held());
    let held = rounds.into_iter().filter(|(file, _)| is_held(file));
    let mut held: Vec<LookedAt> = held
        .map(|(file, present)| LookedAt {
            file,
            round: present.number,
        })
        .collect();
    held.sort_unstable();
    Ok(held)
}

fn object(id: PackageId) -> (&'static str, String) {
    ("package", id.to_string())
}
