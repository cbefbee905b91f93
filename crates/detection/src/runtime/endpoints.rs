//! The places at which the same engine can be reached.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::adapter::{Adapter, Failure, Reached};

/// How long an answer to the trivial question is good for. Versions in verdicts may lag by this much, which is
/// on the safe side: a verdict never claims newer signatures than it was made with.
const FRESH: Duration = Duration::from_secs(5);
/// How long an endpoint that failed is asked after the others.
const DOUBTED: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Endpoints {
    known: Vec<Mutex<Known>>,
    next: AtomicUsize,
    /// How many turns there are; what an engine tells may lower it.
    turns: Mutex<u16>,
}

#[derive(Debug, Default, Clone)]
struct Known {
    reached: Option<(Instant, Reached)>,
    failed: Option<Instant>,
}

impl Endpoints {
    pub(super) fn new(count: usize, turns: u16) -> Self {
        Self {
            known: (0..count).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
            turns: Mutex::new(turns.max(1)),
        }
    }

    /// Every endpoint once: in turn, those that failed lately last.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let count = self.known.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut order: Vec<usize> = (0..count).map(|turn| (first + turn) % count).collect();
        order.sort_by_key(|endpoint| self.doubted(*endpoint));
        order
    }

    /// Asks an endpoint whether it is there, unless it answered just now.
    pub(super) async fn reach(
        &self,
        endpoint: usize,
        adapter: &dyn Adapter,
    ) -> Result<Reached, Failure> {
        let known = self.get(endpoint);
        if let Some((at, reached)) = known.reached
            && at.elapsed() < FRESH
        {
            return Ok(reached);
        }
        match adapter.reach(endpoint).await {
            Ok(reached) => {
                let known = Known {
                    reached: Some((Instant::now(), reached.clone())),
                    failed: None,
                };
                self.set(endpoint, known);
                Ok(reached)
            }
            Err(failure) => {
                self.doubt(endpoint);
                Err(failure)
            }
        }
    }

    /// Remembers that an endpoint failed.
    pub(super) fn doubt(&self, endpoint: usize) {
        let known = Known {
            reached: None,
            failed: Some(Instant::now()),
        };
        self.set(endpoint, known);
    }

    /// Takes turns away when the engine says that it has fewer.
    pub(super) fn limit(&self, semaphore: &Semaphore, at_once: Option<u16>) {
        let Some(at_once) = at_once.map(|at_once| at_once.max(1)) else {
            return;
        };
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if at_once < *turns {
            let taken = semaphore.forget_permits(usize::from(*turns - at_once));
            *turns -= u16::try_from(taken).unwrap_or(0);
        }
    }

    /// How many turns there are.
    pub(super) fn turns(&self) -> u16 {
        *self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubted(&self, endpoint: usize) -> bool {
        let failed = self.get(endpoint).failed;
        failed.is_some_and(|at| at.elapsed() < DOUBTED)
    }

    fn get(&self, endpoint: usize) -> Known {
        let known = self.known[endpoint].lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, endpoint: usize, known: Known) {
        let mut place = self.known[endpoint]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *place = known;
    }
}
