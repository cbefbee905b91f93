//! Checks a package that was sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::PackageId;
use sofie_queue::{Done, Job, JobError, Run};

use super::queues;
use crate::{App, checks};

/// Checks the files of a package that have no verdict, then delivers the package or holds it back.
///
/// Waiting for an engine and giving others a turn end the job in favour of a new one; the attempts count only
/// what ended abruptly, and after the last of them the files are *unscannable*.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CheckPackage {
    /// The package.
    pub package_id: PackageId,
}

impl Job for CheckPackage {
    const NAME: &'static str = "check_package";
    const QUEUE: &'static str = queues::CHECKS;
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_hours(2);
    // Whoever sent it looks on.
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        sofie_killpoint::reach("K12");
        checks::run(app, run, self.package_id, false).await
    }
}

/// The same for packages whose small files are all checked and that have large ones.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CheckLargePackage {
    /// The package.
    pub package_id: PackageId,
}

impl Job for CheckLargePackage {
    const NAME: &'static str = "check_large_package";
    const QUEUE: &'static str = queues::CHECKS_LARGE;
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_hours(24);
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    type Context = App;

    async fn run(&self, app: &App, run: &Run) -> Result<Done, JobError> {
        checks::run(app, run, self.package_id, true).await
    }
}
