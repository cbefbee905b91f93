//! Asking for a job.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sofie_domain::{JobId, PackageId};
use sofie_queue::{Envelope, Job};
use sofie_store::{Tx, jobs::NewJob, packages};

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
    write(tx, ctx, envelope, dedupe_key, run_at).await
}

/// The same for a package, as its sender's work: parties take turns.
pub async fn enqueue_for_package<J: Job<Context = App>>(
    tx: &mut Tx,
    ctx: &Context,
    job: &J,
    id: PackageId,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let party = packages::party(tx, id).await?;
    let envelope = Envelope::new(job).map_err(Error::internal)?.of(party);
    write(tx, ctx, envelope, Some(id.to_string()), run_at).await
}

async fn write(
    tx: &mut Tx,
    ctx: &Context,
    envelope: Envelope,
    dedupe_key: Option<String>,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let new = NewJob {
        id: JobId::fresh(),
        name: envelope.name,
        queue: envelope.queue,
        payload: envelope.payload,
        dedupe_key,
        delay: (run_at - ctx.now).to_std().unwrap_or(Duration::ZERO),
        request_id: ctx.request_id.clone(),
        party: envelope.party,
    };
    Ok(sofie_store::jobs::insert(tx, &new).await?)
}
