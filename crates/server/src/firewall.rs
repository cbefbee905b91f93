//! What a firewall must let through, from the configuration and the settings.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

/// What is known of an installation; of its settings nothing while its database can't be asked.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Where web listens, and who may speak for others.
    pub listen: Option<Endpoint>,
    pub proxies: Vec<String>,
    pub metrics: Option<Endpoint>,
    /// A PostgreSQL server; nothing for our own.
    pub database: Option<Endpoint>,
    pub brokers: Vec<Endpoint>,
    pub store: Option<Endpoint>,
    /// What may have sealed keys.
    pub seals: Vec<Endpoint>,
    pub settings: Option<Learned>,
}

/// What the database says.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    pub base_url: String,
    pub smtp: Option<Endpoint>,
    pub refresh_url: String,
    /// The names of engines and their addresses.
    pub engines: Vec<(String, Vec<String>)>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    /// Reads `host:port` or an address with a scheme; nothing for a socket in the file system.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let authority = rest.split(['/', '?']).next()?;
        let authority = authority.rsplit('@').next()?;
        let usual = match scheme {
            "https" => Some(443),
            "http" => Some(80),
            "icap" => Some(1344),
            "icaps" => Some(11344),
            _ => None,
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual?),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn is_here(&self) -> bool {
        self.ip()
            .map_or(self.host == "localhost", |ip| ip.is_loopback())
    }
}

/// Which way a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// To this installation.
    In,
    /// From this installation.
    Out,
    /// Within the machine: no rule is needed.
    Local,
}

/// A connection that must be possible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rule {
    pub way: Way,
    pub from: String,
    pub to: String,
    pub port: u16,
    pub protocol: &'static str,
    pub purpose: String,
    /// What it comes from: a key of the configuration or of the settings.
    pub source: &'static str,
}

/// Makes the table, without repetitions, what comes in first.
pub fn table(known: &Known) -> Vec<Rule> {
    let mut rules = BTreeSet::new();
    rules.extend(incoming(known));
    rules.extend(configured(known));
    if let Some(learned) = &known.settings {
        rules.extend(from_settings(learned));
    }
    let named = |rule: &Rule| rule.way == Way::Out && rule.to.parse::<IpAddr>().is_err();
    if rules.iter().any(named) {
        rules.extend(["udp", "tcp"].map(|protocol| Rule {
            way: Way::Out,
            from: "every process".to_owned(),
            to: "your name servers".to_owned(),
            port: 53,
            protocol,
            purpose: "names of hosts (DNS)".to_owned(),
            source: "resolv.conf",
        }));
    }
    rules.into_iter().collect()
}

fn incoming(known: &Known) -> Vec<Rule> {
    let base_url = known
        .settings
        .as_ref()
        .map(|learned| learned.base_url.as_str());
    let public = base_url.and_then(Endpoint::parse);
    let port = public.map_or(443, |public| public.port);
    let at_nginx = |port, purpose: &str, source| Rule {
        way: Way::In,
        from: "everybody".to_owned(),
        to: "nginx".to_owned(),
        port,
        protocol: "tcp",
        purpose: purpose.to_owned(),
        source,
    };
    let mut rules = vec![
        at_nginx(port, "pages and API (HTTPS)", "instance.base_url"),
        at_nginx(
            80,
            "certificates by ACME, and the way to HTTPS",
            "nginx/sofie.conf",
        ),
    ];
    let proxies = known.proxies.join(", ");
    for (endpoint, from, purpose, source) in [
        (
            &known.listen,
            format!("nginx ({proxies})"),
            "the HTTP side",
            "http.listen",
        ),
        (
            &known.metrics,
            "Prometheus".to_owned(),
            "metrics",
            "metrics.listen",
        ),
    ] {
        let Some(endpoint) = endpoint else { continue };
        rules.push(Rule {
            way: if endpoint.is_here() {
                Way::Local
            } else {
                Way::In
            },
            from,
            to: endpoint.host.clone(),
            port: endpoint.port,
            protocol: "tcp",
            purpose: purpose.to_owned(),
            source,
        });
    }
    rules
}

fn out(to: &Endpoint, from: &str, purpose: impl Into<String>, source: &'static str) -> Rule {
    Rule {
        way: if to.is_here() { Way::Local } else { Way::Out },
        from: from.to_owned(),
        to: to.host.clone(),
        port: to.port,
        protocol: "tcp",
        purpose: purpose.into(),
        source,
    }
}

fn configured(known: &Known) -> Vec<Rule> {
    let all = "web, worker, scheduler";
    let database = known
        .database
        .iter()
        .map(|to| out(to, all, "PostgreSQL", "database.url"));
    let brokers = known
        .brokers
        .iter()
        .map(|to| out(to, all, "Kafka", "kafka.brokers"));
    let store = known.store.iter();
    let store = store.map(|to| {
        out(
            to,
            "web, worker",
            "encrypted files (S3)",
            "storage.endpoint",
        )
    });
    let seals = known.seals.iter();
    let seals = seals.map(|to| out(to, "web, worker", "sealed keys", "keys"));
    database.chain(brokers).chain(store).chain(seals).collect()
}

fn from_settings(learned: &Learned) -> Vec<Rule> {
    let mut rules = Vec::new();
    if let Some(smtp) = &learned.smtp {
        rules.push(out(smtp, "web, worker", "mail (SMTP)", "mail.smtp_host"));
    }
    if let Some(server) = Endpoint::parse(&learned.refresh_url) {
        rules.push(out(&server, "worker", "licence", "licence.refresh_url"));
    }
    for (name, addresses) in &learned.engines {
        for endpoint in addresses.iter().filter_map(|text| Endpoint::parse(text)) {
            let purpose = format!("engine {name}");
            rules.push(out(&endpoint, "web, worker", purpose, "engines"));
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Endpoint {
        Endpoint::parse(text).unwrap()
    }

    fn lines(known: &Known) -> Vec<String> {
        let line = |rule: &Rule| {
            format!(
                "{:?} {} -> {}:{}/{} {}",
                rule.way, rule.from, rule.to, rule.port, rule.protocol, rule.purpose
            )
        };
        table(known).iter().map(line).collect()
    }

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for (text, expected) in [
            ("db.example.org:5432", Some(("db.example.org", 5432))),
            ("https://s3.example.org", Some(("s3.example.org", 443))),
            (
                "https://u:p@s3.example.org:9000/x",
                Some(("s3.example.org", 9000)),
            ),
            (
                "icap://scan.example.org/avscan",
                Some(("scan.example.org", 1344)),
            ),
            (
                "icaps://scan.example.org",
                Some(("scan.example.org", 11344)),
            ),
            ("[2001:db8::1]:3310", Some(("2001:db8::1", 3310))),
            ("http://[::1]", Some(("::1", 80))),
            ("unix:/run/clamav/clamd.ctl", None),
            ("", None),
            ("nonsense", None),
        ] {
            let expected = expected.map(|(host, port)| Endpoint {
                host: host.to_owned(),
                port,
            });
            assert_eq!(Endpoint::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fresh_installation_needs_two_ports() {
        let known = Known {
            listen: Some(at("127.0.0.1:9090")),
            proxies: vec!["127.0.0.0/8".to_owned()],
            settings: Some(Learned {
                engines: vec![(
                    "ClamAV".to_owned(),
                    vec!["unix:/run/clamav/clamd.ctl".to_owned()],
                )],
                ..Learned::default()
            }),
            ..Known::default()
        };
        assert_eq!(
            lines(&known),
            [
                "In everybody -> nginx:80/tcp certificates by ACME, and the way to HTTPS",
                "In everybody -> nginx:443/tcp pages and API (HTTPS)",
                "Local nginx (127.0.0.0/8) -> 127.0.0.1:9090/tcp the HTTP side",
            ]
        );
    }

    #[test]
    fn a_cluster_needs_all_that_it_is_told_of() {
        let known = Known {
            listen: Some(at("0.0.0.0:9090")),
            proxies: vec!["10.0.0.0/8".to_owned()],
            metrics: Some(at("0.0.0.0:9091")),
            database: Some(at("db.example.org:5432")),
            brokers: vec![at("kafka1:9092"), at("kafka2:9092")],
            store: Some(at("https://s3.example.org")),
            seals: vec![at("https://vault.example.org:8200")],
            settings: Some(Learned {
                base_url: "https://files.example.org:8443".to_owned(),
                smtp: Some(at("mail.example.org:587")),
                refresh_url: "https://licences.example.org/refresh".to_owned(),
                engines: vec![
                    (
                        "ClamAV".to_owned(),
                        vec!["10.1.0.1:3310".to_owned(), "127.0.0.1:3310".to_owned()],
                    ),
                    (
                        "Sandbox".to_owned(),
                        vec!["https://sandbox.example.org".to_owned()],
                    ),
                ],
            }),
        };
        assert_eq!(
            lines(&known),
            [
                "In Prometheus -> 0.0.0.0:9091/tcp metrics",
                "In everybody -> nginx:80/tcp certificates by ACME, and the way to HTTPS",
                "In everybody -> nginx:8443/tcp pages and API (HTTPS)",
                "In nginx (10.0.0.0/8) -> 0.0.0.0:9090/tcp the HTTP side",
                "Out every process -> your name servers:53/tcp names of hosts (DNS)",
                "Out every process -> your name servers:53/udp names of hosts (DNS)",
                "Out web, worker -> 10.1.0.1:3310/tcp engine ClamAV",
                "Out web, worker -> mail.example.org:587/tcp mail (SMTP)",
                "Out web, worker -> s3.example.org:443/tcp encrypted files (S3)",
                "Out web, worker -> sandbox.example.org:443/tcp engine Sandbox",
                "Out web, worker -> vault.example.org:8200/tcp sealed keys",
                "Out web, worker, scheduler -> db.example.org:5432/tcp PostgreSQL",
                "Out web, worker, scheduler -> kafka1:9092/tcp Kafka",
                "Out web, worker, scheduler -> kafka2:9092/tcp Kafka",
                "Out worker -> licences.example.org:443/tcp licence",
                "Local web, worker -> 127.0.0.1:3310/tcp engine ClamAV",
            ]
        );
    }

    #[test]
    fn without_the_database_the_table_is_that_of_the_configuration() {
        let known = Known {
            database: Some(at("192.0.2.1:5432")),
            ..Known::default()
        };
        let lines = lines(&known);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(
            lines[2],
            "Out web, worker, scheduler -> 192.0.2.1:5432/tcp PostgreSQL"
        );
    }
}
