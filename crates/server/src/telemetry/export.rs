//! Posts spans to the collector. Whatever the collector does, nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sofie_client::Poster;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::otlp;
use super::span::Span;

/// So many spans wait at most, some hundred bytes each.
const ROOM: usize = 4096;
/// So many are posted at once.
const BATCH: usize = 512;
/// A batch is collected for so long.
const PAUSE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);
/// The last batch holds the end of the process up for so long at most.
const LAST: Duration = Duration::from_secs(2);

/// Where spans go, and who brings them there.
#[derive(Debug)]
pub struct Exporter {
    url: String,
    spans: Receiver<Span>,
    lost: Arc<AtomicU64>,
    away: bool,
}

impl Exporter {
    /// Makes the queue to an address, and what empties it.
    pub fn new(url: String) -> (Sender<Span>, Arc<AtomicU64>, Self) {
        let (queue, spans) = channel(ROOM);
        let lost = Arc::<AtomicU64>::default();
        let exporter = Self {
            url,
            spans,
            lost: Arc::clone(&lost),
            away: false,
        };
        (queue, lost, exporter)
    }

    /// Posts batches until `stop` fires, and then what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let poster = match Poster::new(PATIENCE, false) {
            Ok(poster) => poster,
            Err(error) => {
                tracing::warn!(error = %error, "traces can't be exported");
                return;
            }
        };
        let mut batch = Vec::new();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(PAUSE) => {}
                () = self.fill(&mut batch) => {}
            }
            if !stop.is_cancelled() {
                self.post(&poster, &mut batch).await;
            }
        }
        while let Ok(span) = self.spans.try_recv() {
            batch.push(span);
        }
        let _ = timeout(LAST, self.post(&poster, &mut batch)).await;
    }

    /// Fills a batch up; never done before it is full.
    async fn fill(&mut self, batch: &mut Vec<Span>) {
        while batch.len() < BATCH {
            match self.spans.recv().await {
                Some(span) => batch.push(span),
                None => std::future::pending().await,
            }
        }
    }

    async fn post(&mut self, poster: &Poster, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            return;
        }
        let body = otlp::request(batch);
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        batch.clear();
        match poster.post(&self.url, &body).await {
            Ok(_) if self.away => {
                self.away = false;
                let lost = self.lost.swap(0, Ordering::Relaxed);
                tracing::info!(spans.lost = lost, "the collector of traces is back");
            }
            Ok(_) => {}
            Err(error) => {
                self.lost.fetch_add(count, Ordering::Relaxed);
                // Said once, not with every batch.
                if !self.away {
                    self.away = true;
                    tracing::warn!(error = %error, "the collector of traces does not answer; traces are lost, nothing else");
                }
            }
        }
    }
}
