//! Checks a package that was sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::PackageId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::App;

/// Checks every file of a package that has no verdict, then delivers the package or holds it back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CheckPackage {
    /// The package.
    pub package_id: PackageId,
}

impl CheckPackage {
    /// Returns the key under which only one check of the package waits.
    #[must_use]
    pub fn dedupe_key(&self) -> Option<String> {
        Some(self.package_id.to_string())
    }
}

impl Job for CheckPackage {
    const NAME: &'static str = "check_package";
    const QUEUE: &'static str = queues::CHECKS;
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_hours(2);
    type Context = App;

    async fn run(&self, _app: &App, _run: &Run) -> Result<Done, JobError> {
        Err(JobError::retry("the checks are not part of this build"))
    }
}
