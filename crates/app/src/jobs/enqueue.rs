//! Asking for a job.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sofie_domain::JobId;
use sofie_queue::{Envelope, Job};
use sofie_store::{Tx, jobs::NewJob};

use crate::{App, Context, Error, Result};

/// Writes a job into the transaction of the change that asks for it; it may run from `run_at` on, as seen
/// from `ctx.now`.
///
/// If a job of the same type and `dedupe_key` waits already, that one stands for both. After the commit ring
/// the queue's bell: `app.parts().waker.wake(J::QUEUE)`.
pub async fn enqueue<J: Job<Context = App>>(
    tx: &mut Tx,
    ctx: &Context,
    job: &J,
    dedupe_key: Option<String>,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let envelope = Envelope::new(job).map_err(Error::internal)?;
    let new = NewJob {
        id: JobId::fresh(),
        name: envelope.name,
        queue: envelope.queue,
        payload: envelope.payload,
        dedupe_key,
        delay: (run_at - ctx.now).to_std().unwrap_or(Duration::ZERO),
        request_id: ctx.request_id.clone(),
    };
    Ok(sofie_store::jobs::insert(tx, &new).await?)
}
