//! The queue of checks, for administrators: what waits for what, and ending it.

use chrono::{DateTime, Utc};
use serde_json::json;
use sofie_domain::{
    AdministratorPermission, Event, File, FileCheck, Life, Outcome, PackageId, Reason,
};
use sofie_queue::Job;
use sofie_store::{
    Cursor, Page, Tx,
    checks::Progress,
    packages::Box,
    rounds,
    verdicts::{self, Tried, Verdict},
};

use super::{file, slice, translate};
use crate::{
    App, Context, Error, Result, audit, engines,
    jobs::{CheckLargePackage, CheckPackage, enqueue_for_package, queues},
    packages::{self, Summary, View, get, lock, tell},
    rule_sets,
};

/// A package in the queue.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The package.
    pub package: Summary,
    /// How far its checks are.
    pub progress: Progress,
    /// When what is not known by then is *unscannable*; nothing if the checks have not begun.
    pub deadline: Option<DateTime<Utc>>,
}

/// Lists packages that are being checked, longest waiting first.
pub async fn list(
    app: &App,
    ctx: &Context,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Waiting>> {
    let found = packages::list_all(app, ctx, &Box::Checking, "", (after, limit)).await?;
    let longest = slice::longest(&*app.settings().await?);
    let ids: Vec<PackageId> = found.items.iter().map(|one| one.package.id).collect();
    let names = [CheckPackage::NAME, CheckLargePackage::NAME];
    let mut tx = app.db().read().await?;
    let mut progress = sofie_store::checks::progress(&mut tx, &ids, &names).await?;
    // A package that is gone by now has no progress.
    let next = found.next;
    let waiting = |package: Summary| {
        let progress = progress.remove(&package.package.id)?;
        let deadline = progress.started_at.map(|at| slice::deadline(at, longest));
        Some(Waiting {
            package,
            progress,
            deadline,
        })
    };
    let items = found.items.into_iter().filter_map(waiting).collect();
    Ok(Page { items, next })
}

/// Ends the checks of a package now: what no engine has settled is *unscannable*, and held back.
pub async fn stop(app: &App, ctx: &Context, id: PackageId, reason: &Reason) -> Result<View> {
    ctx.administrator_who_may(AdministratorPermission::Quarantine)?;
    let mut names: Vec<String> = engines::INTERNAL.map(str::to_owned).into();
    names.extend(
        engines::rules(app, rule_sets::in_force(app).await?.as_ref())
            .await?
            .into_iter()
            .map(|rule| rule.engine),
    );
    let mut tx = app.db().begin().await?;
    let loaded = lock(&mut tx, id).await?;
    let pending = |file: &&File| file.check == FileCheck::Pending;
    if loaded.package.life != Life::Submitted || !loaded.files.iter().any(|file| pending(&file)) {
        return Err(Error::Conflict("conflict"));
    }
    let rounds = rounds::present(&mut tx, id).await?;
    let mut said = verdicts::of_package(&mut tx, id).await?;
    for file in loaded.files.iter().filter(pending) {
        let round = rounds.iter().find(|(of, _)| *of == file.id);
        let round = round.ok_or(Error::NotFound)?.1.number;
        let rows = said.extract_if(.., |(of, _)| *of == file.id);
        let rows = with_silence(rows.map(|(_, row)| row).collect(), &names, reason, ctx.now);
        give_up(&mut tx, ctx, (file, round), &rows).await?;
    }
    let data = json!({ "reason": reason.as_str() });
    let object = Some(("package", id.to_string()));
    audit::record(&mut tx, ctx, Event::ChecksStopped, object, data).await?;
    let job = CheckPackage { package_id: id };
    enqueue_for_package(&mut tx, ctx, &job, id, ctx.now).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::CHECKS);
    tell(app, id);
    get(app, ctx, id).await
}

/// The rows of a file, with one for every engine that has not answered: why it was not waited for.
fn with_silence(
    mut rows: Vec<Verdict>,
    engines: &[String],
    reason: &Reason,
    now: DateTime<Utc>,
) -> Vec<Verdict> {
    rows.retain(|row| row.verdict.outcome != Outcome::Error);
    let silent = engines.iter().filter(|engine| {
        let mut spoke = rows.iter();
        !spoke.any(|row| row.verdict.engine == **engine)
    });
    let silent: Vec<_> = silent
        .map(|engine| translate::not_asked(engine, "checks-stopped", reason.as_str(), now))
        .collect();
    rows.extend(silent);
    rows
}

async fn give_up(
    tx: &mut Tx,
    ctx: &Context,
    (file, round): (&File, i32),
    rows: &[Verdict],
) -> Result<()> {
    let mut file = file.clone();
    file.check = file.check.settle(FileCheck::Unscannable)?;
    let tried = Tried {
        file: &file,
        round,
        rows,
        objects: None,
        at: ctx.now,
        entries: &[file::settled(ctx, &file, rows)],
    };
    // Under the package's lock nobody settles it in between; whoever checks it just now writes nothing any more.
    verdicts::record(tx, &tried).await?;
    Ok(())
}
