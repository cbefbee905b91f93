//! The end of the checks of a package.

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{
    Approval, EngineRule, EngineVerdict, Event, FileCheck, FileId, Life, LifeEvent, Package,
    PackageId, Settings, User, rejects,
};
use sofie_queue::{Done, Run};
use sofie_store::{
    Tx, jobs, listed_hashes,
    packages::{self, DeletedReason},
    rounds, tickets, verdicts,
};

use crate::{
    App, Context, Result, approvals, audit, engines, groups, hashes,
    jobs::{CheckPackage, HearLate, enqueue, enqueue_for_package, queues},
    notices,
    packages::{Loaded, lock, tell},
    quarantine::bin,
    rule_sets,
};

/// When engines that were not waited for are first asked what they think.
const FIRST_ASKED: TimeDelta = TimeDelta::minutes(1);

/// Delivers a package whose files are all settled, or holds it back, and finishes the job, all at once.
pub(super) async fn settle(app: &App, ctx: &Context, run: &Run, id: PackageId) -> Result<Done> {
    let settings = app.settings().await?;
    let others = engines::rules(app, rule_sets::in_force(app).await?.as_ref()).await?;
    let mut tx = app.db().begin().await?;
    if !jobs::finish(&mut tx, run.claim.id, run.claim.attempt).await? {
        // The lease was lost: somebody else goes on.
        return Ok(Done::AlreadyFinished);
    }
    let mut loaded = lock(&mut tx, id).await?;
    if loaded.package.life == Life::Submitted {
        if loaded.check() == FileCheck::Pending || pending(&loaded) {
            // A re-check began in the meantime.
            let job = CheckPackage { package_id: id };
            enqueue_for_package(&mut tx, ctx, &job, id, ctx.now).await?;
        } else {
            conclude(app, &mut tx, ctx, &mut loaded, (&settings, others)).await?;
        }
    }
    tx.commit().await?;
    sofie_killpoint::reach("K15");
    for queue in [queues::CHECKS, queues::MAIL] {
        app.parts().waker.wake(queue);
    }
    tell(app, id);
    Ok(Done::AlreadyFinished)
}

fn pending(loaded: &Loaded) -> bool {
    loaded
        .files
        .iter()
        .any(|file| file.check == FileCheck::Pending)
}

async fn conclude(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
    (settings, others): (&Settings, Vec<EngineRule>),
) -> Result<()> {
    // Set when a round begins and cleared here, both under the lock: whoever comes second reports nothing.
    let checked = loaded.package.checks_started_at.take().is_some();
    if checked {
        packages::set_checks_started(tx, loaded.package.id, None).await?;
    }
    let held = loaded.files.iter().filter(|file| file.check.held()).count();
    let over = loaded.package.expired(ctx.now);
    let mut approvers = Vec::new();
    if !over && held > 0 {
        let standing = groups::standing(tx, &loaded.package).await?;
        let policy = settings.policy(&standing.whose, others);
        let said = said_of_held(tx, loaded).await?;
        let all: Vec<_> = said.iter().map(|(_, verdict)| verdict.clone()).collect();
        if rejects(&policy, &all) {
            return send_back(app, tx, ctx, loaded, held).await;
        }
        approvers = approvals::whom_to_ask(tx, loaded, &policy, &said).await?;
    }
    if checked {
        ask(tx, ctx, &mut loaded.package, !approvers.is_empty()).await?;
    }
    if !over && deliverable(loaded, settings) {
        activate(app, tx, ctx, loaded).await?;
    }
    // A package that comes back from the recycle bin was reported when it was checked.
    if held > 0 && checked {
        report(app, tx, ctx, loaded, (held, &approvers)).await?;
    }
    Ok(())
}

/// Asks the recipients of a package that waits for nothing but passwords, if the setting wants it. Those of one that is
/// delivered in part are asked on its page.
async fn ask_for_passwords(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    (loaded, held): (&Loaded, usize),
) -> Result<()> {
    let waits = loaded.package.life == Life::Submitted;
    if waits
        && app.settings().await?.bool("checks.recipients_unlock")
        && rounds::locked_files(tx, loaded.package.id).await?.len() == held
    {
        notices::ask_recipients(app, tx, ctx, loaded).await?;
    }
    Ok(())
}

/// What engines said of the held files of a package.
async fn said_of_held(tx: &mut Tx, loaded: &Loaded) -> Result<Vec<(FileId, EngineVerdict)>> {
    let held = |id| {
        let mut files = loaded.files.iter();
        files.any(|file| file.id == id && file.check.held())
    };
    let rows = verdicts::of_package(tx, loaded.package.id).await?;
    let said = rows.into_iter().filter(|(file, _)| held(*file));
    Ok(said.map(|(file, row)| (file, row.verdict)).collect())
}

/// Notes whether a package whose checks are over waits for an approver; what was decided before was about other checks.
async fn ask(tx: &mut Tx, ctx: &Context, package: &mut Package, asked: bool) -> Result<()> {
    let approval = if asked {
        Approval::Waiting
    } else {
        Approval::NotRequired
    };
    if package.approval != approval {
        package.approval = approval;
        packages::save(tx, package, ctx.now).await?;
    }
    Ok(())
}

/// Tells that files are held, and those who decide about that.
async fn report(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &Loaded,
    (held, approvers): (usize, &[User]),
) -> Result<()> {
    let package = Some(object(loaded.package.id));
    let data = json!({ "held": held, "files": loaded.files.len() });
    if !approvers.is_empty() {
        audit::record(tx, ctx, Event::ApprovalAsked, package, data).await?;
        return notices::to_approve(app, tx, ctx, loaded, approvers).await;
    }
    audit::record(tx, ctx, Event::PackageQuarantined, package, data).await?;
    if loaded.package.expired(ctx.now) {
        return Ok(());
    }
    notices::quarantined(app, tx, ctx, loaded).await?;
    ask_for_passwords(app, tx, ctx, (loaded, held)).await
}

async fn send_back(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
    held: usize,
) -> Result<()> {
    bin(tx, ctx, loaded, DeletedReason::Rejected).await?;
    let data = json!({ "by": "policy", "held": held, "files": loaded.files.len() });
    let package = Some(object(loaded.package.id));
    audit::record(tx, ctx, Event::PackageRejected, package, data).await?;
    notices::returned(app, tx, ctx, loaded).await
}

/// Tells whether a package whose checks are over has something to deliver.
pub(crate) fn deliverable(loaded: &Loaded, settings: &Settings) -> bool {
    let passes = |file: &sofie_domain::File| file.check.passes();
    let enough = if settings.bool("packages.partial") {
        loaded.files.iter().any(passes)
    } else {
        loaded.files.iter().all(passes)
    };
    let agreed = matches!(
        loaded.package.approval,
        Approval::NotRequired | Approval::Approved
    );
    enough && agreed && !loaded.files.is_empty() && !pending(loaded)
}

/// Makes a package available to its recipients and tells them. Its time runs from the first delivery.
///
/// A file that passed some time ago, and whose hash is listed by now, goes through the checks once more instead.
pub(crate) async fn activate(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    loaded: &mut Loaded,
) -> Result<()> {
    let package = &mut loaded.package;
    listed_hashes::hold(tx).await?;
    let listed = listed_hashes::passed(tx, package.id, hashes::ENGINE).await?;
    if !listed.is_empty() {
        return check_again(tx, ctx, package, &listed).await;
    }
    if !tickets::unanswered(tx, package.id).await?.is_empty() {
        let job = HearLate {
            package_id: package.id,
        };
        let key = Some(package.id.to_string());
        enqueue(tx, ctx, &job, key, ctx.now + FIRST_ASKED).await?;
    }
    package.life = package.life.apply(LifeEvent::Activate)?;
    package.activated_at.get_or_insert(ctx.now);
    let days = Days::new(u64::from(package.expires_in_days));
    let end = ctx.now.checked_add_days(days);
    package
        .expires_at
        .get_or_insert(end.unwrap_or(DateTime::<Utc>::MAX_UTC));
    packages::save(tx, package, ctx.now).await?;
    let passing = loaded
        .files
        .iter()
        .filter(|file| file.check.passes())
        .count();
    let data = json!({ "delivered": passing, "files": loaded.files.len() });
    audit::record(
        tx,
        ctx,
        Event::PackageDelivered,
        Some(object(loaded.package.id)),
        data,
    )
    .await?;
    notices::delivered(app, tx, ctx, loaded).await
}

/// Sends some files of a locked package through the checks once more.
pub(crate) async fn check_again(
    tx: &mut Tx,
    ctx: &Context,
    package: &mut Package,
    files: &[FileId],
) -> Result<()> {
    for file in files {
        rounds::next_of(tx, *file, None).await?;
    }
    packages::save(tx, package, ctx.now).await?;
    packages::set_checks_started(tx, package.id, Some(ctx.now)).await?;
    let job = CheckPackage {
        package_id: package.id,
    };
    enqueue_for_package(tx, ctx, &job, package.id, ctx.now).await
}

fn object(id: PackageId) -> (&'static str, String) {
    ("package", id.to_string())
}
