//! The leader, and its ticks.

use std::time::Duration;

use sofie_store::schedule;
use tokio_util::sync::CancellationToken;

use super::Task;
use crate::{
    App, Context, Result,
    error::chain,
    jobs::{self, Maintain, queues},
};

const LEASE_NAME: &str = "scheduler";
/// How long a leader that died is waited for.
const LEASE: Duration = Duration::from_secs(30);
/// How often the leader looks at the clock.
const PAUSE: Duration = Duration::from_secs(5);

/// Turns time into jobs.
#[derive(Clone, Debug)]
pub struct Scheduler {
    app: App,
    holder: String,
}

impl Scheduler {
    /// Returns a scheduler; `holder` names this process and no other.
    #[must_use]
    pub fn new(app: App, holder: impl Into<String>) -> Self {
        Self {
            app,
            holder: holder.into(),
        }
    }

    /// Leads, or waits to lead, until `stop` fires.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = tick(&self.app, &self.holder).await {
                tracing::warn!(
                    error = chain(&error),
                    "the scheduler could not work; it goes on"
                );
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        if let Err(error) = self.resign().await {
            tracing::debug!(
                error = chain(&error),
                "the scheduler's lease runs out by itself"
            );
        }
    }

    async fn resign(&self) -> Result<()> {
        let mut tx = self.app.db().read().await?;
        Ok(schedule::resign(&mut tx, LEASE_NAME, &self.holder).await?)
    }
}

/// Asks for everything that is due, if `holder` leads; tells how many tasks that were.
pub async fn tick(app: &App, holder: &str) -> Result<usize> {
    let mut tx = app.db().begin().await?;
    if !schedule::lead(&mut tx, LEASE_NAME, holder, LEASE).await? {
        return Ok(0);
    }
    let ctx = Context::system(app.now());
    let last = schedule::last_ticks(&mut tx).await?;
    let due = Task::schedule().due(|name| last.get(name).copied(), ctx.now);
    let mut asked = 0;
    for (task, at) in due {
        // Whoever led before may have asked for it; the tick can be noted only once.
        if schedule::tick(&mut tx, task.name, at).await? {
            let job = Maintain {
                task: task.name.to_owned(),
            };
            jobs::enqueue(&mut tx, &ctx, &job, Some(job.task.clone()), ctx.now).await?;
            asked += 1;
        }
    }
    tx.commit().await?;
    if asked > 0 {
        app.parts().waker.wake(queues::MAINTENANCE);
    }
    Ok(asked)
}
