//! The runner of a process.

use std::{sync::Arc, time::Duration};

use sofie_queue::{Queue, Registry, Runner, Settings};

use super::{
    CheckIntegrity, CheckLargePackage, CheckPackage, DatabaseJobs, DeliverMail, HearLate,
    MailResetLink, Maintain, RecallListed, RescanPackage, queues,
};
use crate::App;

/// How long a worker may be silent before its jobs are given to others.
const LEASE: Duration = Duration::from_secs(30);

/// How many jobs of each queue a process runs at once; 0 leaves a queue to other processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Names this process in the rows it claims, for people.
    pub name: String,
    /// Packages being checked; each checks two files at once.
    pub checks: usize,
    /// The same for packages with large files.
    pub checks_large: usize,
    /// Mails on their way.
    pub mail: usize,
    /// Tasks of the schedule.
    pub maintenance: usize,
}

impl Workers {
    /// Returns what is right for a small installation.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            checks: 2,
            checks_large: 1,
            mail: 2,
            maintenance: 2,
        }
    }

    /// Returns how many files are looked into at once.
    #[must_use]
    pub fn files_at_once(&self) -> usize {
        let packages = self.checks + self.newcomers() + self.checks_large;
        2 * packages + self.rescans()
    }

    /// One more package, of a sender none of whose packages is being checked.
    fn newcomers(&self) -> usize {
        self.checks.min(1)
    }

    /// One at a time, by whoever checks at all: nobody waits for it.
    fn rescans(&self) -> usize {
        self.checks.min(1)
    }

    /// Returns the queues that the process works on.
    #[must_use]
    pub fn queues(&self) -> Vec<&'static str> {
        let settings = self.settings();
        let worked = settings.queues.iter().filter(|queue| queue.concurrency > 0);
        worked.map(|queue| queue.name).collect()
    }

    fn settings(&self) -> Settings {
        let queue = |name, concurrency| Queue {
            name,
            concurrency,
            newcomers: 0,
        };
        let queues = vec![
            Queue {
                newcomers: self.newcomers(),
                ..queue(queues::CHECKS, self.checks)
            },
            queue(queues::CHECKS_LARGE, self.checks_large),
            queue(queues::RESCANS, self.rescans()),
            queue(queues::MAIL, self.mail),
            queue(queues::MAINTENANCE, self.maintenance),
            // One at a time, by whoever maintains at all.
            queue(queues::INTEGRITY, self.maintenance.min(1)),
        ];
        let mut settings = Settings::new(self.name.clone(), queues);
        settings.lease = LEASE;
        settings
    }
}

/// Returns the jobs that this version knows.
fn registry() -> Registry<App> {
    Registry::new()
        .with::<CheckPackage>()
        .with::<CheckLargePackage>()
        .with::<DeliverMail>()
        .with::<MailResetLink>()
        .with::<Maintain>()
        .with::<RescanPackage>()
        .with::<RecallListed>()
        .with::<HearLate>()
        .with::<CheckIntegrity>()
}

/// Returns the runner of a process; nothing happens before it is run.
#[must_use]
pub fn runner(app: &App, workers: &Workers) -> Runner<App> {
    // Not waited for: what engines said of the same content counts once the inspector is known.
    let own = app.clone();
    app.parts().tasks.spawn(async move {
        if let Err(error) = own.parts().engines.inspector().identify().await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the inspector's program could not be read");
        }
    });
    build(app, workers.settings())
}

fn build(app: &App, settings: Settings) -> Runner<App> {
    let store = Arc::new(DatabaseJobs::new(app.clone()));
    let waker = app.parts().waker.clone();
    Runner::new(store, registry(), Arc::new(app.clone()), waker, settings)
}

/// Runs jobs until none is due or running; for tests.
///
/// Jobs that wait for a later time are left; [`pass`] lets time pass for them.
#[cfg(feature = "test-util")]
pub async fn drain(app: &App) -> crate::Result<()> {
    let mut settings = Workers::new("drain").settings();
    settings.poll = Duration::from_millis(20);
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(build(app, settings).run(stop.clone()));
    loop {
        let busy = sofie_store::jobs::busy(&mut app.db().read().await?).await?;
        if busy == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    running.await.map_err(crate::Error::internal)
}

/// Lets time pass for the rows of jobs; for tests.
#[cfg(feature = "test-util")]
pub async fn pass(app: &App, time: Duration) -> crate::Result<()> {
    Ok(sofie_store::jobs::pass(&mut app.db().read().await?, time).await?)
}

/// Forgets the jobs of a name; for tests.
#[cfg(feature = "test-util")]
pub async fn forget(app: &App, name: &str) -> crate::Result<()> {
    Ok(sofie_store::jobs::forget(&mut app.db().read().await?, name).await?)
}
