use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sofie_queue::kafka::{self, Login, Options};

use super::secret::Secret;

/// Names of topics may be so long, and the rest of ours needs some of it.
const LONGEST_PREFIX: usize = 100;

/// The broker that tells processes of each other's jobs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    pub brokers: String,
    pub topic_prefix: String,
    pub security: Security,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    pub mechanism: Mechanism,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// How connections to the brokers are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    Plaintext,
    Tls,
    SaslPlaintext,
    SaslTls,
}

/// How the password is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Mechanism {
    #[serde(rename = "plain")]
    Plain,
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

impl Kafka {
    /// How Kafka is reached; `None` when the database does it alone.
    pub fn options(&self) -> Result<Option<Options>> {
        if self.brokers.trim().is_empty() {
            return Ok(None);
        }
        ensure!(
            self.brokers.split(',').all(has_port),
            "kafka.brokers: each is host:port, with commas between"
        );
        ensure!(
            (1..=LONGEST_PREFIX).contains(&self.topic_prefix.len())
                && (self.topic_prefix.bytes())
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
            "kafka.topic_prefix: 1 to {LONGEST_PREFIX} letters, digits, dots, hyphens or underscores"
        );
        let (security, login) = match self.security {
            Security::Plaintext => (kafka::Security::Plaintext, None),
            Security::Tls => (kafka::Security::Tls, None),
            Security::SaslPlaintext => (kafka::Security::Plaintext, Some(self.login()?)),
            Security::SaslTls => (kafka::Security::Tls, Some(self.login()?)),
        };
        Ok(Some(Options {
            brokers: self.brokers.replace(' ', ""),
            topic_prefix: self.topic_prefix.clone(),
            security,
            ca_file: self.ca_file.clone(),
            login,
        }))
    }

    fn login(&self) -> Result<Login> {
        let user = self.user.clone();
        let file = self.password_file.as_deref().map(Path::new);
        let password = Secret::of(self.password.as_ref(), file)?;
        Ok(Login {
            mechanism: match self.mechanism {
                Mechanism::Plain => kafka::Mechanism::Plain,
                Mechanism::ScramSha256 => kafka::Mechanism::ScramSha256,
                Mechanism::ScramSha512 => kafka::Mechanism::ScramSha512,
            },
            user: user.context("kafka.user is needed for kafka.security = \"sasl_…\"")?,
            password: password.context(
                "kafka.password or kafka.password_file is needed for kafka.security = \"sasl_…\"",
            )?,
        })
    }
}

fn has_port(broker: &str) -> bool {
    let broker = broker.trim().rsplit_once(':');
    broker.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
