//! `sofie kafka setup`: makes the topics.

use std::process::ExitCode;

use anyhow::{Context, Result};
use sofie_app::jobs::queues;
use sofie_queue::kafka;

use crate::ground::Site;

pub async fn set_up(site: Site) -> Result<ExitCode> {
    let options = site.config.kafka.options()?;
    let options = options.context("kafka.brokers is empty: there is nothing to set up")?;
    let (topics, replicas) = kafka::set_up(&options, queues::ALL).await?;
    for topic in topics {
        let what = if topic.made {
            format!("made, on {replicas} brokers")
        } else {
            "is there already".to_owned()
        };
        println!("{:<24} {what}", topic.name);
    }
    Ok(ExitCode::SUCCESS)
}
