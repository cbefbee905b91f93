//! Batches on their way to the disk: one blocking thread at a time writes them in order.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, task::spawn_blocking};

use super::{Upload, batcher::Batch};
use crate::Error;

/// Waking a thread costs as much as writing a batch, so a writer that lags finds several at once.
const DEPTH: usize = 4;

/// What one appender has sealed and the disk has not taken yet.
///
/// The writer drains it without being asked again, so a sender who stalls leaves no buffer here.
pub(super) struct WriteQueue {
    state: Mutex<State>,
    /// Told when there is room again, and when the writer has stopped.
    moved: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Batch, bool)>,
    is_running: bool,
    error: Option<Error>,
}

impl WriteQueue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            moved: Notify::new(),
        })
    }

    /// Hands over a batch, for `Tail` if `is_piece`. Never waits: see [`WriteQueue::wait_for_room`].
    pub(super) fn push(self: &Arc<Self>, upload: &Arc<Upload>, batch: Batch, is_piece: bool) {
        let mut state = self.lock();
        state.waiting.push_back((batch, is_piece));
        if state.is_running {
            return;
        }
        state.is_running = true;
        drop(state);
        let (queue, upload) = (Arc::clone(self), Arc::clone(upload));
        spawn_blocking(move || queue.drain(upload));
    }

    /// Waits until another batch may be pushed. Small batches, a sign of many uploads, don't pile up.
    pub(super) async fn wait_for_room(&self) -> Result<(), Error> {
        self.wait(|state| {
            let is_large = state.waiting.iter().all(|(batch, _)| batch.buf.is_pooled());
            state.waiting.len() < if is_large { DEPTH } else { 1 }
        })
        .await
    }

    /// Waits until everything is written and no thread of ours touches the file.
    pub(super) async fn wait_until_idle(&self) -> Result<(), Error> {
        self.wait(|state| !state.is_running).await
    }

    /// Fails with the writer's error once; then the appender must not be used any more.
    async fn wait(&self, is_done: impl Fn(&State) -> bool) -> Result<(), Error> {
        loop {
            {
                let mut state = self.lock();
                if let Some(error) = state.error.take() {
                    return Err(error);
                }
                if is_done(&state) {
                    return Ok(());
                }
            }
            // A notice given before this line is kept for it.
            self.moved.notified().await;
        }
    }

    fn drain(&self, upload: Arc<Upload>) {
        let _stop = Stop(self);
        loop {
            let mut state = self.lock();
            let Some((batch, is_piece)) = state.waiting.pop_front() else {
                // Still locked: nobody can push between finding nothing and saying so. The upload is
                // let go first, so that whoever waits for us finds its lock free.
                drop(upload);
                state.is_running = false;
                return;
            };
            let has_room = state.waiting.len() <= DEPTH / 2;
            drop(state);
            if has_room {
                self.moved.notify_one();
            }
            if let Err(error) = upload.write(&batch, is_piece) {
                let mut state = self.lock();
                state.waiting.clear();
                state.error = Some(error);
                drop(upload);
                state.is_running = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the appender that the writer is gone, however it went.
struct Stop<'a>(&'a WriteQueue);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.moved.notify_one();
    }
}

impl fmt::Debug for WriteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteQueue")
    }
}
