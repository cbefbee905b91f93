//! The leader, and its ticks.

use std::{sync::Arc, time::Duration};

use sofie_domain::Clock;
use sofie_queue::Waker;
use sofie_store::{Database, schedule};
use tokio_util::sync::CancellationToken;

use super::Task;
use crate::{
    App, Context, Result,
    error::chain,
    jobs::{self, Maintain, queues},
};

const LEASE_NAME: &str = "scheduler";
/// How long a leader that died is waited for.
const LEASE: Duration = Duration::from_secs(12);
/// How often the leader looks at the clock, and the others whether there is one: together 15 s until another leads (P14).
const PAUSE: Duration = Duration::from_secs(3);

/// Turns time into jobs. It needs nothing else of an installation: no key and no file.
#[derive(Clone, Debug)]
pub struct Scheduler {
    db: Database,
    clock: Arc<dyn Clock>,
    waker: Waker,
    holder: String,
}

impl Scheduler {
    /// Returns a scheduler; `holder` names this process and no other.
    #[must_use]
    pub fn new(db: Database, clock: Arc<dyn Clock>, holder: impl Into<String>) -> Self {
        Self {
            db,
            clock,
            waker: Waker::default(),
            holder: holder.into(),
        }
    }

    /// Returns a scheduler that wakes the jobs of an app in the same process.
    #[must_use]
    pub fn beside(app: &App, holder: impl Into<String>) -> Self {
        Self {
            waker: app.parts().waker.clone(),
            ..Self::new(app.db().clone(), Arc::clone(&app.parts().clock), holder)
        }
    }

    /// Leads, or waits to lead, until `stop` fires.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.tick().await {
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
        let mut tx = self.db.read().await?;
        Ok(schedule::resign(&mut tx, LEASE_NAME, &self.holder).await?)
    }

    /// Asks for everything that is due, if it leads; tells how many tasks that were.
    pub async fn tick(&self) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        if !schedule::lead(&mut tx, LEASE_NAME, &self.holder, LEASE).await? {
            return Ok(0);
        }
        let ctx = Context::system(self.clock.now());
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
            self.waker.wake(queues::MAINTENANCE);
        }
        Ok(asked)
    }
}
