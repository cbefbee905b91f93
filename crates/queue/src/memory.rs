//! Jobs in memory, for tests: nothing survives the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use crate::contract::Seen;
use crate::job::Envelope;
use crate::store::{Claim, Claimed, JobStore, Notice, StoreError};

/// How far apart the turns of one party's rows are.
const TURN: Duration = Duration::from_secs(15);

#[derive(Debug, Clone)]
enum State {
    Waiting { due: Instant, announced: bool },
    Running { until: Instant },
    Finished,
    Dead,
}

impl State {
    fn waiting(due: Instant) -> Self {
        Self::Waiting {
            due,
            announced: false,
        }
    }

    /// Whether a claim may have the row.
    fn is_due(&self, now: Instant) -> bool {
        match self {
            Self::Waiting { due, .. } => *due <= now,
            Self::Running { until } => *until <= now,
            Self::Finished | Self::Dead => false,
        }
    }
}

#[derive(Debug)]
struct Row {
    queue: String,
    name: String,
    payload: Value,
    request_id: Option<String>,
    party: Option<Uuid>,
    turn: Instant,
    attempt: u32,
    handed_back: u32,
    state: State,
    error: Option<String>,
}

/// A [`JobStore`] in memory; its clock is tokio's, so that a test can pause and move it.
#[derive(Debug, Default)]
pub struct MemoryJobs {
    rows: Mutex<BTreeMap<Uuid, Row>>,
}

impl MemoryJobs {
    /// Returns a store without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a row, due at once, and returns its id.
    pub fn enqueue(&self, job: Envelope, request_id: Option<&str>) -> Uuid {
        let due = Instant::now();
        let mut rows = self.rows();
        let before = rows.values().filter(|row| {
            let open = matches!(row.state, State::Waiting { .. } | State::Running { .. });
            open && row.queue == job.queue && row.party.is_some() && row.party == job.party
        });
        let turn = before.map(|row| row.turn + TURN).max();
        let id = Uuid::from_u128(rows.len() as u128 + 1);
        let row = Row {
            queue: job.queue.to_owned(),
            name: job.name.to_owned(),
            payload: job.payload,
            request_id: request_id.map(str::to_owned),
            party: job.party,
            turn: turn.map_or(due, |turn| turn.max(due)),
            attempt: 0,
            handed_back: 0,
            state: State::waiting(due),
            error: None,
        };
        rows.insert(id, row);
        id
    }

    /// Returns what has become of a row.
    pub fn seen(&self, id: Uuid) -> Seen {
        let rows = self.rows();
        let Some(row) = rows.get(&id) else {
            return Seen::Finished;
        };
        match row.state {
            State::Waiting { .. } => Seen::Waiting {
                error: row.error.clone(),
            },
            State::Running { .. } => Seen::Running,
            State::Finished => Seen::Finished,
            State::Dead => Seen::Dead {
                error: row.error.clone().unwrap_or_default(),
            },
        }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Uuid, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the first `limit` rows of a queue that may run, by their turns, run.
    fn take(
        &self,
        queue: &str,
        lease: Duration,
        limit: usize,
        may_run: impl Fn(&Uuid, &Row, Instant) -> bool,
    ) -> Vec<Claimed> {
        let now = Instant::now();
        let mut rows = self.rows();
        let mut chosen: Vec<(&Uuid, &mut Row)> = rows
            .iter_mut()
            .filter(|(id, row)| row.queue == queue && may_run(id, row, now))
            .collect();
        chosen.sort_by_key(|(id, row)| (row.turn, **id));
        let claimed = chosen.into_iter().take(limit).map(|(id, row)| {
            row.attempt += 1;
            row.state = State::Running { until: now + lease };
            Claimed {
                id: *id,
                name: row.name.clone(),
                payload: row.payload.clone(),
                attempt: row.attempt,
                handed_back: row.handed_back,
                request_id: row.request_id.clone(),
            }
        });
        claimed.collect()
    }

    /// Changes a row if the claim still holds it.
    fn fenced(&self, claim: Claim, change: impl FnOnce(&mut Row)) -> bool {
        let mut rows = self.rows();
        let held = |row: &&mut Row| {
            row.attempt == claim.attempt && matches!(row.state, State::Running { .. })
        };
        match rows.get_mut(&claim.id).filter(held) {
            Some(row) => {
                change(row);
                true
            }
            None => false,
        }
    }
}

#[async_trait]
impl JobStore for MemoryJobs {
    async fn claim(
        &self,
        queue: &str,
        _worker: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.take(queue, lease, limit, |_, row, now| row.state.is_due(now)))
    }

    async fn claim_of_newcomer(
        &self,
        queue: &str,
        _worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        let running: Vec<Uuid> = (self.rows().values())
            .filter(|row| row.queue == queue && matches!(row.state, State::Running { .. }))
            .filter_map(|row| row.party)
            .collect();
        let taken = self.take(queue, lease, 1, |_, row, now| match row.state {
            State::Waiting { due, .. } => {
                due <= now && row.party.is_none_or(|party| !running.contains(&party))
            }
            _ => false,
        });
        Ok(taken.into_iter().next())
    }

    async fn claim_named(
        &self,
        queue: &str,
        _worker: &str,
        lease: Duration,
        ids: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.take(queue, lease, limit, |id, row, now| {
            ids.contains(id) && row.state.is_due(now)
        }))
    }

    async fn announce(&self, limit: usize) -> Result<Vec<Notice>, StoreError> {
        let now = Instant::now();
        let mut rows = self.rows();
        let mut fresh: Vec<(Instant, &Uuid, &mut Row)> = (rows.iter_mut())
            .filter_map(|(id, row)| match row.state {
                State::Waiting {
                    due,
                    announced: false,
                } if due <= now => Some((due, id, row)),
                _ => None,
            })
            .collect();
        fresh.sort_by_key(|(due, id, _)| (*due, **id));
        let notices = fresh.into_iter().take(limit).map(|(due, id, row)| {
            row.state = State::Waiting {
                due,
                announced: true,
            };
            Notice {
                id: *id,
                queue: row.queue.clone(),
                kin: row.party.as_ref().unwrap_or(id).to_string(),
            }
        });
        Ok(notices.collect())
    }

    async fn not_announced(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        for (id, row) in self.rows().iter_mut() {
            if let State::Waiting { announced, .. } = &mut row.state
                && ids.contains(id)
            {
                *announced = false;
            }
        }
        Ok(())
    }

    async fn heartbeat(&self, claim: Claim, lease: Duration) -> Result<bool, StoreError> {
        let until = Instant::now() + lease;
        Ok(self.fenced(claim, |row| row.state = State::Running { until }))
    }

    async fn finish(&self, claim: Claim) -> Result<bool, StoreError> {
        Ok(self.fenced(claim, |row| row.state = State::Finished))
    }

    async fn retry(&self, claim: Claim, after: Duration, error: &str) -> Result<bool, StoreError> {
        let due = Instant::now() + after;
        Ok(self.fenced(claim, |row| {
            row.state = State::waiting(due);
            row.turn = row.turn.max(due);
            row.error = Some(error.to_owned());
        }))
    }

    async fn release(&self, claim: Claim) -> Result<bool, StoreError> {
        let due = Instant::now();
        Ok(self.fenced(claim, |row| {
            row.state = State::waiting(due);
            row.handed_back += 1;
        }))
    }

    async fn bury(&self, claim: Claim, error: &str) -> Result<bool, StoreError> {
        Ok(self.fenced(claim, |row| {
            row.state = State::Dead;
            row.error = Some(error.to_owned());
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Harness, suite};

    #[async_trait]
    impl Harness for MemoryJobs {
        fn store(&self) -> &dyn JobStore {
            self
        }

        async fn enqueue(&self, job: Envelope, request_id: Option<&str>) -> Uuid {
            MemoryJobs::enqueue(self, job, request_id)
        }

        async fn pass(&self, time: Duration) {
            tokio::time::advance(time).await;
        }

        async fn seen(&self, id: Uuid) -> Seen {
            MemoryJobs::seen(self, id)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn meets_the_contract() {
        suite(async || MemoryJobs::new()).await;
    }
}
