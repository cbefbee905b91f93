//! How the connection to Kafka stands, and what follows from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;

use crate::waker::Waker;

/// A cheap handle to how the connection to Kafka stands.
#[derive(Debug, Clone, Default)]
pub struct Link {
    waker: Waker,
    state: Arc<Mutex<State>>,
}

/// How the connection to Kafka stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Whether the brokers answer, and have our topics.
    pub reachable: bool,
    /// Whether this process has its share of messages, if it works on queues.
    pub joined: bool,
    /// What the client said last about its connections.
    pub last_error: Option<String>,
}

impl Link {
    /// Returns a link that is not up yet; `waker` is told when it may be trusted.
    pub fn new(waker: &Waker) -> Self {
        Self {
            waker: waker.clone(),
            state: Arc::default(),
        }
    }

    /// Returns how the connection stands.
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    /// The brokers answered.
    pub(super) fn up(&self) {
        let mut state = self.lock();
        if !state.reachable {
            tracing::info!("Kafka answers: it tells of new jobs");
        }
        state.reachable = true;
        state.last_error = None;
        self.conclude(&state);
    }

    /// The brokers did not answer, or not as hoped.
    pub(super) fn down(&self, error: &str) {
        let mut state = self.lock();
        // The client knows better why than the question that was not answered.
        let said = state.last_error.take().unwrap_or_else(|| error.to_owned());
        if state.reachable {
            tracing::warn!(
                error = said,
                "Kafka does not answer: jobs go on by the database"
            );
        }
        state.reachable = false;
        state.last_error = Some(said);
        self.conclude(&state);
    }

    pub(super) fn joined(&self, joined: bool) {
        let mut state = self.lock();
        state.joined = joined;
        self.conclude(&state);
    }

    fn said(&self, error: &str) {
        self.lock().last_error = Some(error.to_owned());
    }

    fn conclude(&self, state: &State) {
        self.waker.trust(state.reachable && state.joined);
        metrics::gauge!("sofie_kafka_reachable").set(if state.reachable { 1.0 } else { 0.0 });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Link {
    /// The client tries again for ever, and says so each time; what matters is said by us, once.
    fn log(&self, _level: RDKafkaLogLevel, fac: &str, message: &str) {
        tracing::debug!(kafka.facility = fac, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "the Kafka client reports");
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.down(reason);
        } else {
            self.said(reason);
        }
    }

    /// What the client counts by itself, as often as it was asked to: only the reader of messages was.
    fn stats(&self, statistics: Statistics) {
        for (topic, lag) in lags(&statistics) {
            #[expect(clippy::cast_precision_loss, reason = "a metric is a float")]
            let lag = lag as f64;
            metrics::gauge!("sofie_kafka_lag", "topic" => topic).set(lag);
        }
    }
}

/// How many messages of our share wait to be read, topic by topic. Partitions that others read have no lag here.
fn lags(statistics: &Statistics) -> BTreeMap<String, i64> {
    let topics = statistics.topics.iter().map(|(name, topic)| {
        let ours = (topic.partitions.values()).filter(|one| one.fetch_state == "active");
        // -1: nothing was read yet, so it is not known.
        let lag = ours.map(|partition| partition.consumer_lag.max(0));
        (name.clone(), lag.sum())
    });
    topics.collect()
}

impl ConsumerContext for Link {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if !matches!(rebalance, Rebalance::Assign(_)) {
            self.joined(false);
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance {
            tracing::debug!(partitions = partitions.count(), "given a share of messages");
            self.joined(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_that_of_our_share() {
        use rdkafka::statistics::{Partition, Topic};
        let partition = |(state, lag): &(&str, i64)| Partition {
            fetch_state: (*state).to_owned(),
            consumer_lag: *lag,
            ..Partition::default()
        };
        let mut statistics = Statistics::default();
        let checks = [("active", 5), ("active", -1), ("active", 7), ("none", 99)];
        for (name, shares) in [
            ("sofie-checks", &checks[..]),
            ("sofie-mail", &[("none", 3)]),
        ] {
            let topic = Topic {
                partitions: (0..).zip(shares.iter().map(partition)).collect(),
                ..Topic::default()
            };
            statistics.topics.insert(name.to_owned(), topic);
        }
        let lags = lags(&statistics);
        assert_eq!(lags["sofie-checks"], 12);
        assert_eq!(lags["sofie-mail"], 0);
    }

    #[test]
    fn the_bell_is_trusted_while_messages_come() {
        let waker = Waker::default();
        let link = Link::new(&waker);
        link.up();
        assert!(!waker.is_trusted(), "no share of messages yet");
        link.joined(true);
        assert!(waker.is_trusted());
        link.said("connection refused");
        link.down("timed out");
        assert!(!waker.is_trusted());
        assert_eq!(
            link.state().last_error.as_deref(),
            Some("connection refused")
        );
        link.up();
        assert!(waker.is_trusted());
        link.joined(false);
        assert!(!waker.is_trusted());
    }
}
