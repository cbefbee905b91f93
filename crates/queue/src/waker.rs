//! The bell: tells a runner in the same process that a queue has something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// A cloneable bell. Ringing is never needed for correctness: without it a runner sees new rows at its next poll.
///
/// Ring only after the transaction that wrote the row is committed.
#[derive(Debug, Clone, Default)]
pub struct Waker {
    bells: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl Waker {
    /// Wakes the runner of `queue`, if this process has one; a ring while it is busy is remembered once.
    pub fn wake(&self, queue: &str) {
        if let Some(bell) = self.bells().get(queue) {
            bell.notify_one();
        }
    }

    /// Wakes every runner of this process.
    pub fn wake_all(&self) {
        for bell in self.bells().values() {
            bell.notify_one();
        }
    }

    /// Returns the bell to wait at.
    pub(crate) fn bell(&self, queue: &str) -> Arc<Notify> {
        Arc::clone(self.bells().entry(queue.to_owned()).or_default())
    }

    fn bells(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
