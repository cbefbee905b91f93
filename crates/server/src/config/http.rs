use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_api::Network;

/// How web listens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    trusted_proxies: Vec<Range>,
    pub max_connections: usize,
    header_seconds: u64,
    drain_seconds: u64,
}

impl Http {
    pub fn trusted_proxies(&self) -> Vec<Network> {
        self.trusted_proxies
            .iter()
            .map(|range| range.network)
            .collect()
    }

    /// The same as they are written.
    pub fn trusted_ranges(&self) -> Vec<String> {
        self.trusted_proxies
            .iter()
            .map(|range| range.text.clone())
            .collect()
    }

    pub fn header_limit(&self) -> Duration {
        Duration::from_secs(self.header_seconds)
    }

    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

/// A range of addresses as it is written, such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Range {
    text: String,
    network: Network,
}

impl TryFrom<String> for Range {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(network) => Ok(Self { text, network }),
            Err(error) => Err(format!("{text:?} is {error}")),
        }
    }
}

impl From<Range> for String {
    fn from(range: Range) -> Self {
        range.text
    }
}
