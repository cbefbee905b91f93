//! Where Kafka is and how it is spoken to.

use std::path::PathBuf;

use rdkafka::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};

/// Where Kafka is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first brokers to ask, as `host:port` with commas between.
    pub brokers: String,
    /// What the names of topics and of the group of consumers begin with.
    pub topic_prefix: String,
    /// How connections are protected.
    pub security: Security,
    /// Whom to trust, as a file of certificates; without one those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Who we are, if the brokers want to know.
    pub login: Option<Login>,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    Plaintext,
    /// By TLS.
    Tls,
}

/// A user of the brokers.
#[derive(Debug, Clone)]
pub struct Login {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// How a password is proved to a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// By saying it.
    Plain,
    /// By a challenge, with SHA-256.
    ScramSha256,
    /// By a challenge, with SHA-512.
    ScramSha512,
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Options {
    /// The topic of a queue.
    pub(super) fn topic(&self, queue: &str) -> String {
        // Kafka's metrics can't tell a dot from an underscore, so topics have neither of ours.
        format!("{}-{}", self.topic_prefix, queue.replace('_', "-"))
    }

    /// The group of all workers of an installation. A member is given partitions only of the topics that it asks for.
    pub(super) fn group(&self) -> String {
        format!("{}-workers", self.topic_prefix)
    }

    /// What every client of ours has in common.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        let protocol = match (self.security, &self.login) {
            (Security::Plaintext, None) => "plaintext",
            (Security::Plaintext, Some(_)) => "sasl_plaintext",
            (Security::Tls, None) => "ssl",
            (Security::Tls, Some(_)) => "sasl_ssl",
        };
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "sofie")
            .set("security.protocol", protocol)
            .set("socket.keepalive.enable", "true")
            .set("socket.connection.setup.timeout.ms", "5000")
            .set("reconnect.backoff.max.ms", "2000")
            .set("allow.auto.create.topics", "false");
        if let Some(login) = &self.login {
            config
                .set("sasl.mechanism", login.mechanism.name())
                .set("sasl.username", &login.user)
                .set("sasl.password", login.password.expose_secret());
        }
        if self.security == Security::Tls {
            let file = self.ca_file.as_ref();
            let ca = file.map_or_else(|| "probe".into(), |file| file.to_string_lossy());
            config.set("ssl.ca.location", ca);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            brokers: "a:9092,b:9092".to_owned(),
            topic_prefix: "files".to_owned(),
            security: Security::Tls,
            ca_file: None,
            login: Some(Login {
                mechanism: Mechanism::ScramSha512,
                user: "sofie".to_owned(),
                password: "hunter2".into(),
            }),
        }
    }

    #[test]
    fn names_begin_with_the_prefix() {
        assert_eq!(options().topic("checks_large"), "files-checks-large");
        assert_eq!(options().group(), "files-workers");
    }

    #[test]
    fn the_protocol_follows_from_what_is_protected() {
        let mut options = options();
        let protocol =
            |options: &Options| options.client().get("security.protocol").map(str::to_owned);
        assert_eq!(protocol(&options).as_deref(), Some("sasl_ssl"));
        options.login = None;
        assert_eq!(protocol(&options).as_deref(), Some("ssl"));
        options.security = Security::Plaintext;
        assert_eq!(protocol(&options).as_deref(), Some("plaintext"));
        assert_eq!(options.client().get("ssl.ca.location"), None);
        assert!(!format!("{options:?}").contains("hunter2"));
    }

    #[test]
    fn the_client_knows_every_word_of_ours() {
        options().client().create_native_config().unwrap();
    }
}
