//! Counting what really went out.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::Chunk;
use crate::App;

/// Adds up the bytes of all streams that count on it, and writes the sum down when nobody does any more,
/// however they ended.
pub(super) struct Tally {
    pub(super) app: App,
    record: Uuid,
    used: AtomicBool,
    sent: AtomicU64,
}

impl Tally {
    pub(super) fn new(app: &App, record: Uuid) -> Arc<Self> {
        Arc::new(Self {
            app: app.clone(),
            record,
            used: AtomicBool::new(false),
            sent: AtomicU64::new(0),
        })
    }

    /// Counts a stream; without a tally nobody wants to know.
    pub(super) fn count<S>(tally: Option<Arc<Self>>, inner: S) -> Counted<S> {
        if let Some(tally) = &tally {
            tally.used.store(true, Ordering::Relaxed);
        }
        Counted { inner, tally }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !*self.used.get_mut() {
            return;
        }
        let (app, id, sent) = (self.app.clone(), self.record, *self.sent.get_mut());
        metrics::counter!("sofie_delivered_bytes_total").increment(sent);
        let note = async move {
            let now = app.now();
            let written = async {
                let mut tx = app.db().read().await?;
                sofie_store::downloads::add_sent(&mut tx, id, sent, now).await
            };
            if let Err(error) = written.await {
                tracing::warn!(download.id = %id, %error, "could not write down how much of a download went out");
            }
        };
        self.app.parts().permits.notes.spawn_on(note, &runtime);
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tally({})", self.record)
    }
}

/// A stream that is counted.
pub(super) struct Counted<S> {
    inner: S,
    tally: Option<Arc<Tally>>,
}

impl<S: Stream<Item = Chunk> + Unpin> Stream for Counted<S> {
    type Item = Chunk;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Chunk>> {
        let polled = self.inner.poll_next_unpin(task);
        if let (Poll::Ready(Some(Ok(bytes))), Some(tally)) = (&polled, &self.tally) {
            tally.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        polled
    }
}
