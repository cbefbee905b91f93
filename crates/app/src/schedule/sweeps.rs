//! Finding what was forgotten, and forgetting what is not needed.

use std::time::Duration;

use chrono::TimeDelta;
use sofie_queue::Job;
use sofie_store::{
    jobs as rows, rate_limits, schedule, secret_links, sessions, verdicts, visitors,
};

use crate::{
    App, Context, Result,
    jobs::{self, CheckLargePackage, CheckPackage, queues},
};

const BATCH: i64 = 500;
/// How long finished jobs are kept for people.
const JOBS_KEPT: Duration = Duration::from_hours(24);

/// Asks for the checks of packages that wait for a verdict while no job works on them: their job was buried,
/// or never written.
pub(super) async fn resume_checks(app: &App, ctx: &Context) -> Result<()> {
    let names = [CheckPackage::NAME, CheckLargePackage::NAME];
    let mut tx = app.db().begin().await?;
    let forgotten = verdicts::forgotten(&mut tx, &names, BATCH).await?;
    for package_id in &forgotten {
        tracing::warn!(package.id = %package_id, "nobody checked a package; asking for it again");
        let job = CheckPackage {
            package_id: *package_id,
        };
        jobs::enqueue_for_package(&mut tx, ctx, &job, *package_id, ctx.now).await?;
    }
    tx.commit().await?;
    if !forgotten.is_empty() {
        app.parts().waker.wake(queues::CHECKS);
    }
    Ok(())
}

/// Removes rows that nobody needs any more.
pub(super) async fn clean_up(app: &App, ctx: &Context) -> Result<()> {
    let week_ago = ctx.now - TimeDelta::days(7);
    let mut tx = app.db().read().await?;
    sessions::clean_up(&mut tx, ctx.now).await?;
    visitors::clean_up(&mut tx, ctx.now).await?;
    rate_limits::clean_up(&mut tx, ctx.now - TimeDelta::days(1)).await?;
    secret_links::clean_up(&mut tx, week_ago).await?;
    schedule::forget_ticks(&mut tx, ctx.now - TimeDelta::days(2)).await?;
    rows::clean_up(&mut tx, JOBS_KEPT).await?;
    Ok(())
}
