//! A later look at what was delivered: engines learn, and what they find then is taken back (DET-19, PKG-22).
//!
//! A file stays available while it is looked at again. Only danger takes it back: an engine that is away, or a
//! limit, says nothing new about it, and what a stricter rule would hold today is noted for administrators, who
//! can send the package through the checks again.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{
    Approval, Decision, Event, FileCheck, Life, Package, PackageId, dangerous, decide,
};
use sofie_queue::{Done, JobError, Run};
use sofie_store::{
    downloads, due, engine_states, exceptions, rounds,
    verdicts::{self, Tried},
};

use super::{
    examine::Examined,
    file::{self, Antivirus, Open, Rules},
    known,
    later::Tickets,
    slice, translate,
};
use crate::{
    App, Context, Result, audit, engines, groups,
    jobs::{self, RescanPackage, queues},
    keys, notices,
    packages::{load, lock, tell},
    rule_sets,
};

/// Signatures that change every few minutes do not make every file be read as often.
const NOT_SOONER: TimeDelta = TimeDelta::hours(1);

/// Files that nobody has looked at since this moment are due.
pub(crate) async fn due_before(app: &App, ctx: &Context) -> Result<DateTime<Utc>> {
    let settings = app.settings().await?;
    let days = settings.integer("checks.rescan_days");
    let by_time = (days > 0).then(|| ctx.now - TimeDelta::days(days));
    if !settings.bool("checks.rescan_on_signatures") {
        return Ok(by_time.unwrap_or(DateTime::UNIX_EPOCH));
    }
    let since = engine_states::signatures_since(&mut app.db().read().await?).await?;
    let by_signatures = since.map(|since| since.min(ctx.now - NOT_SOONER));
    Ok(by_time.max(by_signatures).unwrap_or(DateTime::UNIX_EPOCH))
}

/// Asks for a later look at what is fetched now, if the last one was long ago: with much to do, this goes first.
///
/// The download does not wait for it. What is found ends it, as any recall does.
pub(crate) async fn look_when_fetched(app: &App, ctx: &Context, package: &Package) -> Result<()> {
    let days = app.settings().await?.integer("checks.rescan_days");
    let before = ctx.now - TimeDelta::days(days);
    // Its first checks were later than that: nothing need be asked.
    let young = package.submitted_at.is_none_or(|at| at >= before);
    let package_id = package.id;
    if days == 0
        || young
        || !due::is_rescan_due(&mut app.db().read().await?, package_id, before).await?
    {
        return Ok(());
    }
    let mut tx = app.db().begin().await?;
    let key = Some(package_id.to_string());
    jobs::enqueue(&mut tx, ctx, &RescanPackage { package_id }, key, ctx.now).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::RESCANS);
    Ok(())
}

/// Looks again at the files of a package that are due.
pub(crate) async fn rescan(
    app: &App,
    run: &Run,
    id: PackageId,
) -> std::result::Result<Done, JobError> {
    let mut ctx = Context::system(app.now());
    ctx.request_id.clone_from(&run.request_id);
    match look_again(app, &ctx, run, id).await {
        // The last try leaves it to the next time: the file stands as it stood.
        Ok(complete) if complete || run.last => Ok(Done::Complete),
        Ok(_) => Err(JobError::retry("an engine could not be asked")),
        Err(error) => Err(JobError::retry(error)),
    }
}

/// Tells whether every engine could be asked about every file.
async fn look_again(app: &App, ctx: &Context, run: &Run, id: PackageId) -> Result<bool> {
    let mut antivirus = slice::antivirus(app).await?;
    let later = quick_only(&mut antivirus);
    let Some((package, open)) = open_again(app, ctx, id).await? else {
        return Ok(true);
    };
    let mut rules = rules(app, ctx, &package).await?;
    rules
        .policy
        .engines
        .retain(|rule| !later.contains(&rule.engine));
    let silent = |name: &str| antivirus.faulty.iter().any(|(faulty, _)| faulty == name);
    if rules
        .policy
        .engines
        .iter()
        .any(|rule| rule.mandatory && silent(&rule.engine))
    {
        return Ok(false);
    }
    let mut complete = true;
    for open in open {
        complete &= one(app, ctx, run, &open, (&rules, &antivirus)).await?;
    }
    Ok(complete)
}

/// Returns the rules by which a delivered package is judged now.
pub(super) async fn rules(app: &App, ctx: &Context, package: &Package) -> Result<Rules> {
    let settings = app.settings().await?;
    let mut tx = app.db().read().await?;
    let exceptions = exceptions::active(&mut tx, ctx.now).await?;
    let standing = groups::standing(&mut tx, package).await?;
    drop(tx);
    let yara = rule_sets::in_force(app).await?;
    let others = engines::rules(app, yara.as_ref()).await?;
    let passwords = file::passwords(&[], &package.note);
    let inspector = known::inspector(app, &settings, yara.as_deref(), &passwords).await?;
    let policy = settings.policy(&standing.whose, others);
    let policy = match package.approval {
        // What was approved is no news.
        Approval::Approved => policy.approved(),
        Approval::NotRequired | Approval::Waiting | Approval::Rejected => policy,
    };
    Ok(Rules {
        policy,
        last_chance: false,
        give_up: false,
        closed: engines::inspector_trusted(app).await?,
        exceptions,
        passwords,
        inspector,
        origin: standing.origin,
        dlp: file::dlp(&settings),
        yara,
    })
}

/// Leaves out the engines that take minutes, and returns their names: what they said when it was sent stands.
fn quick_only(antivirus: &mut Antivirus) -> Vec<String> {
    let later = antivirus
        .trusted
        .extract_if(.., |engine| engine.answers_later());
    later.map(|engine| engine.descriptor().id.clone()).collect()
}

/// Returns a package with its files that are due; nothing if it can't be fetched any more.
async fn open_again(
    app: &App,
    ctx: &Context,
    id: PackageId,
) -> Result<Option<(Package, Vec<Open>)>> {
    let before = due_before(app, ctx).await?;
    let mut tx = app.db().read().await?;
    let loaded = match load(&mut tx, id).await {
        Err(crate::Error::NotFound) => return Ok(None),
        other => other?,
    };
    if loaded.package.life != Life::Active || loaded.package.expired(ctx.now) {
        return Ok(None);
    }
    let rounds: HashMap<_, _> = rounds::present(&mut tx, id).await?.into_iter().collect();
    let mut specs = keys::blob_specs(app, &mut tx, id).await?;
    let passed = |check| matches!(check, FileCheck::Clean | FileCheck::Flagged);
    let files = loaded.files.into_iter().filter(|file| passed(file.check));
    let open = files.filter_map(|file| {
        let round = rounds.get(&file.id)?;
        let is_due = round.looked_at.is_none_or(|at| at < before);
        is_due.then(|| Open {
            round: round.number,
            tried: true,
            anew: None,
            spec: specs.remove(&file.id),
            file,
        })
    });
    let open = open.collect();
    Ok(Some((loaded.package, open)))
}

/// Looks again at one file; tells whether every engine could be asked.
async fn one(
    app: &App,
    ctx: &Context,
    run: &Run,
    open: &Open,
    (rules, antivirus): (&Rules, &Antivirus),
) -> Result<bool> {
    let Some(examined) = file::look(
        app,
        open,
        (rules, antivirus, &Tickets::default()),
        &run.cancel,
    )
    .await
    else {
        return Ok(false);
    };
    let now = app.now();
    let ctx = Context { now, ..ctx.clone() };
    let said = file::said(&examined.rows);
    match decide(&rules.policy, &said, false) {
        Decision::Wait => return Ok(false),
        Decision::Settled(FileCheck::Blocked) if dangerous(&rules.policy, &said) => {
            recall(app, &ctx, open, examined).await?;
        }
        Decision::Settled(check) => stand(app, &ctx, open, check, &examined).await?,
    }
    Ok(true)
}

/// Leaves a file as it stands, and notes if a rule that is stricter now would hold it.
async fn stand(
    app: &App,
    ctx: &Context,
    open: &Open,
    check: FileCheck,
    examined: &Examined,
) -> Result<()> {
    let file = &open.file;
    let mut tx = app.db().begin().await?;
    rounds::note_rescan(&mut tx, file.id, open.round, ctx.now).await?;
    if check == FileCheck::Blocked {
        let found = file::found(&examined.rows);
        let data = json!({ "package": file.package_id, "found": found });
        let (event, object) = (Event::FileForbiddenLater, file::object(file.id));
        audit::record(&mut tx, ctx, event, Some(object), data).await?;
    }
    Ok(tx.commit().await?)
}

/// Takes a file back, and tells everybody whom it concerns.
pub(super) async fn recall(
    app: &App,
    ctx: &Context,
    open: &Open,
    mut examined: Examined,
) -> Result<()> {
    let package = open.file.package_id;
    let mut tx = app.db().begin().await?;
    let loaded = lock(&mut tx, package).await?;
    if loaded.package.life != Life::Active
        || !rounds::reopen(&mut tx, open.file.id, open.round).await?
    {
        // It was withdrawn, released or checked again meanwhile.
        return Ok(());
    }
    translate::shorten(&mut examined.rows);
    let mut file = open.file.clone();
    file.check = file.check.recall()?;
    let (known, unknown) = downloads::fetchers(&mut tx, package, file.id).await?;
    let data = json!({
        "package": package,
        "found": file::found(&examined.rows),
        "fetched_by": known,
        "fetched_by_unknown": unknown,
    });
    let entry = audit::entry(ctx, Event::FileRecalled, Some(file::object(file.id)), data);
    let tried = Tried {
        file: &file,
        round: open.round + 1,
        rows: &examined.rows,
        objects: examined.objects.as_ref(),
        at: ctx.now,
        entries: &[entry],
    };
    verdicts::record(&mut tx, &tried).await?;
    notices::recalled(
        app,
        &mut tx,
        ctx,
        (&loaded.package, &file),
        (&known, unknown),
    )
    .await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    tell(app, package);
    Ok(())
}
