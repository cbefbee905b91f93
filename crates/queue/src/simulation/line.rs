//! The way of one process to the store, and the model that every step is held against.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::Dice;
use crate::MemoryJobs;
use crate::store::{Claim, Claimed, JobStore, Notice, StoreError};

/// How often a statement fails while things go wrong: once in so many, before it took effect and after it.
const BREAKS: u64 = 25;

/// What is known of a row.
#[derive(Debug, Default)]
struct Known {
    attempt: u32,
    /// Until when its lease lasts, while it runs.
    until: Option<Instant>,
    closed: bool,
}

/// The rows, and what must be true of them.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) jobs: MemoryJobs,
    known: Mutex<HashMap<Uuid, Known>>,
    /// How often something went wrong.
    pub(super) faults: AtomicU64,
}

impl Ledger {
    pub(super) fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claimed(&self, rows: &[Claimed], lease: Duration) {
        let now = Instant::now();
        let mut known = self.known();
        for row in rows {
            let model = known.entry(row.id).or_default();
            assert!(!model.closed, "a row was claimed that had come to its end");
            let free = model.until.is_none_or(|until| until <= now);
            assert!(free, "a row was claimed while its lease lasted");
            assert_eq!(row.attempt, model.attempt + 1, "the fence grows by one");
            model.attempt = row.attempt;
            model.until = Some(now + lease);
        }
    }

    /// Holds a write of a result against the model, which says whether it may take effect.
    fn wrote(&self, claim: Claim, took_effect: bool, change: impl FnOnce(&mut Known)) {
        let mut known = self.known();
        let model = known.get_mut(&claim.id).expect("it was claimed once");
        let holds = !model.closed && model.until.is_some() && model.attempt == claim.attempt;
        assert_eq!(took_effect, holds, "the fence: {claim:?} against {model:?}");
        if took_effect {
            change(model);
        }
    }
}

/// How a process is.
#[derive(Debug, Clone, Copy)]
enum Health {
    Well,
    FrozenUntil(Instant),
    Dead,
}

/// The way of one process to the store.
#[derive(Debug)]
pub(super) struct Line {
    ledger: Arc<Ledger>,
    dice: Mutex<Dice>,
    health: Mutex<Health>,
    breaks: AtomicBool,
}

impl Line {
    pub(super) fn new(ledger: &Arc<Ledger>, dice: Dice) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            dice: Mutex::new(dice),
            health: Mutex::new(Health::Well),
            breaks: AtomicBool::new(true),
        }
    }

    /// From now on the process does nothing any more.
    pub(super) fn die(&self) {
        *self.health.lock().expect("no panic") = Health::Dead;
    }

    /// For a while the process does nothing.
    pub(super) fn freeze(&self, time: Duration) {
        *self.health.lock().expect("no panic") = Health::FrozenUntil(Instant::now() + time);
    }

    /// From now on nothing goes wrong here.
    pub(super) fn mend(&self) {
        self.breaks.store(false, Ordering::Relaxed);
    }

    /// Waits until the process can do something; forever, when it is dead.
    pub(super) async fn alive(&self) {
        loop {
            let health = *self.health.lock().expect("no panic");
            match health {
                Health::Well => return,
                Health::FrozenUntil(until) if until <= Instant::now() => return,
                Health::FrozenUntil(until) => sleep_until(until).await,
                Health::Dead => std::future::pending().await,
            }
        }
    }

    /// Finishes a row and does `deed`, both or neither.
    pub(super) async fn finish_with(
        &self,
        claim: Claim,
        deed: impl FnOnce(),
    ) -> Result<bool, StoreError> {
        let note = |ledger: &Ledger, done: &bool| {
            ledger.wrote(claim, *done, |model| {
                model.closed = true;
                deed();
            });
        };
        self.ask(self.ledger.jobs.finish(claim), note).await
    }

    fn breaks(&self) -> Result<(), StoreError> {
        let broken = self.breaks.load(Ordering::Relaxed)
            && self.dice.lock().expect("no panic").once_in(BREAKS);
        if broken {
            self.ledger.fault();
            return Err(StoreError::new("the line is broken"));
        }
        Ok(())
    }

    /// Runs a statement, which may fail before it took effect, and after.
    async fn ask<T>(
        &self,
        statement: impl Future<Output = Result<T, StoreError>>,
        note: impl FnOnce(&Ledger, &T),
    ) -> Result<T, StoreError> {
        self.alive().await;
        self.breaks()?;
        let answer = statement.await?;
        note(&self.ledger, &answer);
        self.breaks()?;
        Ok(answer)
    }
}

#[async_trait]
impl JobStore for Line {
    async fn claim(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let claimed = self.ledger.jobs.claim(queue, worker, lease, limit);
        let note = |ledger: &Ledger, rows: &Vec<Claimed>| ledger.claimed(rows, lease);
        self.ask(claimed, note).await
    }

    async fn claim_of_newcomer(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        let claimed = self.ledger.jobs.claim_of_newcomer(queue, worker, lease);
        let note = |ledger: &Ledger, row: &Option<Claimed>| ledger.claimed(row.as_slice(), lease);
        self.ask(claimed, note).await
    }

    async fn claim_named(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        ids: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let jobs = &self.ledger.jobs;
        let claimed = jobs.claim_named(queue, worker, lease, ids, limit);
        let note = |ledger: &Ledger, rows: &Vec<Claimed>| ledger.claimed(rows, lease);
        self.ask(claimed, note).await
    }

    async fn announce(&self, limit: usize) -> Result<Vec<Notice>, StoreError> {
        self.ask(self.ledger.jobs.announce(limit), |_, _| ()).await
    }

    async fn not_announced(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let taken_back = self.ledger.jobs.not_announced(ids);
        self.ask(taken_back, |_, ()| ()).await
    }

    async fn heartbeat(&self, claim: Claim, lease: Duration) -> Result<bool, StoreError> {
        let beat = self.ledger.jobs.heartbeat(claim, lease);
        let note = |ledger: &Ledger, held: &bool| {
            let until = Instant::now() + lease;
            ledger.wrote(claim, *held, |model| model.until = Some(until));
        };
        self.ask(beat, note).await
    }

    async fn finish(&self, claim: Claim) -> Result<bool, StoreError> {
        self.finish_with(claim, || ()).await
    }

    async fn retry(&self, claim: Claim, after: Duration, error: &str) -> Result<bool, StoreError> {
        let note = |ledger: &Ledger, done: &bool| {
            ledger.wrote(claim, *done, |model| model.until = None);
        };
        self.ask(self.ledger.jobs.retry(claim, after, error), note)
            .await
    }

    async fn release(&self, claim: Claim) -> Result<bool, StoreError> {
        let note = |ledger: &Ledger, done: &bool| {
            ledger.wrote(claim, *done, |model| model.until = None);
        };
        self.ask(self.ledger.jobs.release(claim), note).await
    }

    async fn bury(&self, claim: Claim, error: &str) -> Result<bool, StoreError> {
        let note = |ledger: &Ledger, done: &bool| {
            ledger.wrote(claim, *done, |model| model.closed = true);
        };
        self.ask(self.ledger.jobs.bury(claim, error), note).await
    }
}
