//! Kafka as the bell between processes, and the conveyor that brings each row to one of them.
//!
//! The database stays the truth: a message says no more than that a row is due. Lost, doubled, late, reordered and
//! forged messages therefore do no harm. The **relay** of every process takes due rows that nobody was told of
//! ([`JobStore::announce`]) and publishes their ids. The **conveyor** of a worker hands each id to its runner by
//! [`Waker::call`], which claims that row if it has a free place. While Kafka can't be relied on, runners look into the
//! database as often as they do without it.

mod admin;
mod conveyor;
mod link;
mod message;
mod options;
mod relay;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use self::admin::{Probe, Topic, probe, set_up};
use self::conveyor::Conveyor;
pub use self::link::{Link, State};
pub use self::message::{Refused, Seal};
pub use self::options::{Login, Mechanism, Options, Security};
use self::relay::Relay;
use crate::store::JobStore;
use crate::waker::Waker;

/// Kafka could not be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client does not accept the options.
    #[error("setting up the Kafka client")]
    Options(#[source] rdkafka::error::KafkaError),
    /// No broker answered, or not as hoped.
    #[error("asking Kafka ({hint})")]
    Ask {
        /// What the client said last about its connections.
        hint: String,
        /// The error of the question.
        source: rdkafka::error::KafkaError,
    },
    /// A topic could not be made.
    #[error("making the topic {topic}: {code}")]
    Topic {
        /// Its name.
        topic: String,
        /// The broker's answer.
        code: rdkafka::types::RDKafkaErrorCode,
    },
}

/// What of a process works with Kafka.
#[derive(Debug)]
pub struct Kafka {
    relay: Relay,
    conveyor: Option<Conveyor>,
}

impl Kafka {
    /// Makes the clients; nothing is sent before [`run`](Self::run). `all` are the queues whose rows are announced,
    /// `worked` those that this process works on.
    pub fn new(
        options: &Options,
        seal: &Seal,
        all: &[&'static str],
        worked: &[&'static str],
        store: Arc<dyn JobStore>,
        waker: &Waker,
        link: &Link,
    ) -> Result<Self, Error> {
        let relay = Relay::new(options, seal, all, store, waker, link)?;
        let conveyor = if worked.is_empty() {
            None
        } else {
            Some(Conveyor::new(options, seal, worked, waker, link)?)
        };
        Ok(Self { relay, conveyor })
    }

    /// Announces and hands over until `stop` fires.
    pub async fn run(self, stop: CancellationToken) {
        let conveyor = async {
            if let Some(conveyor) = self.conveyor {
                conveyor.run(&stop).await;
            }
        };
        tokio::join!(self.relay.run(&stop), conveyor);
    }
}
