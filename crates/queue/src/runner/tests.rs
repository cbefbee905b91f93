//! Every way a job can end, on tokio's paused clock.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::contract::Seen;
use crate::store::{Claim, Claimed, Notice};
use crate::{Done, Envelope, Job, JobError, MemoryJobs, Run};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Act {
    Succeed,
    FailOnce,
    FailForGood,
    FailWith { after_s: u64 },
    Panic,
    Hang,
    Work { seconds: u64 },
    ObeyCancel,
    FinishItself,
}

#[derive(Default)]
struct Probe {
    attempts: Mutex<Vec<(u32, bool, Option<String>)>>,
    running: AtomicUsize,
    most: AtomicUsize,
    dropped: AtomicUsize,
    cancelled: AtomicUsize,
    jobs: Option<Arc<dyn JobStore>>,
}

/// Notices the end of a run, however it comes.
struct Inside<'a>(&'a Probe);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Job for Act {
    const NAME: &'static str = "act";
    const QUEUE: &'static str = "stage";
    const MAX_ATTEMPTS: u32 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);
    type Context = Probe;

    async fn run(&self, probe: &Probe, run: &Run) -> Result<Done, JobError> {
        let seen = (run.attempt, run.last, run.request_id.clone());
        probe.attempts.lock().unwrap().push(seen);
        let running = probe.running.fetch_add(1, Ordering::SeqCst) + 1;
        probe.most.fetch_max(running, Ordering::SeqCst);
        let _inside = Inside(probe);
        match self {
            Self::Succeed => {}
            Self::FailOnce if run.attempt > 1 => {}
            Self::FailOnce => return Err(JobError::retry("not yet")),
            Self::FailForGood => return Err(JobError::fail("never")),
            Self::FailWith { after_s } => {
                return Err(JobError::retry_after(
                    SECOND * u32::try_from(*after_s).unwrap(),
                    "later",
                ));
            }
            Self::Panic => panic!("lost my lines"),
            Self::Hang => std::future::pending().await,
            Self::Work { seconds } => tokio::time::sleep(Duration::from_secs(*seconds)).await,
            Self::ObeyCancel => {
                run.cancel.cancelled().await;
                probe.cancelled.fetch_add(1, Ordering::SeqCst);
                return Err(JobError::retry("interrupted"));
            }
            Self::FinishItself => {
                let jobs = probe.jobs.as_ref().unwrap();
                assert!(jobs.finish(run.claim).await.unwrap());
                return Ok(Done::AlreadyFinished);
            }
        }
        Ok(Done::Complete)
    }
}

struct Stage {
    jobs: Arc<MemoryJobs>,
    probe: Arc<Probe>,
    stop: CancellationToken,
    waker: Waker,
    runner: JoinHandle<()>,
}

impl Stage {
    fn open() -> Self {
        let jobs = Arc::new(MemoryJobs::new());
        let store = Arc::clone(&jobs);
        Self::open_with(jobs, store, |_| {})
    }

    fn open_with(
        jobs: Arc<MemoryJobs>,
        store: Arc<dyn JobStore>,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let probe = Arc::new(Probe {
            jobs: Some(Arc::clone(&store)),
            ..Probe::default()
        });
        let queue = Queue {
            name: Act::QUEUE,
            concurrency: 4,
            newcomers: 0,
        };
        let mut settings = Settings::new("worker-1", vec![queue]);
        adjust(&mut settings);
        let waker = Waker::default();
        let stop = CancellationToken::new();
        let registry = Registry::new().with::<Act>();
        let runner = Runner::new(store, registry, Arc::clone(&probe), waker.clone(), settings);
        let runner = tokio::spawn(runner.run(stop.clone()));
        Self {
            jobs,
            probe,
            stop,
            waker,
            runner,
        }
    }

    fn enqueue(&self, act: &Act) -> Uuid {
        self.jobs
            .enqueue(Envelope::new(act).unwrap(), Some("req-7"))
    }

    /// Writes a row of any name and fields, known or not.
    fn enqueue_named(&self, name: &'static str, payload: Value) -> Uuid {
        let envelope = Envelope {
            name,
            queue: Act::QUEUE,
            payload,
            party: None,
        };
        self.jobs.enqueue(envelope, None)
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn attempts(&self) -> usize {
        self.probe.attempts.lock().unwrap().len()
    }

    async fn close(self) -> Arc<Probe> {
        self.stop.cancel();
        self.runner.await.unwrap();
        self.probe
    }
}

fn dead(error: &str) -> Seen {
    Seen::Dead {
        error: error.to_owned(),
    }
}

fn waiting(error: &str) -> Seen {
    Seen::Waiting {
        error: Some(error.to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn runs_what_is_enqueued() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::Succeed);
    stage.pass(2 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    let probe = stage.close().await;
    let seen = (1, false, Some("req-7".to_owned()));
    assert_eq!(*probe.attempts.lock().unwrap(), [seen]);
}

#[tokio::test(start_paused = true)]
async fn keeps_to_its_concurrency_and_takes_the_next_at_once() {
    let stage = Stage::open();
    for _ in 0..20 {
        stage.enqueue(&Act::Work { seconds: 10 });
    }
    // Five rounds of four; a runner that waited for its poll between them would take longer.
    stage.pass(Duration::from_millis(51_500)).await;
    let probe = stage.close().await;
    assert_eq!(probe.dropped.load(Ordering::SeqCst), 20);
    assert_eq!(probe.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn keeps_a_place_for_newcomers() {
    let jobs = Arc::new(MemoryJobs::new());
    let store = Arc::clone(&jobs);
    let stage = Stage::open_with(jobs, store, |settings| settings.queues[0].newcomers = 1);
    let of = |party, act| Envelope::new(act).unwrap().of(Some(Uuid::from_u128(party)));
    for _ in 0..9 {
        stage.jobs.enqueue(of(1, &Act::Work { seconds: 300 }), None);
    }
    stage.pass(2 * SECOND).await;
    assert_eq!(
        stage.probe.most.load(Ordering::SeqCst),
        4,
        "no more than its share"
    );
    let newcomer = stage.jobs.enqueue(of(2, &Act::Succeed), None);
    stage.pass(2 * SECOND).await;
    assert_eq!(stage.jobs.seen(newcomer), Seen::Finished);
    stage.pass(SECOND * 900).await;
    let probe = stage.close().await;
    assert_eq!(probe.dropped.load(Ordering::SeqCst), 10);
}

#[tokio::test(start_paused = true)]
async fn tries_again_after_the_back_off() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::FailOnce);
    stage.pass(5 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    assert_eq!(stage.attempts(), 2);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn tries_again_when_the_job_says_and_buries_the_last_failure() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::FailWith { after_s: 600 });
    stage.pass(590 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), waiting("later"));
    assert_eq!(stage.attempts(), 1);
    stage.pass(30 * SECOND).await;
    assert_eq!(stage.attempts(), 2);
    stage.pass(610 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), dead("later"));
    let probe = stage.close().await;
    let last: Vec<bool> = probe
        .attempts
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.1)
        .collect();
    assert_eq!(last, [false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn buries_at_once_what_cannot_succeed() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::FailForGood);
    let odd = stage.enqueue_named(Act::NAME, json!({ "Sing": 1 }));
    stage.pass(2 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), dead("never"));
    let Seen::Dead { error } = stage.jobs.seen(odd) else {
        panic!("an unreadable payload is buried");
    };
    assert!(
        error.starts_with("reading the payload of job act: unknown variant"),
        "{error}"
    );
    assert_eq!(stage.attempts(), 1);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn leaves_unknown_names_to_others_then_buries_them() {
    let stage = Stage::open();
    let id = stage.enqueue_named("opera", json!({}));
    stage.pass(2 * SECOND).await;
    let error = "no job named opera is known to this version";
    assert_eq!(stage.jobs.seen(id), waiting(error));
    stage.pass(Duration::from_hours(3)).await;
    assert_eq!(stage.jobs.seen(id), dead(error));
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_counted_failure() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::Panic);
    stage.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.jobs.seen(id), dead("panicked: lost my lines"));
    assert_eq!(stage.attempts(), 3);
    let next = stage.enqueue(&Act::Succeed);
    stage.pass(2 * SECOND).await;
    assert_eq!(stage.jobs.seen(next), Seen::Finished);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_a_counted_failure() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::Hang);
    stage.pass(599 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Running);
    stage.pass(4 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), waiting("did not end within 600s"));
    assert_eq!(stage.probe.dropped.load(Ordering::SeqCst), 1);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_may_finish_its_own_row() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::FinishItself);
    stage.pass(2 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_long_job() {
    let stage = Stage::open();
    let id = stage.enqueue(&Act::Work { seconds: 500 });
    stage.pass(490 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Running);
    stage.pass(12 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    assert_eq!(stage.attempts(), 1);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_bell_needs_no_poll() {
    let jobs = Arc::new(MemoryJobs::new());
    let store = Arc::clone(&jobs);
    let stage = Stage::open_with(jobs, store, |settings| {
        settings.poll = Duration::from_hours(9);
    });
    stage.pass(SECOND).await;
    let id = stage.enqueue(&Act::Succeed);
    stage.pass(SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Waiting { error: None });
    stage.waker.wake("another queue");
    stage.waker.wake(Act::QUEUE);
    stage.pass(SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    stage.close().await;
}

fn patient() -> Stage {
    let jobs = Arc::new(MemoryJobs::new());
    let store = Arc::clone(&jobs);
    Stage::open_with(jobs, store, |settings| {
        settings.poll = Duration::from_hours(9);
        settings.sweep = Duration::from_mins(1);
    })
}

#[tokio::test(start_paused = true)]
async fn a_call_claims_the_row_that_it_names() {
    let stage = patient();
    stage.pass(SECOND).await;
    let (other, named) = (stage.enqueue(&Act::Succeed), stage.enqueue(&Act::Succeed));
    assert!(!stage.waker.call("another queue", named));
    assert!(stage.waker.call(Act::QUEUE, named) && stage.waker.call(Act::QUEUE, named));
    stage.pass(SECOND).await;
    assert_eq!(stage.jobs.seen(named), Seen::Finished);
    assert_eq!(stage.jobs.seen(other), Seen::Waiting { error: None });
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_called_while_no_place_was_free_is_found_by_its_turn() {
    let stage = patient();
    stage.pass(SECOND).await;
    for _ in 0..10 {
        let id = stage.enqueue(&Act::Work { seconds: 10 });
        stage.waker.call(Act::QUEUE, id);
        stage.pass(Duration::from_millis(10)).await;
    }
    stage.pass(31 * SECOND).await;
    let probe = stage.close().await;
    assert_eq!(probe.dropped.load(Ordering::SeqCst), 10);
    assert_eq!(probe.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_trusted_bell_is_left_to_ring_but_for_the_sweep() {
    let stage = patient();
    stage.waker.trust(true);
    stage.pass(SECOND).await;
    let swept = stage.enqueue(&Act::Succeed);
    stage.pass(40 * SECOND).await;
    assert_eq!(stage.jobs.seen(swept), Seen::Waiting { error: None });
    stage.pass(40 * SECOND).await;
    assert_eq!(stage.jobs.seen(swept), Seen::Finished);
    let found = stage.enqueue(&Act::Succeed);
    stage.waker.trust(false);
    stage.pass(SECOND).await;
    assert_eq!(stage.jobs.seen(found), Seen::Finished);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_called_while_only_newcomers_had_a_place_is_not_left_to_the_sweep() {
    let jobs = Arc::new(MemoryJobs::new());
    let store = Arc::clone(&jobs);
    let stage = Stage::open_with(jobs, store, |settings| {
        settings.sweep = Duration::from_hours(1);
        settings.queues[0].newcomers = 1;
    });
    stage.waker.trust(true);
    stage.pass(2 * SECOND).await;
    let party = Some(Uuid::from_u128(1));
    for _ in 0..6 {
        let job = Envelope::new(&Act::Work { seconds: 10 }).unwrap();
        let id = stage.jobs.enqueue(job.of(party), None);
        stage.waker.call(Act::QUEUE, id);
        stage.pass(Duration::from_millis(10)).await;
    }
    stage.pass(25 * SECOND).await;
    let probe = stage.close().await;
    assert_eq!(probe.dropped.load(Ordering::SeqCst), 6);
    assert_eq!(probe.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_every_time_does_not_go_on_forever() {
    let jobs = Arc::new(MemoryJobs::new());
    let id = jobs.enqueue(Envelope::new(&Act::Succeed).unwrap(), None);
    for _ in 0..Act::MAX_ATTEMPTS {
        let lease = Duration::ZERO;
        let claimed = jobs.claim(Act::QUEUE, "doomed", lease, 1).await.unwrap();
        assert_eq!(claimed.len(), 1);
    }
    let store = Arc::clone(&jobs);
    let stage = Stage::open_with(jobs, store, |_| {});
    stage.pass(2 * SECOND).await;
    let Seen::Dead { error } = stage.jobs.seen(id) else {
        panic!("buried without another run");
    };
    assert!(error.starts_with("3 attempts were begun"), "{error}");
    assert_eq!(stage.attempts(), 0);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_stop_waits_for_what_runs_and_takes_nothing_new() {
    let stage = Stage::open();
    let running = stage.enqueue(&Act::Work { seconds: 20 });
    stage.pass(5 * SECOND).await;
    stage.stop.cancel();
    stage.pass(SECOND).await;
    let late = stage.enqueue(&Act::Succeed);
    stage.waker.wake_all();
    let jobs = Arc::clone(&stage.jobs);
    stage.close().await;
    assert_eq!(jobs.seen(running), Seen::Finished);
    assert_eq!(jobs.seen(late), Seen::Waiting { error: None });
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_the_drain_is_cancelled_and_handed_back_uncounted() {
    let stage = Stage::open();
    let stubborn = stage.enqueue(&Act::Hang);
    let obedient = stage.enqueue(&Act::ObeyCancel);
    stage.pass(2 * SECOND).await;
    let jobs = Arc::clone(&stage.jobs);
    let began = tokio::time::Instant::now();
    let probe = stage.close().await;
    assert!(
        began.elapsed() < Duration::from_secs(28),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(probe.cancelled.load(Ordering::SeqCst), 1);
    for id in [stubborn, obedient] {
        assert_eq!(jobs.seen(id), Seen::Waiting { error: None });
    }
    let again = jobs.claim(Act::QUEUE, "next", SECOND, 9).await.unwrap();
    assert!(
        again
            .iter()
            .all(|row| (row.attempt, row.handed_back) == (2, 1))
    );
    assert_eq!(again.len(), 2);
}

/// A store that forgets leases or fails a number of times before it answers.
#[derive(Debug, Default)]
struct Faulty {
    jobs: Arc<MemoryJobs>,
    lose_leases: bool,
    beats_fail: bool,
    finish_fails: AtomicU32,
    claim_fails: AtomicU32,
}

impl Faulty {
    fn trip(counter: &AtomicU32) -> Result<(), StoreError> {
        let tripped = counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        match tripped {
            Ok(_) => Err(StoreError::new("connection refused")),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl JobStore for Faulty {
    async fn claim(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        Self::trip(&self.claim_fails)?;
        self.jobs.claim(queue, worker, lease, limit).await
    }

    async fn claim_of_newcomer(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        self.jobs.claim_of_newcomer(queue, worker, lease).await
    }

    async fn claim_named(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        ids: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        Self::trip(&self.claim_fails)?;
        let jobs = &self.jobs;
        jobs.claim_named(queue, worker, lease, ids, limit).await
    }

    async fn announce(&self, limit: usize) -> Result<Vec<Notice>, StoreError> {
        self.jobs.announce(limit).await
    }

    async fn not_announced(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.jobs.not_announced(ids).await
    }

    async fn heartbeat(&self, claim: Claim, lease: Duration) -> Result<bool, StoreError> {
        if self.beats_fail {
            return Err(StoreError::new("connection refused"));
        }
        Ok(!self.lose_leases && self.jobs.heartbeat(claim, lease).await?)
    }

    async fn finish(&self, claim: Claim) -> Result<bool, StoreError> {
        Self::trip(&self.finish_fails)?;
        self.jobs.finish(claim).await
    }

    async fn retry(&self, claim: Claim, after: Duration, error: &str) -> Result<bool, StoreError> {
        self.jobs.retry(claim, after, error).await
    }

    async fn release(&self, claim: Claim) -> Result<bool, StoreError> {
        self.jobs.release(claim).await
    }

    async fn bury(&self, claim: Claim, error: &str) -> Result<bool, StoreError> {
        self.jobs.bury(claim, error).await
    }
}

fn faulty(faulty: Faulty) -> Stage {
    let jobs = Arc::clone(&faulty.jobs);
    Stage::open_with(jobs, Arc::new(faulty), |_| {})
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_cancels_the_run_and_writes_nothing() {
    let stage = faulty(Faulty {
        lose_leases: true,
        ..Faulty::default()
    });
    let id = stage.enqueue(&Act::ObeyCancel);
    stage.pass(25 * SECOND).await;
    assert_eq!(stage.probe.cancelled.load(Ordering::SeqCst), 1);
    assert_eq!(stage.jobs.seen(id), Seen::Running);
    stage.stop.cancel();
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_counts_as_lost_before_it_ends() {
    let stage = faulty(Faulty {
        beats_fail: true,
        ..Faulty::default()
    });
    stage.enqueue(&Act::ObeyCancel);
    stage.pass(45 * SECOND).await;
    assert_eq!(stage.probe.cancelled.load(Ordering::SeqCst), 0);
    stage.pass(17 * SECOND).await;
    assert_eq!(stage.probe.cancelled.load(Ordering::SeqCst), 1);
    stage.stop.cancel();
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_a_moment_costs_nothing() {
    let stage = faulty(Faulty {
        finish_fails: 2.into(),
        claim_fails: 3.into(),
        ..Faulty::default()
    });
    let id = stage.enqueue(&Act::Succeed);
    stage.pass(10 * SECOND).await;
    assert_eq!(stage.jobs.seen(id), Seen::Finished);
    assert_eq!(stage.attempts(), 1);
    stage.close().await;
}
