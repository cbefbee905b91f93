//! What the runner counts. The label `job` is a registered name, or `unknown`.

use std::time::Duration;

pub(crate) const UNKNOWN: &str = "unknown";

pub(crate) fn started(job: &'static str) {
    metrics::counter!("sofie_jobs_started_total", "job" => job).increment(1);
}

/// `outcome`: finished, failed (will be tried again), dead, released, lost.
pub(crate) fn ended(job: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!("sofie_jobs_ended_total", "job" => job, "outcome" => outcome).increment(1);
    metrics::histogram!("sofie_job_run_seconds", "job" => job).record(took.as_secs_f64());
}

pub(crate) fn running(queue: &str, change: f64) {
    metrics::gauge!("sofie_jobs_running", "queue" => queue.to_owned()).increment(change);
}
