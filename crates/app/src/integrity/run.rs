//! The check as a job: in slices, page by page, so that whatever stops it, it goes on where it was.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use serde_json::json;
use sofie_domain::{AdministratorPermission, Cron, EmailAddress, Event, IntegrityRunId};
use sofie_queue::{Job as _, Run};
use sofie_store::{
    Tx,
    integrity::{self as rows, StoredFile},
    integrity_runs::{self as runs, Run as Row},
    jobs as job_rows,
};
use tokio::time::{Instant, sleep};

use super::{Judged, Pace, Problem, listed, look_at, looks, surplus};
use crate::{
    App, Context, Error, Result, audit,
    error::chain,
    jobs::{self, CheckIntegrity, queues},
    notices,
};

/// How long one job goes on before another one does, so that its tries count anew.
const SLICE: Duration = Duration::from_mins(10);
/// What is read before it is written down how far the check is: so many files, and so many bytes.
const FILES: i64 = 200;
const BYTES: u64 = 256 << 20;
/// How often a check that reads a large file asks whether it was cancelled.
const ASK: Duration = Duration::from_secs(2);
/// A check that the schedule missed by more than this waits for the next time.
const MISSED: TimeDelta = TimeDelta::hours(1);
/// So many files are named in the audit log by each check; the others are in the overview.
const NAMED: usize = 500;

/// Begins a check. `Conflict("integrity_running")` if one is running.
pub async fn begin(app: &App, ctx: &Context, deep: bool) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let mut tx = app.db().begin().await?;
    let run_id = IntegrityRunId::fresh();
    let by = ctx.actor.email().map(EmailAddress::as_str);
    if !runs::begin(&mut tx, run_id, deep, by, ctx.now).await? {
        return Err(Error::Conflict("integrity_running"));
    }
    let data = json!({ "deep": deep });
    audit::record(&mut tx, ctx, Event::IntegrityCheckBegun, None, data).await?;
    let key = Some(run_id.to_string());
    jobs::enqueue(&mut tx, ctx, &CheckIntegrity { run_id }, key, ctx.now).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::INTEGRITY);
    Ok(())
}

/// Ends the check that is running, wherever it is; what it found stays known. Fine if there is none.
pub async fn cancel(app: &App, ctx: &Context) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let mut tx = app.db().begin().await?;
    let Some(running) = runs::running(&mut tx).await? else {
        return Ok(());
    };
    let Some(run) = runs::lock(&mut tx, running.id).await? else {
        return Ok(());
    };
    end(
        &mut tx,
        ctx,
        run,
        "cancelled",
        Event::IntegrityCheckCancelled,
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Begins a check when it is time, and sees to it that one that is running has a job.
pub(crate) async fn by_schedule(app: &App, ctx: &Context) -> Result<()> {
    let settings = app.settings().await?;
    let last = runs::last(&mut app.db().read().await?).await?;
    if let Ok(cron) = settings.text("integrity.schedule").parse::<Cron>() {
        let missed = ctx.now - MISSED;
        let since = last.map(|run| run.started_at + TimeDelta::seconds(1));
        let since = since.map_or(missed, |since| since.max(missed));
        if cron.latest(since, ctx.now).is_some() {
            match begin(app, ctx, settings.bool("integrity.deep")).await {
                Ok(()) | Err(Error::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    let mut tx = app.db().begin().await?;
    let running = runs::running(&mut tx).await?;
    if let Some(run) = running
        && !job_rows::is_alive(&mut tx, CheckIntegrity::NAME).await?
    {
        tracing::warn!(run.id = %run.id, "nobody went on with the check of everything stored; asking for it again");
        again(&mut tx, ctx, run.id).await?;
        tx.commit().await?;
        app.parts().waker.wake(queues::INTEGRITY);
    }
    Ok(())
}

async fn again(tx: &mut Tx, ctx: &Context, run_id: IntegrityRunId) -> Result<()> {
    let key = Some(run_id.to_string());
    jobs::enqueue(tx, ctx, &CheckIntegrity { run_id }, key, ctx.now).await
}

/// Goes on with a check for a while, and asks for another job if there is more. With the last try it has failed.
pub(crate) async fn go_on(app: &App, run: &Run, id: IntegrityRunId) -> Result<()> {
    let mut ctx = Context::system(app.now());
    ctx.request_id.clone_from(&run.request_id);
    let outcome = slice(app, &ctx, run, id).await;
    match &outcome {
        Err(error) if run.last => fail(app, &ctx, id, &chain(error)).await,
        _ => outcome,
    }
}

async fn slice(app: &App, ctx: &Context, run: &Run, id: IntegrityRunId) -> Result<()> {
    let instance = app.parts().instance.to_string();
    let ours = app.parts().vault.require_marker(instance).await;
    ours.map_err(Error::unavailable)?;
    let pace = app.settings().await?.count("integrity.mib_per_second");
    let (begun, pace) = (Instant::now(), Pace::mib_per_second(pace));
    loop {
        let running = runs::running(&mut app.db().read().await?).await?;
        let Some(row) = running.filter(|row| row.id == id) else {
            return Ok(());
        };
        if row.shard > i32::from(u8::MAX) {
            return finish(app, ctx, id).await;
        }
        if begun.elapsed() > SLICE || run.cancel.is_cancelled() {
            let mut tx = app.db().begin().await?;
            again(&mut tx, ctx, id).await?;
            tx.commit().await?;
            app.parts().waker.wake(queues::INTEGRITY);
            return Ok(());
        }
        let ctx = Context {
            now: app.now(),
            ..ctx.clone()
        };
        tokio::select! {
            stepped = step(app, &ctx, &row, &pace) => stepped?,
            () = cancelled(app, id) => return Ok(()),
        }
    }
}

/// Waits until the check is not running any more.
async fn cancelled(app: &App, id: IntegrityRunId) {
    loop {
        sleep(ASK).await;
        let running = async { runs::running(&mut app.db().read().await?).await };
        if let Ok(running) = running.await
            && running.is_none_or(|row| row.id != id)
        {
            return;
        }
    }
}

/// Looks at the next files of a shard or, after the last of them, at the blobs that no file has.
async fn step(app: &App, ctx: &Context, row: &Row, pace: &Pace) -> Result<()> {
    let shard = u8::try_from(row.shard).map_err(Error::internal)?;
    let after = row.after.as_deref().map(TryInto::try_into).transpose();
    let after = after.map_err(Error::internal)?;
    let mut tx = app.db().read().await?;
    let mut files = rows::files(&mut tx, shard, after, FILES).await?;
    drop(tx);
    if files.is_empty() {
        let (problems, _) = surplus(app, ctx, listed(app, shard).await?).await?;
        return note(app, ctx, row, &[], &problems, None).await;
    }
    files.truncate(few(&files));
    let last = files.last().map(|file| file.secrets.blob_id);
    let judged = look_at(app, files, row.deep.then_some(pace)).await?;
    note(app, ctx, row, &judged, &[], last).await
}

/// How many of the files are read in one go: one at least.
fn few(files: &[StoredFile]) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for file in files {
        if bytes >= BYTES {
            break;
        }
        bytes += file.size;
        count += 1;
    }
    count
}

/// Writes down what was seen, and how far the check is: `last` is the last blob, nothing the end of its shard.
async fn note(
    app: &App,
    ctx: &Context,
    row: &Row,
    judged: &[Judged],
    others: &[Problem],
    last: Option<[u8; 16]>,
) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let Some(mut run) = runs::lock(&mut tx, row.id).await? else {
        return Ok(());
    };
    if (run.shard, &run.after) != (row.shard, &row.after) {
        // A worker that was taken for dead was here too, and was first.
        return Ok(());
    }
    let news = runs::note(&mut tx, &looks(judged), run.deep, ctx.now).await?;
    let mut problems = problems(&run);
    let named = usize::try_from(problems.values().sum::<u64>()).unwrap_or(usize::MAX);
    let found = judged.iter().filter_map(|(_, problem)| problem.as_ref());
    for (place, problem) in found.chain(others).enumerate() {
        *problems
            .entry(problem.kind.as_str().to_owned())
            .or_default() += 1;
        if let Some((package, file)) = problem.file
            && news.contains(&file)
            && named + place < NAMED
        {
            let data = json!({ "package": package, "kind": problem.kind.as_str(), "detail": problem.detail });
            let object = Some(("file", file.to_string()));
            audit::record(&mut tx, ctx, Event::FileCorrupted, object, data).await?;
        }
    }
    run.files += i64::try_from(judged.len()).unwrap_or_default();
    run.bytes += judged
        .iter()
        .map(|(file, _)| i64::try_from(file.size).unwrap_or_default())
        .sum::<i64>();
    run.problems = json!(problems);
    run.shard += i32::from(last.is_none());
    run.after = last.map(|last| last.to_vec());
    if !news.is_empty() && !run.told {
        let bad = (count(judged, "corrupted"), count(judged, "inaccessible"));
        notices::not_intact(app, &mut tx, ctx, run.id, bad).await?;
        run.told = true;
    }
    runs::save(&mut tx, &run).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok(())
}

fn count(judged: &[Judged], state: &str) -> u64 {
    let found = judged.iter().filter_map(|(_, problem)| problem.as_ref());
    found.filter(|one| one.kind.state() == Some(state)).count() as u64
}

fn problems(run: &Row) -> BTreeMap<String, u64> {
    serde_json::from_value(run.problems.clone()).unwrap_or_default()
}

async fn finish(app: &App, ctx: &Context, id: IntegrityRunId) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let Some(run) = runs::lock(&mut tx, id).await? else {
        return Ok(());
    };
    let event = if problems(&run).is_empty() {
        Event::IntegrityVerified
    } else {
        Event::IntegrityBroken
    };
    let ctx = Context {
        now: app.now(),
        ..ctx.clone()
    };
    end(&mut tx, &ctx, run, "done", event).await?;
    Ok(tx.commit().await?)
}

async fn fail(app: &App, ctx: &Context, id: IntegrityRunId, why: &str) -> Result<()> {
    let mut tx = app.db().begin().await?;
    if let Some(mut run) = runs::lock(&mut tx, id).await? {
        tracing::error!(error = why, "the check of everything stored has failed");
        run.error = Some(why.to_owned());
        end(&mut tx, ctx, run, "failed", Event::IntegrityCheckFailed).await?;
    }
    Ok(tx.commit().await?)
}

async fn end(tx: &mut Tx, ctx: &Context, mut run: Row, state: &str, event: Event) -> Result<()> {
    let data = json!({
        "deep": run.deep,
        "files": run.files,
        "bytes": run.bytes,
        "problems": run.problems,
        "error": run.error,
    });
    state.clone_into(&mut run.state);
    run.ended_at = Some(ctx.now);
    runs::save(tx, &run).await?;
    audit::record(tx, ctx, event, None, data).await
}
