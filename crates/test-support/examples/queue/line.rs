//! A runner at work, alone or at the other end of Kafka.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sofie_app::jobs::queues;
use sofie_queue::kafka::{self, Kafka, Link, Options, Seal, Security};
use sofie_queue::{Queue, Registry, Runner, Settings};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::nothing::{Bells, Nothing};
use crate::{Result, Side, rate};

const QUEUES: &[&str] = &[queues::CHECKS];

/// A runner, whoever rings for it, and the ear at its jobs.
#[derive(Debug)]
pub struct Line {
    /// Where jobs are written.
    rung: Side,
    ear: Mutex<UnboundedReceiver<Instant>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Line {
    /// Starts a runner that rings for itself: one process.
    pub fn alone(worker: &Side, places: usize) -> Self {
        let (mouth, ear) = unbounded_channel();
        let queue = Queue {
            name: queues::CHECKS,
            concurrency: places,
            newcomers: 0,
        };
        let runner = Runner::new(
            Arc::clone(&worker.store) as _,
            Registry::new().with::<Nothing>(),
            Arc::new(Bells(mouth)),
            worker.waker.clone(),
            Settings::new("bench", vec![queue]),
        );
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(runner.run(stop.clone()));
        Self {
            rung: worker.clone(),
            ear: Mutex::new(ear),
            stop,
            tasks,
        }
    }

    /// Starts a runner; with brokers, jobs are written by another process, which tells it of them by Kafka.
    pub async fn open(
        web: &Side,
        worker: &Side,
        places: usize,
        brokers: Option<&str>,
    ) -> Result<Self> {
        let mut line = Self::alone(worker, places);
        if let Some(brokers) = brokers {
            line.rung = web.clone();
            let options = options(brokers).await?;
            let links = [
                line.connect(web, &options, &[])?,
                line.connect(worker, &options, QUEUES)?,
            ];
            while !(links[0].state().reachable && worker_hears(&links[1])) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        // The first look of the runner is over then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(line)
    }

    fn connect(&self, side: &Side, options: &Options, worked: &[&'static str]) -> Result<Link> {
        let link = Link::new(&side.waker);
        let store = Arc::clone(&side.store) as _;
        let kafka = Kafka::new(options, &seal(), QUEUES, worked, store, &side.waker, &link)?;
        self.tasks.spawn(kafka.run(self.stop.clone()));
        Ok(link)
    }

    /// Where jobs are to be written.
    pub fn rung(&self) -> &Side {
        &self.rung
    }

    /// Waits until so many jobs have begun.
    pub async fn heard(&self, count: usize) -> Result<()> {
        let mut ear = self.ear.lock().await;
        for _ in 0..count {
            ear.recv().await.ok_or("the runner has ended")?;
        }
        Ok(())
    }

    /// Writes jobs one after another; tells from the call and from its commit how long each took to begin, in
    /// microseconds: `p50 p99 p50 p99`.
    pub async fn latencies(&self, count: usize, pause: Duration) -> Result<String> {
        let mut ear = self.ear.lock().await;
        let (mut asked, mut committed) = (Vec::new(), Vec::new());
        for number in 0..count {
            tokio::time::sleep(pause).await;
            let begin = Instant::now();
            self.rung.enqueue(number).await?;
            let commit = Instant::now();
            self.rung.waker.wake(queues::CHECKS);
            let started = ear.recv().await.ok_or("the runner has ended")?;
            asked.push((started - begin).as_micros());
            committed.push(started.saturating_duration_since(commit).as_micros());
        }
        let at = |list: &mut Vec<u128>, percent: usize| {
            list.sort_unstable();
            list.get(list.len() * percent / 100).copied().unwrap_or(0)
        };
        let figures = [
            at(&mut asked, 50),
            at(&mut asked, 99),
            at(&mut committed, 50),
            at(&mut committed, 99),
        ];
        Ok(figures.map(|figure| figure.to_string()).join(" "))
    }

    /// Lets what runs come to its end.
    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        Ok(())
    }
}

/// Tells the brokers of all rows that wait, and returns how many of them in a second.
pub async fn announce(web: &Side, brokers: Option<&str>) -> Result<String> {
    let options = options(brokers.ok_or("there is no Kafka")?).await?;
    let waiting = "select count(*) from jobs where state = 'queued' and announced_at is null";
    let count = web.db.read().await?.number(waiting).await?;
    let link = Link::new(&web.waker);
    let store = Arc::clone(&web.store) as _;
    let kafka = Kafka::new(&options, &seal(), QUEUES, &[], store, &web.waker, &link)?;
    let stop = CancellationToken::new();
    let running = tokio::spawn(kafka.run(stop.clone()));
    while !link.state().reachable {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let began = Instant::now();
    while web.db.read().await?.number(waiting).await? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // It ends behind the last confirmation.
    stop.cancel();
    running.await?;
    Ok(rate(usize::try_from(count)?, began))
}

fn worker_hears(link: &Link) -> bool {
    let state = link.state();
    state.reachable && state.joined
}

fn seal() -> Seal {
    Seal::new(|bytes| sofie_store::ColumnCipher::keyed_hash(&sofie_store::NoCipher, "", bytes))
}

async fn options(brokers: &str) -> Result<Options> {
    let options = Options {
        brokers: brokers.to_owned(),
        topic_prefix: "bench".to_owned(),
        security: Security::Plaintext,
        ca_file: None,
        login: None,
    };
    kafka::set_up(&options, QUEUES).await?;
    Ok(options)
}
