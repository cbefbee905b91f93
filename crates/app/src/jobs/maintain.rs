//! Does one task of the schedule.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{
    App,
    schedule::{Task, run_task},
};

/// A task of the schedule, by its stored name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Maintain {
    /// The task.
    pub task: String,
}

impl Job for Maintain {
    const NAME: &'static str = "maintain";
    const QUEUE: &'static str = queues::MAINTENANCE;
    // Most begin when a worker starts: one that is killed a few times in a row has not failed for that.
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_mins(30);
    type Context = App;

    async fn run(&self, app: &App, _run: &Run) -> Result<Done, JobError> {
        // A task of another release is not ours to do.
        if let Some(task) = Task::from_name(&self.task) {
            run_task(app, task).await.map_err(JobError::retry)?;
        }
        Ok(Done::Complete)
    }
}
