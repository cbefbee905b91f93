//! Looks again at a package that was delivered.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::PackageId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{App, checks};

/// Shows the files of a delivered package to the engines again, and takes back what they find now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RescanPackage {
    /// The package.
    pub package_id: PackageId,
}

impl Job for RescanPackage {
    const NAME: &'static str = "rescan_package";
    const QUEUE: &'static str = queues::RESCANS;
    // An engine that is away for longer than some minutes: the schedule asks again.
    const MAX_ATTEMPTS: u32 = 5;
    const TIMEOUT: Duration = Duration::from_hours(24);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        checks::rescan(app, run, self.package_id).await
    }
}
