//! One run from one seed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::Dice;
use super::line::{Ledger, Line};
use super::process::{Deed, Deeds, Poison, Process, Sound};
use crate::contract::Seen;
use crate::store::JobStore as _;
use crate::{Envelope, Job as _};

/// How long things go wrong.
const TROUBLE: Duration = Duration::from_mins(10);
/// How long it may take afterwards until all work is done.
const CALM: Duration = Duration::from_hours(2);

/// How a row must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    DoneOnce,
    Dead,
}

/// What a run saw.
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) faults: u64,
}

pub(super) struct World {
    dice: Dice,
    ledger: Arc<Ledger>,
    deeds: Deeds,
    processes: Vec<Process>,
    /// The line of the relay.
    relay: Line,
    expected: HashMap<Uuid, End>,
    /// Every row that was ever announced.
    announced: Vec<Uuid>,
    stopping: TaskTracker,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let ledger = Arc::new(Ledger::default());
        Self {
            relay: Line::new(&ledger, Dice(dice.roll())),
            ledger,
            dice,
            deeds: Deeds::default(),
            processes: Vec::new(),
            expected: HashMap::new(),
            announced: Vec::new(),
            stopping: TaskTracker::new(),
        }
    }

    /// Lets everything go wrong for a while, and then nothing; holds what came of it against what was asked for.
    pub(super) async fn live(mut self) -> Tally {
        for _ in 0..=self.dice.below(3) {
            self.start();
        }
        let end = Instant::now() + TROUBLE;
        while Instant::now() < end {
            sleep(Duration::from_millis(self.dice.below(6000))).await;
            self.something_happens();
            self.announce().await;
        }
        self.calm_down().await;
        self.judge();
        Tally {
            rows: self.expected.len() as u64,
            faults: self.ledger.faults.load(Ordering::Relaxed),
        }
    }

    fn start(&mut self) {
        let dice = Dice(self.dice.roll());
        let process = Process::start(&self.ledger, &self.deeds, dice);
        self.processes.push(process);
    }

    fn something_happens(&mut self) {
        let of = self.dice.place(self.processes.len());
        match self.dice.below(12) {
            0 => {
                self.ledger.fault();
                self.processes.swap_remove(of).kill();
                self.start();
            }
            1 => {
                let process = self.processes.swap_remove(of);
                self.stopping.spawn(process.stop());
                self.start();
            }
            2 => {
                self.ledger.fault();
                let time = Duration::from_secs(self.dice.below(200));
                self.processes[of].line.freeze(time);
            }
            3 => self.processes[of].waker.trust(self.dice.once_in(2)),
            4 if self.processes.len() < 4 => self.start(),
            5 | 6 => self.replay(),
            _ => self.enqueue(),
        }
    }

    fn enqueue(&mut self) {
        let party = self.dice.below(3);
        let party = (party > 0).then(|| Uuid::from_u128(party.into()));
        for _ in 0..=self.dice.below(4) {
            let (job, end) = self.job();
            let id = self.ledger.jobs.enqueue(job.of(party), None);
            self.expected.insert(id, end);
            if self.dice.once_in(2) {
                let of = self.dice.place(self.processes.len());
                self.processes[of].waker.wake(Sound::QUEUE);
            }
        }
    }

    fn job(&mut self) -> (Envelope, End) {
        let sound = |deed, seconds| Envelope::new(&Sound { deed, seconds }).expect("plain data");
        let seconds = self.dice.below(100);
        match self.dice.below(6) {
            0 => {
                let stubborn = self.dice.once_in(2);
                let job = Envelope::new(&Poison { stubborn }).expect("plain data");
                (job, End::Dead)
            }
            1 | 2 => (sound(Deed::Once, seconds), End::DoneOnce),
            3 => {
                let failures = 1 + u32::try_from(self.dice.below(3)).expect("small");
                (sound(Deed::AtLast { failures }, seconds), End::Done)
            }
            _ => (sound(Deed::Harmless, seconds), End::Done),
        }
    }

    /// Tells of the rows that are due: to anybody, late, twice, or not at all.
    async fn announce(&mut self) {
        // Like a relay that meets an error: the rows stay as they are.
        let Ok(notices) = self.relay.announce(50).await else {
            return;
        };
        for notice in notices {
            self.announced.push(notice.id);
            match self.dice.below(6) {
                0 => self.ledger.fault(),
                1 => {
                    // The brokers did not confirm it.
                    let _ = self.relay.not_announced(&[notice.id]).await;
                }
                2 => {
                    self.tell(notice.id);
                    self.tell(notice.id);
                }
                _ => self.tell(notice.id),
            }
        }
    }

    fn tell(&mut self, id: Uuid) {
        let of = self.dice.place(self.processes.len());
        let waker = self.processes[of].waker.clone();
        let late = Duration::from_millis(self.dice.below(30_000));
        tokio::spawn(async move {
            sleep(late).await;
            waker.call(Sound::QUEUE, id);
        });
    }

    /// Tells once more of what was told long ago.
    fn replay(&mut self) {
        for _ in 0..self.dice.below(10).min(self.announced.len() as u64) {
            let id = self.announced[self.dice.place(self.announced.len())];
            self.tell(id);
        }
    }

    /// Nothing goes wrong any more: what is left is done in time, though nobody rings for it.
    async fn calm_down(&mut self) {
        self.stopping.close();
        self.stopping.wait().await;
        self.processes
            .iter()
            .for_each(|process| process.line.mend());
        let end = Instant::now() + CALM;
        while Instant::now() < end && self.expected.keys().any(|id| self.is_open(*id)) {
            sleep(Duration::from_secs(10)).await;
        }
        for process in self.processes.drain(..) {
            process.stop().await;
        }
    }

    fn is_open(&self, id: Uuid) -> bool {
        matches!(
            self.ledger.jobs.seen(id),
            Seen::Waiting { .. } | Seen::Running
        )
    }

    fn judge(&self) {
        let deeds = self.deeds.lock().expect("no panic");
        for (id, end) in &self.expected {
            let seen = self.ledger.jobs.seen(*id);
            let times = deeds.get(id).copied().unwrap_or_default();
            let right = match end {
                End::Done => seen == Seen::Finished && times >= 1,
                End::DoneOnce => seen == Seen::Finished && times == 1,
                End::Dead => matches!(seen, Seen::Dead { .. }) && times == 0,
            };
            assert!(
                right,
                "{id} should be {end:?}: {seen:?}, done {times} times"
            );
        }
    }
}
