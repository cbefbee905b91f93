//! A slice of work on one package: so many files, or so much time, and then it is others' turn.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use secrecy::SecretString;
use sofie_detection::Engine;
use sofie_domain::{File, FileCheck, FileId, Life, PackageId, Settings};
use sofie_queue::{Done, Job, JobError, Run};
use sofie_store::{
    exceptions, packages,
    rounds::{self, Present},
};
use sofie_vault::BlobSpec;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    file::{self, Antivirus, Open, Rules, Stand},
    known, package,
};
use crate::{
    App, Context, Result,
    engines::{self, Configured},
    groups,
    jobs::{self, CheckLargePackage, CheckPackage},
    keys,
    packages::lock,
    rule_sets,
};

/// A file above this many bytes is checked in a queue of its own, so that it does not keep others waiting.
const LARGE_FILE: u64 = 256 << 20;
/// How long one slice may take before the package goes to the end of the queue.
const SLICE: Duration = Duration::from_secs(15);
/// How many files of one package are checked at once.
const AT_ONCE: usize = 2;
/// How long to wait for an engine before asking again: a quarter of what was waited already, between these.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(60);

/// A package at the beginning of a slice.
struct Work {
    rules: Rules,
    antivirus: Antivirus,
    open: Vec<Open>,
    /// Whether there are files without a verdict that only another process may look into for now.
    reserved: bool,
    started: DateTime<Utc>,
    deadline: DateTime<Utc>,
}

/// What a slice leaves to the next one; the first of these that there is comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// Small files that nobody tried yet.
    Small,
    /// Large files that nobody tried yet.
    Large,
    /// Small files that wait for an engine.
    WaitingSmall,
    /// Large files that wait for an engine.
    WaitingLarge,
}

/// Runs a slice of the checks of a package; `large` is the queue of large files.
pub(crate) async fn run(
    app: &App,
    run: &Run,
    id: PackageId,
    large: bool,
) -> std::result::Result<Done, JobError> {
    let mut ctx = Context::system(app.now());
    ctx.request_id.clone_from(&run.request_id);
    let work = prepare(app, &ctx, run.last, (id, &[]));
    let work = work.await.map_err(JobError::retry)?;
    let Some(work) = work else {
        return Ok(Done::Complete);
    };
    let left = check_files(app, &ctx, &run.cancel, &work, large)
        .await
        .map_err(JobError::retry)?;
    if run.cancel.is_cancelled() {
        return Err(JobError::retry("the worker stops"));
    }
    ctx.now = app.now();
    finish(app, &ctx, run, (id, &work), left)
        .await
        .map_err(JobError::retry)
}

/// Checks the files of a package that are reserved for a password, with it; tells whether all of these have a verdict.
pub(crate) async fn check_with_password(
    app: &App,
    ctx: &Context,
    id: PackageId,
    password: &SecretString,
) -> Result<bool> {
    let given = std::slice::from_ref(password);
    let Some(work) = prepare(app, ctx, false, (id, given)).await? else {
        return Ok(true);
    };
    let left = check_files(app, ctx, &CancellationToken::new(), &work, true).await?;
    Ok(left.is_none())
}

/// Reads what there is to do; nothing if the package is not being checked (any more).
async fn prepare(
    app: &App,
    ctx: &Context,
    last: bool,
    (id, given): (PackageId, &[SecretString]),
) -> Result<Option<Work>> {
    let settings = app.settings().await?;
    let antivirus = antivirus(app).await?;
    let yara = rule_sets::in_force(app).await?;
    let others = engines::rules(app, yara.as_ref()).await?;
    let closed = engines::inspector_trusted(app).await?;
    let mut tx = app.db().begin().await?;
    // Under the lock, so that no other worker ends the round that this one begins.
    let loaded = match lock(&mut tx, id).await {
        Err(crate::Error::NotFound) => return Ok(None),
        other => other?,
    };
    if loaded.package.life != Life::Submitted {
        return Ok(None);
    }
    let standing = groups::standing(&mut tx, &loaded.package).await?;
    let policy = settings.policy(&standing.whose, others);
    let rounds: HashMap<_, _> = rounds::present(&mut tx, id).await?.into_iter().collect();
    let specs = keys::blob_specs(app, &mut tx, id).await?;
    let exceptions = exceptions::active(&mut tx, ctx.now).await?;
    let started = loaded.package.checks_started_at;
    let deadline = deadline(started.unwrap_or(ctx.now), longest(&settings));
    let last_chance = ctx.now >= deadline || last;
    let is_reserved = |file: &File| {
        let until = rounds.get(&file.id).and_then(|round| round.reserved_until);
        until.is_some_and(|until| ctx.now < until) && !last_chance
    };
    let pending = loaded
        .files
        .into_iter()
        .filter(|file| file.check == FileCheck::Pending);
    let (mine, reserved) = divide(pending, is_reserved, !given.is_empty());
    let open = opened(mine, &rounds, (specs, started.unwrap_or(ctx.now)));
    if started.is_none() && !open.is_empty() {
        packages::set_checks_started(&mut tx, id, Some(ctx.now)).await?;
    }
    let started = started.unwrap_or(ctx.now);
    tx.commit().await?;
    let passwords = file::passwords(given, &loaded.package.note);
    let inspector = known::inspector(app, &settings, yara.as_deref(), &passwords).await?;
    let rules = Rules {
        policy,
        last_chance,
        give_up: last,
        passwords,
        inspector,
        closed,
        exceptions,
        origin: standing.origin,
        dlp: file::dlp(&settings),
        yara,
    };
    Ok(Some(Work {
        rules,
        antivirus,
        open,
        reserved,
        started,
        deadline,
    }))
}

/// The files that are ours, and whether others are reserved for another process: with a password those that are
/// reserved are ours, without one the rest.
fn divide(
    pending: impl Iterator<Item = File>,
    is_reserved: impl Fn(&File) -> bool,
    with_password: bool,
) -> (Vec<File>, bool) {
    let (reserved, others): (Vec<_>, Vec<_>) = pending.partition(is_reserved);
    if with_password {
        (reserved, false)
    } else {
        (others, !reserved.is_empty())
    }
}

/// Files with what is needed to read them and to write down what comes of it; their checks began at `began`.
fn opened(
    files: Vec<File>,
    rounds: &HashMap<FileId, Present>,
    (mut specs, began): (HashMap<FileId, BlobSpec>, DateTime<Utc>),
) -> Vec<Open> {
    let open = |file: File| {
        let round = rounds.get(&file.id)?;
        Some(Open {
            round: round.number,
            tried: round.tried,
            anew: Some(began).filter(|_| round.number > 1),
            spec: specs.remove(&file.id),
            file,
        })
    };
    files.into_iter().filter_map(open).collect()
}

/// How long engines are waited for.
pub(super) fn longest(settings: &Settings) -> TimeDelta {
    let minutes = i64::try_from(settings.count("checks.maximum_minutes")).unwrap_or(i64::MAX);
    TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::MAX)
}

/// When checks that began at a time must be over.
pub(super) fn deadline(started: DateTime<Utc>, longest: TimeDelta) -> DateTime<Utc> {
    let end = started.checked_add_signed(longest);
    end.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns the engines beside the inspector, and whose word counts.
pub(super) async fn antivirus(app: &App) -> Result<Antivirus> {
    let (mut trusted, mut faulty) = (Vec::new(), Vec::new());
    let enabled = engines::enabled(app).await?;
    let makers = known::makers(app, &enabled).await?;
    for Configured { row, engine } in enabled {
        let Some(engine) = engine else {
            faulty.push((row.id, "its configuration can't be used".to_owned()));
            continue;
        };
        match engines::trusted(app, &engine).await? {
            None => trusted.push(engine as Arc<dyn Engine>),
            Some(why) => faulty.push((row.id, why)),
        }
    }
    Ok(Antivirus {
        trusted,
        faulty,
        makers,
    })
}

/// Checks files until the slice is over; the small ones first. Tells what is left.
async fn check_files(
    app: &App,
    ctx: &Context,
    cancel: &CancellationToken,
    work: &Work,
    large: bool,
) -> Result<Option<Next>> {
    let over = Instant::now() + SLICE;
    let mine = |open: &&Open| large || open.file.size <= LARGE_FILE;
    let others = work.open.iter().any(|open| !mine(&open));
    let mut left: Vec<Next> = others.then_some(Next::Large).into_iter().collect();
    left.extend(work.reserved.then_some(Next::WaitingSmall));
    let tries: Vec<_> = work
        .open
        .iter()
        .filter(mine)
        .map(|open| try_one(app, ctx, cancel, work, (open, over)).boxed())
        .collect();
    let mut ended = stream::iter(tries).buffer_unordered(AT_ONCE);
    while let Some((open, stand)) = ended.try_next().await? {
        let is_large = open.file.size > LARGE_FILE;
        match stand {
            Some(Stand::Settled) => {}
            Some(Stand::Waiting) if is_large => left.push(Next::WaitingLarge),
            Some(Stand::Waiting) => left.push(Next::WaitingSmall),
            None if is_large => left.push(Next::Large),
            None => left.push(Next::Small),
        }
    }
    Ok(left.into_iter().min())
}

/// Checks one file if there is still time for it.
async fn try_one<'w>(
    app: &App,
    ctx: &Context,
    cancel: &CancellationToken,
    work: &Work,
    (open, over): (&'w Open, Instant),
) -> Result<(&'w Open, Option<Stand>)> {
    if Instant::now() >= over || cancel.is_cancelled() {
        return Ok((open, None));
    }
    let stand = file::check(app, ctx, open, (&work.rules, &work.antivirus), cancel).await?;
    Ok((open, Some(stand)))
}

/// Ends the slice: asks for the next one, or ends the checks of the package.
async fn finish(
    app: &App,
    ctx: &Context,
    run: &Run,
    (id, work): (PackageId, &Work),
    left: Option<Next>,
) -> Result<Done> {
    let Some(next) = left else {
        return package::settle(app, ctx, run, id).await;
    };
    let pause = ((ctx.now - work.started) / 4).clamp(SHORTEST_WAIT, LONGEST_WAIT);
    let later = (ctx.now + pause).min(work.deadline.max(ctx.now));
    let at = match next {
        Next::Small | Next::Large => ctx.now,
        Next::WaitingSmall | Next::WaitingLarge => later,
    };
    match next {
        Next::Small | Next::WaitingSmall => {
            let job = CheckPackage { package_id: id };
            go_on(app, ctx, run, (id, &job), at).await
        }
        Next::Large | Next::WaitingLarge => {
            let job = CheckLargePackage { package_id: id };
            go_on(app, ctx, run, (id, &job), at).await
        }
    }
}

/// Finishes this job in favour of another one, so that waiting is not counted as failing.
async fn go_on<J: Job<Context = App>>(
    app: &App,
    ctx: &Context,
    run: &Run,
    (id, next): (PackageId, &J),
    at: DateTime<Utc>,
) -> Result<Done> {
    let mut tx = app.db().begin().await?;
    if !sofie_store::jobs::finish(&mut tx, run.claim.id, run.claim.attempt).await? {
        // The lease was lost: somebody else goes on.
        return Ok(Done::AlreadyFinished);
    }
    jobs::enqueue_for_package(&mut tx, ctx, next, id, at).await?;
    tx.commit().await?;
    if at <= ctx.now {
        app.parts().waker.wake(J::QUEUE);
    }
    Ok(Done::AlreadyFinished)
}
