//! A process: a runner, what its jobs do, and what tells Kafka of rows that are due.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Dice;
use super::line::{Ledger, Line};
use crate::{Done, Job, JobError, Queue, Registry, Run, Runner, Settings, Waker};

/// What a job does after a while of work.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Deed {
    /// Something that does no harm when it is done again.
    Harmless,
    /// Something that is done in one transaction with the end of its row.
    Once,
    /// It fails a few times before.
    AtLast { failures: u32 },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sound {
    pub(super) deed: Deed,
    pub(super) seconds: u64,
}

/// A job that can't succeed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Poison {
    /// It fails so often that it is given up, instead of saying at once that it can't succeed.
    pub(super) stubborn: bool,
}

/// What jobs have done, by their rows.
pub(super) type Deeds = Arc<Mutex<HashMap<Uuid, u32>>>;

#[derive(Debug)]
pub(super) struct Place {
    line: Arc<Line>,
    deeds: Deeds,
}

impl Place {
    fn note(&self, id: Uuid) {
        *self.deeds.lock().expect("no panic").entry(id).or_default() += 1;
    }
}

impl Job for Sound {
    const NAME: &'static str = "sound";
    const QUEUE: &'static str = "stage";
    // More than can be lost to all that goes wrong.
    const MAX_ATTEMPTS: u32 = 1000;
    const TIMEOUT: Duration = Duration::from_mins(5);
    const LONGEST_WAIT: Duration = Duration::from_secs(40);
    type Context = Place;

    async fn run(&self, place: &Place, run: &Run) -> Result<Done, JobError> {
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        place.line.alive().await;
        match self.deed {
            Deed::AtLast { failures } if run.attempt <= failures => Err(JobError::retry("not yet")),
            Deed::Harmless | Deed::AtLast { .. } => {
                place.note(run.id);
                Ok(Done::Complete)
            }
            Deed::Once => {
                let finished = place.line.finish_with(run.claim, || place.note(run.id));
                match finished.await {
                    Ok(true) => Ok(Done::AlreadyFinished),
                    Ok(false) => Err(JobError::retry("too late")),
                    Err(error) => Err(JobError::retry(error)),
                }
            }
        }
    }
}

impl Job for Poison {
    const NAME: &'static str = "poison";
    const QUEUE: &'static str = "stage";
    const MAX_ATTEMPTS: u32 = 4;
    const TIMEOUT: Duration = Duration::from_mins(1);
    type Context = Place;

    async fn run(&self, _: &Place, _: &Run) -> Result<Done, JobError> {
        if self.stubborn {
            return Err(JobError::retry("never"));
        }
        Err(JobError::fail("never"))
    }
}

/// A worker process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) line: Arc<Line>,
    pub(super) waker: Waker,
    stop: CancellationToken,
    runner: JoinHandle<()>,
}

impl Process {
    pub(super) fn start(ledger: &Arc<Ledger>, deeds: &Deeds, mut dice: Dice) -> Self {
        let waker = Waker::default();
        waker.trust(dice.once_in(2));
        let queues = vec![Queue {
            name: Sound::QUEUE,
            concurrency: 1 + dice.place(4),
            newcomers: dice.place(2),
        }];
        let settings = Settings::new(format!("worker-{}", dice.below(1000)), queues);
        let line = Arc::new(Line::new(ledger, dice));
        let place = Place {
            line: Arc::clone(&line),
            deeds: Arc::clone(deeds),
        };
        let registry = Registry::new().with::<Sound>().with::<Poison>();
        let runner = Runner::new(
            Arc::clone(&line) as _,
            registry,
            Arc::new(place),
            waker.clone(),
            settings,
        );
        let stop = CancellationToken::new();
        let runner = tokio::spawn(runner.run(stop.clone()));
        Self {
            line,
            waker,
            stop,
            runner,
        }
    }

    /// Ends in the middle of whatever it does.
    pub(super) fn kill(self) {
        self.line.die();
        self.runner.abort();
    }

    /// Ends as it should: what runs is finished or handed back.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.runner.await.expect("a runner does not panic");
    }
}
