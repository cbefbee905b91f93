//! Tells Kafka of the rows that are due.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::link::Link;
use super::message::Seal;
use super::options::Options;
use super::{Error, admin};
use crate::job::chain;
use crate::store::{JobStore, Notice};
use crate::waker::Waker;

/// How many rows are announced at once.
const BATCH: usize = 500;
/// How often the relay looks for rows that became due, or that a process died over before it could announce them.
const POLL: Duration = Duration::from_secs(1);
/// How often the brokers are asked whether they are there.
const PULSE: Duration = Duration::from_secs(5);
/// How long the brokers may take for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

type Producer = FutureProducer<Link>;

/// Tells Kafka of the rows that are due.
pub(super) struct Relay {
    producer: Producer,
    options: Options,
    seal: Seal,
    topics: Vec<String>,
    store: Arc<dyn JobStore>,
    waker: Waker,
    link: Link,
    next_pulse: Instant,
}

impl Relay {
    pub(super) fn new(
        options: &Options,
        seal: &Seal,
        queues: &[&'static str],
        store: Arc<dyn JobStore>,
        waker: &Waker,
        link: &Link,
    ) -> Result<Self, Error> {
        Ok(Self {
            producer: producer(options, link)?,
            options: options.clone(),
            seal: seal.clone(),
            topics: queues.iter().map(|queue| options.topic(queue)).collect(),
            store,
            waker: waker.clone(),
            link: link.clone(),
            next_pulse: Instant::now(),
        })
    }

    pub(super) async fn run(mut self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if Instant::now() >= self.next_pulse {
                self.pulse().await;
            }
            if self.link.state().reachable && self.announce().await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.waker.enqueued(), if self.link.state().reachable => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Looks whether the brokers are there and have our topics.
    async fn pulse(&mut self) {
        if self.producer.client().fatal_error().is_some() {
            // An idempotent producer that lost the thread never goes on; a new one begins anew.
            match producer(&self.options, &self.link) {
                Ok(producer) => self.producer = producer,
                Err(error) => tracing::error!(error = %chain(&error), "no new Kafka producer"),
            }
        }
        let (producer, topics) = (self.producer.clone(), self.topics.clone());
        let looked = tokio::task::spawn_blocking(move || {
            admin::missing(producer.client(), &topics, PATIENCE)
        });
        match looked.await {
            Ok(Ok(missing)) if missing.is_empty() => self.link.up(),
            Ok(Ok(missing)) => {
                let missing = missing.join(", ");
                self.link
                    .down(&format!("no topics {missing}: run `sofie kafka setup`"));
            }
            Ok(Err(error)) => self.link.down(&error.to_string()),
            Err(error) => self.link.down(&error.to_string()),
        }
        self.next_pulse = Instant::now() + PULSE;
    }

    /// Announces a batch; whether there may be more to announce at once.
    async fn announce(&mut self) -> bool {
        let notices = match self.store.announce(BATCH).await {
            Ok(notices) => notices,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "could not look for jobs to announce");
                return false;
            }
        };
        if notices.is_empty() {
            return false;
        }
        sofie_killpoint::reach("K11");
        let failed = self.publish(&notices).await;
        sofie_killpoint::reach("K11-published");
        let published = notices.len() - failed.len();
        count("published", published);
        if failed.is_empty() {
            return notices.len() == BATCH;
        }
        count("unpublished", failed.len());
        if let Err(error) = self.store.not_announced(&failed).await {
            // They look announced now: the sweep finds them.
            tracing::warn!(error = %chain(&error), "could not take announcements back");
        }
        false
    }

    /// Publishes notices, and returns the rows that no broker has confirmed.
    async fn publish(&self, notices: &[Notice]) -> Vec<Uuid> {
        let mut failed = Vec::new();
        let mut under_way = Vec::with_capacity(notices.len());
        for notice in notices {
            let topic = self.options.topic(&notice.queue);
            let message = self.seal.write(&notice.queue, notice.id);
            let key = self.seal.key(&notice.kin);
            let record = FutureRecord::to(&topic).payload(&message).key(&key);
            match self.producer.send_result(record) {
                Ok(delivery) => under_way.push((notice.id, delivery)),
                Err((error, _)) => failed.push((notice.id, Some(error))),
            }
        }
        for (id, delivery) in under_way {
            match delivery.await {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => failed.push((id, Some(error))),
                Err(_) => failed.push((id, None)),
            }
        }
        if let Some((_, error)) = failed.first() {
            let cause = error.as_ref().map_or_else(
                || "the Kafka client ended".to_owned(),
                KafkaError::to_string,
            );
            self.link.down(&cause);
        }
        failed.into_iter().map(|(id, _)| id).collect()
    }
}

fn count(outcome: &'static str, rows: usize) {
    metrics::counter!("sofie_kafka_announcements_total", "outcome" => outcome)
        .increment(rows as u64);
}

fn producer(options: &Options, link: &Link) -> Result<Producer, Error> {
    let mut config = options.client();
    config
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", "5000")
        .set("linger.ms", "2");
    config
        .create_with_context(link.clone())
        .map_err(Error::Options)
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Relay")
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}
