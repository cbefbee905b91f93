//! Kafka, if it is configured: what of this process works with it, and what the doctor sees of it.

use std::sync::Arc;

use anyhow::{Context, Result};
use sofie_app::App;
use sofie_app::jobs::{DatabaseJobs, Workers, queues};
use sofie_queue::kafka::{self, Kafka, Options, Seal};
use sofie_store::ColumnCipher;

use crate::config::Config;
use crate::doctor::Finding;

/// What the key of the messages is derived for.
const PURPOSE: &str = "messages that tell of jobs";

/// Puts together what of this process works with Kafka, if it is configured; `workers` are its runner's, if it has one.
pub fn assemble(app: &App, config: &Config, workers: Option<&Workers>) -> Result<Option<Kafka>> {
    let parts = app.parts();
    let (Some(options), Some(link)) = (config.kafka.options()?, &parts.kafka) else {
        return Ok(None);
    };
    let worked = workers.map(Workers::queues).unwrap_or_default();
    let store = Arc::new(DatabaseJobs::new(app.clone()));
    let seal = seal(parts.keys.columns());
    let kafka = Kafka::new(
        &options,
        &seal,
        queues::ALL,
        &worked,
        store,
        &parts.waker,
        link,
    );
    kafka.map(Some).context("cannot work with Kafka")
}

/// Only processes with the key of this installation can tell each other of jobs.
fn seal(columns: Arc<dyn ColumnCipher>) -> Seal {
    Seal::new(move |bytes| columns.keyed_hash(PURPOSE, bytes))
}

/// On how many brokers a message should lie, if there are as many.
const COPIES: usize = 3;

/// Asks the brokers; jobs go on without them, so nothing of it is a failure.
pub async fn examine(options: Result<Option<Options>>) -> Option<Finding> {
    let what = "Kafka";
    let options = match options {
        Ok(options) => options?,
        Err(error) => {
            let advice = "correct the section kafka of the configuration";
            return Some(Finding::fail(what, format!("{error:#}"), advice));
        }
    };
    Some(match kafka::probe(&options, queues::ALL).await {
        Ok(found) if !found.missing.is_empty() => Finding::warn(
            what,
            format!("no topics {}", found.missing.join(", ")),
            "run `sofie kafka setup`",
        ),
        Ok(found) if found.copies < found.brokers.min(COPIES) => Finding::warn(
            what,
            format!(
                "{} brokers answer, but some messages lie on {} of them only",
                found.brokers, found.copies
            ),
            "raise the replication of the topics (kafka-reassign-partitions), or make them anew: `sofie kafka setup`",
        ),
        Ok(found) => Finding::ok(what, format!("{} brokers answer", found.brokers)),
        Err(error) => Finding::warn(
            what,
            format!(
                "jobs go on by the database, less promptly: {:#}",
                anyhow::Error::from(error)
            ),
            "start the brokers; see to kafka.brokers, its login and certificates, and the firewall",
        ),
    })
}
