//! Asks engines that were not waited for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::PackageId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{App, checks};

/// Asks the engines that had not answered when a package was delivered, and takes back what they find dangerous.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct HearLate {
    /// The package.
    pub package_id: PackageId,
}

impl Job for HearLate {
    const NAME: &'static str = "hear_late";
    // Not behind packages that are read again: it is over in a moment.
    const QUEUE: &'static str = queues::MAINTENANCE;
    // A sandbox that needs more than some hours has lost the file.
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_mins(10);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        checks::hear_late(app, run, self.package_id).await
    }
}
