//! Topics: made once, and looked for.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer as _};

use super::Error;
use super::link::Link;
use super::options::Options;
use crate::waker::Waker;

/// How many workers can share a queue by messages; more of them find work by looking.
const PARTITIONS: i32 = 12;
/// On how many brokers a message lies, if there are as many.
const REPLICAS: usize = 3;
/// For how long messages are kept: what is older has long been found by looking.
const RETENTION: Duration = Duration::from_hours(1);
/// How long brokers may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found at the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How many brokers there are.
    pub brokers: usize,
    /// Which of our topics are missing.
    pub missing: Vec<String>,
    /// On how many brokers each message lies, at least.
    pub copies: usize,
}

/// A topic after the set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Whether it was made just now.
    pub made: bool,
}

/// Asks the brokers who they are and whether they have the topics of `queues`.
pub async fn probe(options: &Options, queues: &[&str]) -> Result<Probe, Error> {
    let topics: Vec<String> = queues.iter().map(|queue| options.topic(queue)).collect();
    let link = Link::new(&Waker::default());
    let asker = asker(options, &link)?;
    let answer = blocking(&link, move || {
        let brokers = brokers(asker.client())?;
        let missing = missing(asker.client(), &topics, PATIENCE)?;
        let copies = copies(asker.client(), &topics)?;
        Ok(Probe {
            brokers,
            missing,
            copies,
        })
    });
    answer.await
}

/// Makes the topics of `queues` that are missing, and returns them with the number of brokers that hold each.
pub async fn set_up(options: &Options, queues: &[&str]) -> Result<(Vec<Topic>, usize), Error> {
    let link = Link::new(&Waker::default());
    let asker = asker(options, &link)?;
    let brokers = blocking(&link, move || brokers(asker.client())).await?;
    let replicas = brokers.clamp(1, REPLICAS);
    let names: Vec<String> = queues.iter().map(|queue| options.topic(queue)).collect();
    let retention = RETENTION.as_millis().to_string();
    // One broker may be away; with fewer copies that is more than there are.
    let in_sync = if replicas == REPLICAS { "2" } else { "1" };
    let topics: Vec<NewTopic<'_>> = names
        .iter()
        .map(|name| {
            let copies = TopicReplication::Fixed(i32::try_from(replicas).unwrap_or(1));
            NewTopic::new(name, PARTITIONS, copies)
                .set("retention.ms", &retention)
                .set("min.insync.replicas", in_sync)
        })
        .collect();
    let admin: AdminClient<Link> = options
        .client()
        .create_with_context(link.clone())
        .map_err(Error::Options)?;
    let waits = AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE));
    let answers = admin.create_topics(&topics, &waits).await;
    let answers = answers.map_err(|error| ask(&link, error))?;
    let made = answers.into_iter().map(|answer| match answer {
        Ok(name) => Ok(Topic { name, made: true }),
        Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => Ok(Topic { name, made: false }),
        Err((topic, code)) => Err(Error::Topic { topic, code }),
    });
    Ok((made.collect::<Result<_, _>>()?, replicas))
}

/// Returns which topics the brokers don't have.
pub(super) fn missing<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    patience: Duration,
) -> Result<Vec<String>, KafkaError> {
    let mut missing = Vec::new();
    for name in topics {
        // One by one: without a name every topic of a shared cluster would be told.
        let answer = client.fetch_metadata(Some(name), patience)?;
        let there = (answer.topics().iter()).any(|topic| {
            topic.name() == name && topic.error().is_none() && !topic.partitions().is_empty()
        });
        if !there {
            missing.push(name.clone());
        }
    }
    Ok(missing)
}

/// On how many brokers each message of these topics lies, at least.
fn copies<C: ClientContext>(client: &Client<C>, topics: &[String]) -> Result<usize, KafkaError> {
    let mut copies = usize::MAX;
    for name in topics {
        let answer = client.fetch_metadata(Some(name), PATIENCE)?;
        let partitions = answer
            .topics()
            .iter()
            .flat_map(rdkafka::metadata::MetadataTopic::partitions);
        let fewest = partitions.map(|partition| partition.replicas().len()).min();
        copies = copies.min(fewest.unwrap_or_default());
    }
    Ok(copies)
}

fn brokers<C: ClientContext>(client: &Client<C>) -> Result<usize, KafkaError> {
    // The name is of no matter: the brokers are told with every answer.
    let answer = client.fetch_metadata(Some("sofie"), PATIENCE)?;
    Ok(answer.brokers().len())
}

/// A producer, of all clients, hears why a connection fails while it waits for an answer.
fn asker(options: &Options, link: &Link) -> Result<FutureProducer<Link>, Error> {
    let config = options.client();
    config
        .create_with_context(link.clone())
        .map_err(Error::Options)
}

async fn blocking<T: Send + 'static>(
    link: &Link,
    question: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(question).await {
        Ok(answer) => answer.map_err(|error| ask(link, error)),
        Err(_) => Err(ask(link, KafkaError::Canceled)),
    }
}

fn ask(link: &Link, source: KafkaError) -> Error {
    let said = link.state().last_error;
    Error::Ask {
        hint: said.unwrap_or_else(|| "no answer".to_owned()),
        source,
    }
}
