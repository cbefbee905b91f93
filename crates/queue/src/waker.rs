//! The bell: tells a runner in the same process that a queue has something.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// How many rows are remembered by name; when more are called, everything due is looked for instead.
const NAMED: usize = 256;

/// A cloneable bell. Ringing is never needed for correctness: without it a runner sees new rows at its next poll.
///
/// Ring only after the transaction that wrote the row is committed.
#[derive(Debug, Clone, Default)]
pub struct Waker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    bells: Mutex<HashMap<String, Arc<Bell>>>,
    /// Rings with every bell that is rung for a new row, whether this process works on its queue or not.
    enqueued: Notify,
    trusted: AtomicBool,
}

impl Waker {
    /// Wakes the runner of `queue`, if this process has one; a ring while it is busy is remembered once.
    pub fn wake(&self, queue: &str) {
        if let Some(bell) = self.bells().get(queue) {
            bell.ring();
        }
        self.shared.enqueued.notify_one();
    }

    /// Wakes every runner of this process.
    pub fn wake_all(&self) {
        for bell in self.bells().values() {
            bell.ring();
        }
        self.shared.enqueued.notify_one();
    }

    /// Tells the runner of `queue` which row is due; whether it has a runner here.
    ///
    /// A runner with a free place claims that row; a busy one looks for whatever is due when it has a place again.
    pub fn call(&self, queue: &str, id: Uuid) -> bool {
        let bell = self.bells().get(queue).map(Arc::clone);
        bell.as_ref().inspect(|bell| bell.call(id)).is_some()
    }

    /// Says whether somebody rings for every row that is due. While so, runners look by themselves only every
    /// [`Settings::sweep`](crate::Settings::sweep).
    pub fn trust(&self, trusted: bool) {
        let before = self.shared.trusted.swap(trusted, Ordering::Relaxed);
        if before && !trusted {
            // Whoever has just begun a long wait begins a short one instead.
            self.bells().values().for_each(|bell| bell.ring());
        }
    }

    pub(crate) fn is_trusted(&self) -> bool {
        self.shared.trusted.load(Ordering::Relaxed)
    }

    /// Waits until a row was enqueued by this process.
    pub(crate) async fn enqueued(&self) {
        self.shared.enqueued.notified().await;
    }

    /// Returns the bell to wait at.
    pub(crate) fn bell(&self, queue: &str) -> Arc<Bell> {
        Arc::clone(self.bells().entry(queue.to_owned()).or_default())
    }

    fn bells(&self) -> MutexGuard<'_, HashMap<String, Arc<Bell>>> {
        let bells = self.shared.bells.lock();
        bells.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bell of one queue.
#[derive(Debug)]
pub(crate) struct Bell {
    rung: Notify,
    call: Mutex<Call>,
}

/// What a bell calls for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// These rows, as far as is known.
    Named(Vec<Uuid>),
    /// Whatever is due.
    Anything,
}

impl Default for Bell {
    /// A bell that nobody has rung: whoever begins to wait at it has just looked.
    fn default() -> Self {
        Self {
            rung: Notify::new(),
            call: Mutex::new(Call::Named(Vec::new())),
        }
    }
}

impl Bell {
    fn ring(&self) {
        *self.pending() = Call::Anything;
        self.rung.notify_one();
    }

    fn call(&self, id: Uuid) {
        let mut call = self.pending();
        match &mut *call {
            Call::Named(ids) if ids.len() < NAMED => ids.push(id),
            Call::Named(_) => *call = Call::Anything,
            Call::Anything => {}
        }
        drop(call);
        self.rung.notify_one();
    }

    /// Waits for a ring and returns what it was for.
    pub(crate) async fn rung(&self) -> Call {
        self.rung.notified().await;
        std::mem::replace(&mut *self.pending(), Call::Named(Vec::new()))
    }

    fn pending(&self) -> MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    #[tokio::test]
    async fn a_call_names_rows_until_there_are_too_many() {
        let waker = Waker::default();
        assert!(!waker.call("stage", id(0)), "nobody works on it here");
        let bell = waker.bell("stage");
        waker.wake("stage");
        assert_eq!(bell.rung().await, Call::Anything);
        assert!(waker.call("stage", id(1)) && waker.call("stage", id(2)));
        assert_eq!(bell.rung().await, Call::Named(vec![id(1), id(2)]));
        waker.call("stage", id(3));
        waker.wake("stage");
        waker.call("stage", id(4));
        assert_eq!(bell.rung().await, Call::Anything);
        for number in 0..=NAMED {
            waker.call("stage", id(number));
        }
        assert_eq!(bell.rung().await, Call::Anything);
    }

    #[tokio::test]
    async fn lost_trust_rings() {
        let waker = Waker::default();
        let bell = waker.bell("stage");
        waker.trust(true);
        assert!(waker.is_trusted());
        waker.trust(false);
        assert_eq!(bell.rung().await, Call::Anything);
    }
}
