//! Takes back what is listed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::PackageId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{App, checks};

/// Takes back the delivered files of a package whose hashes are listed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RecallListed {
    /// The package.
    pub package_id: PackageId,
}

impl Job for RecallListed {
    const NAME: &'static str = "recall_listed";
    // Not behind packages that are read again: it is over in a moment.
    const QUEUE: &'static str = queues::MAINTENANCE;
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_mins(10);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        checks::recall_listed(app, run, self.package_id).await
    }
}
