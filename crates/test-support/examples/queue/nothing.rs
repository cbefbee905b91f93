//! A job that does nothing but tell that it began.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sofie_app::jobs::queues;
use sofie_queue::{Done, Job, JobError, Run};
use tokio::sync::mpsc::UnboundedSender;

/// The job.
#[derive(Debug, Serialize, Deserialize)]
pub struct Nothing {
    pub number: usize,
}

/// Who hears when a job began.
#[derive(Debug)]
pub struct Bells(pub UnboundedSender<Instant>);

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    const QUEUE: &'static str = queues::CHECKS;
    const MAX_ATTEMPTS: u32 = 3;
    const TIMEOUT: Duration = Duration::from_mins(1);
    type Context = Bells;

    async fn run(&self, bells: &Bells, _: &Run) -> Result<Done, JobError> {
        // Nobody listens any more when the measurement is over.
        let _ = bells.0.send(Instant::now());
        Ok(Done::Complete)
    }
}
