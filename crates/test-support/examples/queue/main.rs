//! Drives the queue for `bench/jobs.mjs`: `queue DATABASE_URL [BROKERS]`.
//!
//! Reads commands from its standard input, one a line, and answers each with a figure or two. Rows are written, claimed,
//! announced and finished by the product's own code, on the database that is given; the job does nothing.

mod line;
mod nothing;

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use sofie_app::jobs::{DatabaseJobs, queues};
use sofie_domain::JobId;
use sofie_queue::{Envelope, JobStore as _, Waker};
use sofie_store::{ConnectOptions, Database, NoCipher, jobs, schema};
use sofie_test_support::TestApp;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::line::Line;
use self::nothing::Nothing;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// The connections of each process, as many as those of the end-to-end tests have.
const CONNECTIONS: u32 = 10;
/// How many senders the jobs belong to.
const PARTIES: usize = 50;
const LEASE: Duration = Duration::from_secs(30);

/// What a process of the installation has: connections, rows of jobs, a bell.
#[derive(Clone, Debug)]
struct Side {
    db: Database,
    store: Arc<DatabaseJobs>,
    waker: Waker,
}

impl Side {
    async fn open(test: &TestApp, options: &ConnectOptions) -> Result<Self> {
        let db = Database::connect(options, Arc::new(NoCipher), CONNECTIONS).await?;
        let store = DatabaseJobs::new(test.app.with_database(db.clone()));
        Ok(Self {
            db,
            store: Arc::new(store),
            waker: Waker::default(),
        })
    }

    /// Writes a job as the check of a package is written: in a transaction, under a key, as some sender's work.
    async fn enqueue(&self, number: usize) -> Result<()> {
        let envelope = Envelope::new(&Nothing { number })?;
        let id = JobId::fresh();
        let new = jobs::NewJob {
            id,
            name: envelope.name,
            queue: envelope.queue,
            payload: envelope.payload,
            dedupe_key: Some(id.to_string()),
            delay: Duration::ZERO,
            request_id: None,
            party: Some(Uuid::from_u128((number % PARTIES) as u128)),
        };
        let mut tx = self.db.begin().await?;
        jobs::insert(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes jobs, some at once; rings for each if somebody works on them meanwhile.
    async fn enqueue_all(&self, clients: usize, count: usize, ring: bool) -> Result<()> {
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let side = self.clone();
            tasks.spawn(async move {
                for number in (client..count).step_by(clients) {
                    side.enqueue(number).await?;
                    if ring {
                        side.waker.wake(queues::CHECKS);
                    }
                }
                Ok(())
            });
        }
        all(tasks).await.map(drop)
    }

    /// Claims rows until none is left, and finishes each by itself if asked to; returns how many there were.
    async fn claim_all(&self, clients: usize, batch: usize, finish: bool) -> Result<usize> {
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let store = Arc::clone(&self.store);
            tasks.spawn(async move {
                let mut count = 0;
                loop {
                    let rows = store.claim(queues::CHECKS, "bench", LEASE, batch).await?;
                    if rows.is_empty() {
                        return Ok(count);
                    }
                    count += rows.len();
                    if finish {
                        for row in rows {
                            store.finish(row.claim()).await?;
                        }
                    }
                }
            });
        }
        Ok(all(tasks).await?.into_iter().sum())
    }
}

/// Waits for all tasks; the first that failed is what comes of it.
async fn all<T: Send + 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut results = Vec::new();
    while let Some(done) = tasks.join_next().await {
        results.push(done??);
    }
    Ok(results)
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("the address of a database is missing")?;
    let brokers = args.next();
    let options = ConnectOptions::Server {
        url: SecretString::from(url),
        unverified: true,
    };
    schema::migrate(&options, false, |_| ()).await?;
    // It lends the parts that the rows of jobs have no use for.
    let test = TestApp::start().await;
    let web = Side::open(&test, &options).await?;
    let worker = Side::open(&test, &options).await?;
    say("ready")?;
    for command in std::io::stdin().lines() {
        let command = command?;
        let words: Vec<&str> = command.split(' ').collect();
        let answer = obey(&words, &web, &worker, brokers.as_deref()).await?;
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &str) -> Result<()> {
    println!("{answer}");
    Ok(std::io::stdout().flush()?)
}

async fn obey(words: &[&str], web: &Side, worker: &Side, brokers: Option<&str>) -> Result<String> {
    let [command, numbers @ ..] = words else {
        return Err("a command is missing".into());
    };
    let numbers: Vec<usize> = numbers
        .iter()
        .map(|n| n.parse())
        .collect::<Result<_, _>>()?;
    let began = Instant::now();
    match (*command, &numbers[..]) {
        ("enqueue", &[clients, count]) => {
            web.enqueue_all(clients, count, false).await?;
            Ok(rate(count, began))
        }
        ("work", &[clients]) => {
            let count = worker.claim_all(clients, 1, true).await?;
            Ok(rate(count, began))
        }
        ("claims", &[clients, batch]) => {
            let count = worker.claim_all(clients, batch, false).await?;
            Ok(rate(count, began))
        }
        ("run", &[places, count]) => {
            let line = Line::alone(worker, places);
            line.heard(count).await?;
            line.stop().await?;
            Ok(rate(count, began))
        }
        ("announce", &[]) => line::announce(web, brokers).await,
        ("flow", &[places, clients, count]) => {
            let line = Line::open(web, worker, places, brokers).await?;
            let began = Instant::now();
            line.rung().enqueue_all(clients, count, true).await?;
            line.heard(count).await?;
            line.stop().await?;
            Ok(rate(count, began))
        }
        ("latency", &[count, pause]) => {
            let line = Line::open(web, worker, 2, brokers).await?;
            let pause = Duration::from_millis(pause as u64);
            let answer = line.latencies(count, pause).await?;
            line.stop().await?;
            Ok(answer)
        }
        _ => Err(format!("there is no command {words:?}").into()),
    }
}

/// How many there were in a second.
fn rate(count: usize, began: Instant) -> String {
    let micros = began.elapsed().as_micros().max(1);
    (count as u128 * 1_000_000 / micros).to_string()
}
