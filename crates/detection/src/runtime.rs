//! What every configured engine has in common: turns, limits, time-outs, fail-over, the circuit breaker
//! and the self-test.

mod endpoints;
mod rules;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use rules::{Refusal, Setup, Times, TypeMode, Types};

use self::endpoints::Endpoints;
use crate::adapter::Adapter;
use crate::body::Body;
use crate::engine::{Descriptor, Engine, EngineStatus, Load, Scan, Turn};
use crate::self_test::{self, Canary, SelfTest};
use crate::verdict::{AllBytesSent, Coverage, EngineReport, ErrorKind, Outcome};

/// After this many failures to get an answer, one after the other, only a self-test is let through.
const MOST_FAILURES: u32 = 3;
/// What an engine is still believed about, in bytes, that was silent about a larger file.
const BELIEVED: u64 = 1 << 20;
/// The slowest an engine may be with a large file, in bytes a second, on top of its time for a small one.
const SLOWEST: u64 = 1 << 20;

/// An engine as it is configured.
#[derive(Debug)]
pub struct Runtime {
    setup: Setup,
    descriptor: Descriptor,
    adapter: Arc<dyn Adapter>,
    endpoints: Endpoints,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// How often in a row there was no answer.
    failures: AtomicU32,
    /// Whether the last self-test showed that it calls files clean which are too large for it.
    silent_on_size: AtomicBool,
}

impl Runtime {
    pub(crate) fn new(setup: Setup, adapter: Arc<dyn Adapter>) -> Self {
        let descriptor = Descriptor {
            id: setup.id.clone(),
            name: setup.name.clone(),
            class: setup.class,
            capabilities: adapter.capabilities(),
            largest_file: Some(setup.largest_file),
            most_at_once: setup.at_once,
            seconds: u32::try_from(longest(&setup.times, 0).as_secs()).unwrap_or(u32::MAX),
        };
        Self {
            endpoints: Endpoints::new(adapter.endpoints(), setup.at_once),
            turns: Arc::new(Semaphore::new(usize::from(setup.at_once.max(1)))),
            waiting: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
            silent_on_size: AtomicBool::new(false),
            descriptor,
            adapter,
            setup,
        }
    }

    /// Looks at a file, whatever the circuit breaker says.
    pub(crate) async fn look(&self, scan: &Scan, body: Body) -> EngineReport {
        let own = Instant::now() + longest(&self.setup.times, scan.meta.size);
        let deadline = own.min(scan.deadline);
        let row = tokio::select! {
            row = tokio::time::timeout_at(deadline, self.ask(scan, body)) => {
                row.unwrap_or_else(|_| self.failed(scan, ErrorKind::Timeout, "no answer in time"))
            }
            () = scan.cancel.cancelled() => self.failed(scan, ErrorKind::Cancelled, "cancelled"),
        };
        self.note(&row);
        row
    }

    /// Asks one endpoint after the other, until one has taken content.
    async fn ask(&self, scan: &Scan, mut body: Body) -> EngineReport {
        let mut last = None;
        for endpoint in self.endpoints.in_order() {
            let reached = match self.endpoints.reach(endpoint, self.adapter.as_ref()).await {
                Ok(reached) => reached,
                Err(failure) => {
                    last = Some(self.failed(scan, failure.kind, &failure.words));
                    continue;
                }
            };
            self.endpoints.limit(&self.turns, reached.at_once);
            let row = self.adapter.scan(endpoint, scan, &mut body).await;
            let row = row.or_versions(reached.versions);
            if !no_answer(&row) {
                return row;
            }
            self.endpoints.doubt(endpoint);
            if body.touched() {
                return row;
            }
            last = Some(row);
        }
        last.unwrap_or_else(|| self.failed(scan, ErrorKind::Config, "no address is configured"))
    }

    /// An empty file: engines differ about it, some call it clean without a look and some fail.
    async fn nothing(&self, scan: &Scan, mut body: Body) -> EngineReport {
        match (body.next().await, AllBytesSent::check(scan, 0)) {
            (Ok(None), Some(all)) => {
                EngineReport::clean(&self.descriptor.id, scan, all, Coverage::Full)
            }
            _ => self.failed(scan, ErrorKind::Source, "the file is not empty"),
        }
    }

    fn note(&self, row: &EngineReport) {
        match row.outcome {
            Outcome::Error {
                kind: ErrorKind::Source | ErrorKind::Cancelled,
                ..
            } => {}
            _ if no_answer(row) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.failures.store(0, Ordering::Relaxed),
        }
    }

    fn failed(&self, scan: &Scan, kind: ErrorKind, detail: &str) -> EngineReport {
        EngineReport::failed(&self.descriptor.id, scan, kind, detail)
    }
}

/// Whether the engine could not be talked to, as opposed to what it said.
fn no_answer(row: &EngineReport) -> bool {
    matches!(
        row.outcome,
        Outcome::Error {
            kind: ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Protocol,
            ..
        }
    )
}

fn longest(times: &Times, size: u64) -> Duration {
    times.connect + times.idle + times.verdict + Duration::from_secs(size / SLOWEST)
}

#[async_trait]
impl Engine for Runtime {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn load(&self) -> Load {
        let turns = usize::from(self.endpoints.turns());
        Load {
            busy: turns.saturating_sub(self.turns.available_permits()),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    async fn turn(&self) -> Turn {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&self.waiting);
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        drop(waiting);
        Turn::of(turn.ok())
    }

    async fn status(&self) -> EngineStatus {
        let mut status = EngineStatus::default();
        for endpoint in self.endpoints.in_order() {
            match self.endpoints.reach(endpoint, self.adapter.as_ref()).await {
                Ok(reached) => {
                    return EngineStatus {
                        reachable: true,
                        versions: reached.versions,
                        last_error: None,
                    };
                }
                Err(failure) => status.last_error = Some(failure.words),
            }
        }
        status
    }

    async fn self_test(&self, now: DateTime<Utc>) -> SelfTest {
        let test = self_test::of(self, now).await;
        let silent = test.missed.contains(&Canary::TooLarge);
        self.silent_on_size.store(silent, Ordering::Relaxed);
        if test.passed() {
            self.failures.store(0, Ordering::Relaxed);
        }
        test
    }

    fn answers_later(&self) -> bool {
        self.adapter.answers_later()
    }

    fn name_matters(&self) -> bool {
        self.setup.types.mode != TypeMode::All || self.adapter.sees_name()
    }

    async fn scan(&self, scan: &Scan, body: Body) -> EngineReport {
        if let Some(row) = self.setup.refuse(scan) {
            return row;
        }
        if self.failures.load(Ordering::Relaxed) >= MOST_FAILURES {
            let why = "it failed to answer several times in a row; its self-test comes first";
            return self.failed(scan, ErrorKind::Connect, why);
        }
        if scan.meta.size == 0 {
            return self.nothing(scan, body).await;
        }
        let row = self.look(scan, body).await;
        let clean = matches!(row.outcome, Outcome::Clean { .. });
        if clean && scan.meta.size > BELIEVED && self.silent_on_size.load(Ordering::Relaxed) {
            return EngineReport::too_large(&self.descriptor.id, scan)
                .with_bytes_sent(row.bytes_sent)
                .with_versions(row.versions);
        }
        row
    }
}

/// Counts one less when it goes, also when nobody waits for the turn any more.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
