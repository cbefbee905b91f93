//! Checks whether everything stored is intact.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::IntegrityRunId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{App, integrity};

/// Goes on with a check of everything stored.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CheckIntegrity {
    /// The check.
    pub run_id: IntegrityRunId,
}

impl Job for CheckIntegrity {
    const NAME: &'static str = "check_integrity";
    const QUEUE: &'static str = queues::INTEGRITY;
    const MAX_ATTEMPTS: u32 = 8;
    // One file is read in one go, however large it is and however slowly it may be read.
    const TIMEOUT: Duration = Duration::from_hours(24);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        let done = integrity::go_on(app, run, self.run_id).await;
        done.map(|()| Done::Complete).map_err(JobError::retry)
    }
}
