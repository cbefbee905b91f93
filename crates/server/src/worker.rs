//! The jobs of this process.

use std::sync::Arc;

use sofie_app::App;
use sofie_app::jobs::{CheckLargePackage, CheckPackage, DatabaseJobs, DeliverMail, queues};
use sofie_queue::{Queue, Registry, Runner, Settings};

use crate::config::Worker;

/// Every job that this release can run.
fn registry() -> Registry<App> {
    Registry::new()
        .with::<CheckPackage>()
        .with::<CheckLargePackage>()
        .with::<DeliverMail>()
}

/// What claims and runs jobs.
pub fn runner(app: &App, config: &Worker) -> Runner<App> {
    let settings = Settings::new(
        name(),
        vec![
            Queue {
                name: queues::CHECKS,
                concurrency: config.checks,
            },
            Queue {
                name: queues::CHECKS_LARGE,
                concurrency: config.large_checks,
            },
            Queue {
                name: queues::MAIL,
                concurrency: config.mails,
            },
            Queue {
                name: queues::MAINTENANCE,
                concurrency: config.maintenance,
            },
        ],
    );
    let store = Arc::new(DatabaseJobs::new(app.clone()));
    Runner::new(
        store,
        registry(),
        Arc::new(app.clone()),
        app.parts().waker.clone(),
        settings,
    )
}

/// Names this process in the rows it claims.
pub fn name() -> String {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    format!("{host}/{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_of_a_job_is_worked_on() {
        let queues = [
            queues::CHECKS,
            queues::CHECKS_LARGE,
            queues::MAIL,
            queues::MAINTENANCE,
        ];
        for (job, queue) in registry().names() {
            assert!(queues.contains(&queue), "{job} waits in {queue}");
        }
    }
}
