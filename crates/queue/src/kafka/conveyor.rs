//! Hands the rows that Kafka tells of to this process's runners. No work is done here, so nothing waits behind it.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{BorrowedMessage, Message as _};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::link::Link;
use super::message::Seal;
use super::options::Options;
use crate::waker::Waker;

/// How long to wait after an error of the client, which tries again by itself.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// How long the group may take to let us go.
const FAREWELL: Duration = Duration::from_secs(5);

/// Hands the rows that Kafka tells of to this process's runners.
pub(super) struct Conveyor {
    consumer: StreamConsumer<Link>,
    /// Queues by the names of their topics.
    queues: HashMap<String, &'static str>,
    seal: Seal,
    waker: Waker,
    link: Link,
}

impl Conveyor {
    pub(super) fn new(
        options: &Options,
        seal: &Seal,
        queues: &[&'static str],
        waker: &Waker,
        link: &Link,
    ) -> Result<Self, Error> {
        let mut config = options.client();
        config
            .set("group.id", options.group())
            .set("enable.auto.commit", "true")
            // An offset counts when its message was handed over, not when it was fetched.
            .set("enable.auto.offset.store", "false")
            // What was said before the group began is at worst a claim that finds nothing.
            .set("auto.offset.reset", "earliest")
            // Topics may be made while we wait for them.
            .set("topic.metadata.refresh.interval.ms", "30000")
            // How far behind we are, for the metrics.
            .set("statistics.interval.ms", "10000")
            // Whoever may write to the topics should not fill our memory.
            .set("fetch.message.max.bytes", "65536")
            .set("queued.max.messages.kbytes", "2048");
        let consumer: StreamConsumer<Link> = config
            .create_with_context(link.clone())
            .map_err(Error::Options)?;
        let queues: HashMap<String, &'static str> = queues
            .iter()
            .map(|queue| (options.topic(queue), *queue))
            .collect();
        let topics: Vec<&str> = queues.keys().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(Error::Options)?;
        Ok(Self {
            consumer,
            queues,
            seal: seal.clone(),
            waker: waker.clone(),
            link: link.clone(),
        })
    }

    pub(super) async fn run(self, stop: &CancellationToken) {
        loop {
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                received = self.consumer.recv() => received,
            };
            match received {
                Ok(message) => self.hand_over(&message),
                Err(error) => {
                    tracing::debug!(%error, "no message from Kafka");
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(AFTER_ERROR) => {}
                    }
                }
            }
        }
        self.link.joined(false);
        // Leaving the group asks a broker, and blocks.
        let consumer = self.consumer;
        let left = tokio::task::spawn_blocking(move || drop(consumer));
        if tokio::time::timeout(FAREWELL, left).await.is_err() {
            tracing::debug!("left Kafka without a farewell");
        }
    }

    fn hand_over(&self, message: &BorrowedMessage<'_>) {
        count(self.judge(message.topic(), message.payload()));
        if let Err(error) = self.consumer.store_offset_from_message(message) {
            // The partition was given to another worker meanwhile, who hears the same again.
            tracing::debug!(%error, "could not note how far messages were read");
        }
    }

    /// Hands a message over, or drops it; returns what was done.
    fn judge(&self, topic: &str, payload: Option<&[u8]>) -> &'static str {
        let Some(queue) = self.queues.get(topic) else {
            return "topic";
        };
        match self.seal.read(queue, payload.unwrap_or_default()) {
            Ok(id) if self.waker.call(queue, id) => "handed_over",
            Ok(_) => "queue",
            Err(refused) => {
                tracing::debug!(%refused, topic, "dropped a message that is none of ours");
                refused.word()
            }
        }
    }
}

/// `outcome`: `handed_over`, or why it was dropped.
fn count(outcome: &'static str) {
    metrics::counter!("sofie_kafka_messages_total", "outcome" => outcome).increment(1);
}

impl std::fmt::Debug for Conveyor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Conveyor")
            .field("queues", &self.queues)
            .finish_non_exhaustive()
    }
}
